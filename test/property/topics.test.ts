/** Topics: what a matcher finds among many filters is what each filter matches by the words of the specification. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { covers, literalPrefixOf, parseTopicFilter } from '../../src/base/topics/topic.ts';
import { TopicMatcher } from '../../src/base/topics/topic-matcher.ts';

const word = fc.constantFrom('a', 'b', '', '$', '$x');
const topic = fc.array(word, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'));
const filter = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('+')), { maxLength: 4 }), fc.boolean())
  .map(([levels, isWide]) =>
    [...levels, ...(isWide || levels.length === 0 ? ['#'] : [])].join('/'),
  );

/** By a regular expression, as the specification says it in 4.7. */
function matches(wanted: string, given: string): boolean {
  if (/^[+#]/.test(wanted) && given.startsWith('$')) return false;
  const pattern = wanted
    .replaceAll('$', String.raw`\$`)
    .replaceAll('+', '[^/]*')
    .replace(/(^|\/)#$/, (_, before: string) => (before === '' ? '.*' : '(/.*)?'));
  return new RegExp(`^${pattern}$`).test(given);
}

test('a filter covers the topics that it matches', () => {
  fc.assert(
    fc.property(filter, topic, (wanted, given) => {
      if (wanted !== '') expect(parseTopicFilter(wanted).filter).toBe(wanted);
      expect(covers(wanted, given)).toBe(matches(wanted, given));
      if (matches(wanted, given)) expect(given.startsWith(literalPrefixOf(wanted))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('a filter that covers another one matches whatever that one matches', () => {
  fc.assert(
    fc.property(filter, filter, topic, (wider, narrower, given) => {
      if (covers(wider, narrower) && matches(narrower, given))
        expect(matches(wider, given)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

type Step = readonly [isAdded: boolean, filter: string, value: number];

test('a matcher finds what its filters match, whatever has come and gone', () => {
  const step: fc.Arbitrary<Step> = fc.tuple(fc.boolean(), filter, fc.nat(3));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(topic), (steps, topics) => {
      const matcher = new TopicMatcher<number>();
      const kept = new Set<string>();
      for (const [isAdded, wanted, value] of steps) {
        const key = `${value} ${wanted}`;
        if (isAdded) expect(matcher.add(wanted, value)).toBe(!kept.has(key));
        else expect(matcher.remove(wanted, value)).toBe(kept.has(key));
        if (isAdded) kept.add(key);
        else kept.delete(key);
      }
      expect(matcher.size).toBe(kept.size);
      for (const given of topics) expect(found(matcher, given)).toEqual(expected(kept, given));
      for (const key of kept) expect(matcher.remove(key.slice(2), Number(key[0]))).toBe(true);
      // Nothing is left of them.
      expect(matcher).toEqual(new TopicMatcher());
    }),
    { numRuns: 500 },
  );
});

function found(matcher: TopicMatcher<number>, given: string): number[] {
  const values: number[] = [];
  matcher.match(given, (value) => values.push(value));
  return values.toSorted();
}

function expected(kept: ReadonlySet<string>, given: string): number[] {
  return [...kept]
    .filter((key) => matches(key.slice(2), given))
    .map((key) => Number(key[0]))
    .toSorted();
}

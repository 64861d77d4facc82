// Goal: of marks that wait, in whatever order they came, the furthest of each source and kind goes on,
// and nothing else is lost but for a bound. Method: any order of marks, taken in any portions, compared
// with the maximum of each.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Mark } from '../../../src/codec/generated/link.ts';
import { markKind } from '../../../src/codec/generated/wire.ts';
import { MarkGather } from '../../../src/codec/mark-gather.ts';

function mark(from: number, sendSeq: number, kind = 0): Mark {
  return { from, epochHex: '0123456789abcdef', sendSeq, seq: 100 * from + sendSeq, kind };
}

const marks = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }), fc.nat({ max: 2 }))
    .map(([from, sendSeq, kind]) => mark(from, sendSeq, kind)),
  { maxLength: 40 },
);

/** How far each source has got, to whoever hears all of these. */
function furthest(all: readonly Mark[]): Map<string, number> {
  const got = new Map<string, number>();
  for (const { from, sendSeq, kind } of all) {
    // Who hears that it was read knows that it was delivered.
    const kinds = kind === markKind.read ? [markKind.read, markKind.delivered] : [kind];
    for (const each of kinds) {
      const key = `${from} ${each}`;
      got.set(key, Math.max(got.get(key) ?? 0, sendSeq));
    }
  }
  return new Map([...got].sort());
}

test('whatever the order, what comes out says the same as what went in, and in few marks', () => {
  fc.assert(
    fc.property(marks, fc.integer({ min: 1, max: 8 }), (all, portion) => {
      const gather = new MarkGather(16);
      for (const each of all) expect(gather.add(each)).toBe(false);
      const out: Mark[] = [];
      while (!gather.isEmpty) {
        const taken = gather.take(portion);
        expect(taken.length).toBeLessThanOrEqual(portion);
        out.push(...taken);
      }
      expect(furthest(out)).toEqual(furthest(all));
      expect(new Set(out.map(({ from, kind }) => `${from} ${kind}`)).size).toBe(out.length);
      for (const each of out) expect(all).toContain(each);
    }),
  );
});

test('of too many sources the one that has not moved for longest is dropped', () => {
  const gather = new MarkGather(2);
  gather.add(mark(1, 1));
  gather.add(mark(2, 1));
  gather.add(mark(1, 2));
  expect(gather.add(mark(3, 1))).toBe(true);
  expect(gather.take(9)).toEqual([mark(1, 2), mark(3, 1)]);
});

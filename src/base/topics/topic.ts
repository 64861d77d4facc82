/**
 * Topics and filters as MQTT has them: levels with a slash between two. In a filter `+` stands for one
 * level, and `#`, as the last one, for any number of them, also for none. What a filter matches among
 * many is found by topic-matcher.ts, who may use it is said by topic-rights.ts.
 */
import { CimError } from '../errors.ts';
import { limits } from '../limits.ts';

/** Below it topics stand for people and groups: it is no part of the free space. */
const ownFirstLevel = 'cim';

export interface TopicFilter {
  /** Without what makes it a shared one. */
  readonly filter: string;
  /** The name of the subscription whose subscribers share what is published; undefined: it is not shared. */
  readonly share: string | undefined;
}

/** What somebody publishes to. Throws `invalid-argument` or `too-long`. */
export function assertTopic(topic: string): void {
  assertLevels('topic', topic);
  if (/[+#]/.test(topic)) throw invalid('topic', 'must not hold + or #');
}

/** What somebody subscribes to, also `$share/NAME/FILTER`. Throws `invalid-argument` or `too-long`. */
export function parseTopicFilter(written: string): TopicFilter {
  if (!isShared(written)) {
    assertFilter(written);
    return { filter: written, share: undefined };
  }
  const nameEnd = written.indexOf('/', sharedPrefix.length);
  if (nameEnd === -1) throw invalid('filter', 'a shared one is $share/NAME/FILTER');
  const share = written.slice(sharedPrefix.length, nameEnd);
  if (share === '' || /[+#]/.test(share))
    throw invalid('filter', 'the NAME of $share/NAME/FILTER must not be empty, or hold + or #');
  assertText('the NAME of $share/NAME/FILTER', share, limits.topicShareBytesMax);
  const filter = written.slice(nameEnd + 1);
  assertFilter(filter);
  return { filter, share };
}

/** Whether they are of the free space: `$` begins what a server says of itself, `cim` people and groups. */
export function isFreeTopic(topicOrFilter: string): boolean {
  return !topicOrFilter.startsWith('$') && !isOfCim(topicOrFilter);
}

/** Whether they stand for people and groups. */
export function isOfCim(topicOrFilter: string): boolean {
  return firstLevelOf(topicOrFilter) === ownFirstLevel;
}

export function firstLevelOf(topicOrFilter: string): string {
  const end = topicOrFilter.indexOf('/');
  return end === -1 ? topicOrFilter : topicOrFilter.slice(0, end);
}

/** What all topics that it matches begin with; of `a/+/b` that is `a/`. */
export function literalPrefixOf(filter: string): string {
  const wildcard = filter.search(/[+#]/);
  if (wildcard === -1) return filter;
  // `a/#` matches `a` as well.
  return filter[wildcard] === '#'
    ? filter.slice(0, Math.max(0, wildcard - 1))
    : filter.slice(0, wildcard);
}

/**
 * Whether a filter matches every topic that another one matches, or the topic, as that is a filter which
 * matches itself alone. Both are valid.
 */
export function covers(wider: string, narrower: string): boolean {
  if (narrower.startsWith('$') && /^[+#]/.test(wider)) return false;
  const given = narrower.split('/');
  const wanted = wider.split('/');
  for (const [place, level] of wanted.entries()) {
    if (level === '#') return true;
    const other = given[place];
    if (other === undefined || other === '#') return false;
    if (level !== '+' && level !== other) return false;
  }
  return given.length === wanted.length;
}

const sharedPrefix = '$share/';

function isShared(written: string): boolean {
  return written.startsWith(sharedPrefix) || written === '$share';
}

function assertFilter(filter: string): void {
  assertLevels('filter', filter);
  if (/[^/]\+|\+[^/]/.test(filter)) throw invalid('filter', '+ must be a level by itself');
  if (/[^/]#|#./s.test(filter)) throw invalid('filter', '# must be the last level, by itself');
}

function assertLevels(field: string, text: string): void {
  if (text === '') throw invalid(field, 'must not be empty');
  assertText(field, text, limits.topicBytesMax);
  let levels = 1;
  for (let at = text.indexOf('/'); at !== -1; at = text.indexOf('/', at + 1)) levels += 1;
  if (levels > limits.topicLevelsMax)
    throw new CimError(
      'too-long',
      `${field}: may have ${limits.topicLevelsMax} levels, this one has ${levels}`,
    );
}

function assertText(field: string, text: string, bytesMax: number): void {
  // Characters first: what comes here may be as long as a frame.
  const bytes = text.length > bytesMax ? text.length : encoder.encode(text).length;
  if (bytes > bytesMax)
    throw new CimError('too-long', `${field}: may have ${bytesMax} bytes in UTF-8`);
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw invalid(field, 'must not hold control characters');
}

const encoder = new TextEncoder();

function invalid(field: string, problem: string): CimError {
  return new CimError('invalid-argument', `${field}: ${problem}`);
}

/**
 * How far somebody has paged back through their history: for each timeline that is not read to its
 * beginning, the number before which to go on. Exact also where messages share a millisecond or
 * routes disagree about the time. It crosses HTTP as opaque text; what comes back may be anything.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isGroupName } from '../../base/text/names.ts';
import { decodeUtf8 } from '../../base/text/utf8.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../../store/timelines.ts';

export interface HistoryPosition {
  /** A timeline that is not here was read to its beginning, or is newer than the first page. */
  readonly before: ReadonlyMap<TimelineId, number>;
  /** A timeline that was read to its beginning had lost older messages. */
  readonly expired: boolean;
}

/** Whose history, whether something has expired, and the groups' positions; '' is the user's own. */
type Content = [userId: number, expired: boolean, positions: [group: string, before: number][]];

export function formatPosition(userId: number, { before, expired }: HistoryPosition): string {
  const positions = [...before].map(([timeline, seq]): [string, number] => [
    timeline.startsWith('g:') ? timeline.slice(2) : '',
    seq,
  ]);
  const content: Content = [userId, expired, positions];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** Throws `invalid-argument` for what `formatPosition` has not made for this user. */
export function parsePosition(userId: number, text: string): HistoryPosition {
  const content = parseContent(text);
  if (!isContent(content) || content[0] !== userId) {
    throw new CimError('invalid-argument', "before: is not a `next` of this user's history");
  }
  const [, expired, positions] = content;
  const before = positions.map(([group, seq]): [TimelineId, number] => [
    group === '' ? userTimeline(userId) : groupTimeline(group),
    seq,
  ]);
  return { before: new Map(before), expired };
}

function parseContent(text: string): unknown {
  try {
    return JSON.parse(decodeUtf8(Buffer.from(text, 'base64url')) ?? '');
  } catch {
    // Not ours: the caller says so.
    return undefined;
  }
}

function isContent(content: unknown): content is Content {
  if (!Array.isArray(content) || content.length !== 3) return false;
  const [userId, expired, positions] = content as unknown[];
  return (
    Number.isSafeInteger(userId) &&
    typeof expired === 'boolean' &&
    Array.isArray(positions) &&
    // The user's own timeline, the lobby and the named groups.
    positions.length <= 2 + limits.groupsPerUserMax &&
    positions.every(isPosition)
  );
}

function isPosition(position: unknown): boolean {
  if (!Array.isArray(position) || position.length !== 2) return false;
  const [group, before] = position as unknown[];
  return (
    typeof group === 'string' &&
    (group === '' || isGroupName(group)) &&
    Number.isSafeInteger(before) &&
    (before as number) >= 1
  );
}

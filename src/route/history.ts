/**
 * A person's own history: what their timeline and the lobby still keep, newest messages first until
 * enough match.
 */
import { limits } from '../base/limits.ts';
import { lobby } from '../codec/commands.ts';
import { identityOfFields } from '../codec/identity.ts';
import { decodeText, scanMessage } from '../codec/message-scan.ts';
import {
  groupTimeline,
  type TimelineId,
  type Timelines,
  userTimeline,
} from '../store/timelines.ts';
import type { HistoryMessage, HistoryQuery } from './operations.ts';

/** Newest `limit` matches, oldest first. */
export async function readHistory(
  timelines: Timelines,
  query: HistoryQuery,
): Promise<HistoryMessage[]> {
  const found = await Promise.all(
    timelinesOf(query).map((timeline) => search(timelines, timeline, query)),
  );
  return found
    .flat()
    .sort((a, b) => a.at - b.at || a.seq - b.seq)
    .slice(-query.limit);
}

function timelinesOf({ userId, peer, group }: HistoryQuery): TimelineId[] {
  if (group !== undefined) return [groupTimeline(group)];
  return peer === undefined ? [userTimeline(userId), groupTimeline(lobby)] : [userTimeline(userId)];
}

async function search(
  timelines: Timelines,
  timeline: TimelineId,
  query: HistoryQuery,
): Promise<HistoryMessage[]> {
  const matches = matcherOf(query);
  const found: HistoryMessage[] = [];
  let before = 0;
  // Bounded by what a timeline keeps: a timeline is a page of a person's life, not an archive.
  for (let read = 0; read < limits.timelineMessagesMax; read += limits.pageMessagesMax) {
    const page = await timelines.readBack(timeline, before, limits.pageMessagesMax);
    for (const { seq, body } of page) {
      const message = historyMessage(seq, body);
      if (matches(message)) found.push(message);
      if (found.length === query.limit) return found;
    }
    const oldest = page.at(-1);
    if (!oldest || oldest.seq <= 1) break;
    before = oldest.seq;
  }
  return found;
}

function matcherOf({
  userId,
  peer,
  keyword,
  before,
}: HistoryQuery): (message: HistoryMessage) => boolean {
  const needle = keyword?.toLowerCase();
  return ({ from, to, text, at }) =>
    (before === undefined || at < before) &&
    (peer === undefined || (from === peer && to === userId) || (from === userId && to === peer)) &&
    (needle === undefined || text.toLowerCase().includes(needle));
}

function historyMessage(seq: number, body: Uint8Array): HistoryMessage {
  const fields = scanMessage(body);
  const { from, fromName, to, group, at, textStart, textEnd } = fields;
  return {
    id: identityOfFields(fields),
    from,
    fromName,
    ...(group === '' ? { to } : { group }),
    text: decodeText(body, textStart, textEnd),
    seq,
    at,
  };
}

/**
 * A person's own history: what the timelines that they may read still keep. The timelines are read
 * backwards and merged, newest message first, until enough match; each keeps its own order,
 * whatever the clocks of routes say.
 */
import { limits } from '../base/limits.ts';
import { identityOfFields } from '../codec/identity.ts';
import { decodeText, scanMessage } from '../codec/message-scan.ts';
import type { Page, TimelineId, Timelines } from '../store/timelines.ts';
import { formatPosition, type HistoryPosition, parsePosition } from './history-position.ts';
import type { HistoryMessage, HistoryPage, HistoryQuery } from './operations.ts';

/**
 * Messages held of all timelines together while they are merged, and of one at least: so that a
 * user of many groups costs no more memory than one of none.
 */
const heldMax = 2 * limits.pageMessagesMax;
const heldPerTimelineMin = 10;

/** `sources`: the timelines that the query is about, all of which the user may read. */
export async function readHistory(
  timelines: Timelines,
  sources: readonly TimelineId[],
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { userId, before, limit } = query;
  const position = before === undefined ? undefined : parsePosition(userId, before);
  const chunk = chunkOf(query, sources.length);
  const readers = sources.flatMap((timeline) => {
    const start = position ? position.before.get(timeline) : 0;
    return start === undefined ? [] : [new BackwardReader(timelines, timeline, start, chunk)];
  });
  const messages = await merge(readers, query, limit);
  const rest = positionOf(readers, position?.expired ?? false);
  return {
    messages: messages.reverse(),
    next: rest.before.size === 0 ? null : formatPosition(userId, rest),
    expired: rest.before.size === 0 && rest.expired,
  };
}

/** How much is read of one timeline at a time. */
function chunkOf({ peer, keyword, limit }: HistoryQuery, timelines: number): number {
  const share = Math.max(heldPerTimelineMin, Math.floor(heldMax / timelines));
  const everythingMatches = peer === undefined && keyword === undefined;
  return Math.min(share, limits.pageMessagesMax, everythingMatches ? limit : share);
}

/** Matches, newest first. */
async function merge(
  readers: readonly BackwardReader[],
  query: HistoryQuery,
  limit: number,
): Promise<HistoryMessage[]> {
  const matches = matcherOf(query);
  const found: HistoryMessage[] = [];
  await Promise.all(readers.map((reader) => reader.fill()));
  for (let scanned = 0; scanned < limits.historyScanMax && found.length < limit; scanned++) {
    const newest = readerOfNewest(readers);
    const message = newest?.take();
    if (!newest || !message) break;
    if (matches(message)) found.push(message);
    await newest.fill();
  }
  return found;
}

/** Of messages accepted in the same millisecond, the user's own timeline comes first. */
function readerOfNewest(readers: readonly BackwardReader[]): BackwardReader | undefined {
  let newest: BackwardReader | undefined;
  for (const reader of readers) {
    if (reader.at !== undefined && (newest?.at === undefined || reader.at >= newest.at))
      newest = reader;
  }
  return newest;
}

function positionOf(readers: readonly BackwardReader[], expiredBefore: boolean): HistoryPosition {
  const before = new Map<TimelineId, number>();
  let expired = expiredBefore;
  for (const reader of readers) {
    if (!reader.done) before.set(reader.timeline, reader.before);
    else if (reader.expired) expired = true;
  }
  return { before, expired };
}

function matcherOf({ userId, peer, keyword }: HistoryQuery): (message: HistoryMessage) => boolean {
  const needle = keyword?.toLowerCase();
  return ({ from, to, text, sealed }) =>
    (peer === undefined || (from === peer && to === userId) || (from === userId && to === peer)) &&
    (needle === undefined || (!sealed && text.toLowerCase().includes(needle)));
}

/** One timeline, from some number on towards its beginning. */
class BackwardReader {
  readonly timeline: TimelineId;
  readonly #timelines: Timelines;
  readonly #chunk: number;
  /** What was read and not taken; the newest last. */
  #held: HistoryMessage[] = [];
  /** The number before which nothing was read yet; 0 = nothing was read at all. */
  #unread: number;
  #ended = false;
  #expired = false;

  constructor(timelines: Timelines, timeline: TimelineId, before: number, chunk: number) {
    this.#timelines = timelines;
    this.timeline = timeline;
    this.#unread = before;
    this.#chunk = chunk;
  }

  /** When the next message was accepted; undefined when there is none. */
  get at(): number | undefined {
    return this.#held.at(-1)?.at;
  }

  get done(): boolean {
    return this.#ended && this.#held.length === 0;
  }

  /** Done, and older messages were there that are not kept any more. */
  get expired(): boolean {
    return this.#expired;
  }

  /** The number before which everything is still to be taken. */
  get before(): number {
    const next = this.#held.at(-1);
    return next ? next.seq + 1 : this.#unread;
  }

  take(): HistoryMessage | undefined {
    return this.#held.pop();
  }

  /** Afterwards there is a next message, or none is left. */
  async fill(): Promise<void> {
    if (this.#held.length > 0 || this.#ended) return;
    const page = await this.#readBack();
    const oldest = page.at(-1);
    if (oldest) {
      this.#held = page.map(({ seq, body }) => historyMessage(seq, body)).reverse();
      this.#unread = oldest.seq;
      this.#ended = oldest.seq === 1;
    } else {
      this.#ended = true;
      this.#expired = this.#unread > 1 || (this.#unread === 0 && (await this.#head()) > 0);
    }
  }

  async #readBack(): Promise<Page['messages']> {
    if (this.#unread === 1) return [];
    return this.#timelines.readBack(this.timeline, this.#unread, this.#chunk);
  }

  async #head(): Promise<number> {
    const [head = 0] = await this.#timelines.heads([this.timeline]);
    return head;
  }
}

function historyMessage(seq: number, body: Uint8Array): HistoryMessage {
  const fields = scanMessage(body);
  const { from, fromName, to, group, at, textStart, textEnd, sealedStart, sealedEnd } = fields;
  return {
    id: identityOfFields(fields),
    from,
    fromName,
    ...(group === '' ? { to } : { group }),
    text: decodeText(body, textStart, textEnd),
    ...(sealedEnd > 0 && { sealed: body.subarray(sealedStart, sealedEnd) }),
    seq,
    at,
  };
}

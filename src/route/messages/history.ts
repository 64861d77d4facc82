/**
 * A person's own history: what the timelines that they may read still keep. The timelines are read
 * backwards and merged, newest message first, until enough match; each keeps its own order,
 * whatever the clocks of routes say.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { limits } from '../../base/limits.ts';
import { Keyword } from '../../base/text/keyword.ts';
import { decodeUtf8 } from '../../base/text/utf8.ts';
import { identityOfFields } from '../../codec/identity.ts';
import { scanIfReadable } from '../../codec/message-scan.ts';
import type { Page, TimelineId, Timelines } from '../../store/timelines.ts';
import type { HistoryMessage, HistoryPage, HistoryQuery } from '../operation-shapes.ts';
import { formatPosition, type HistoryPosition, parsePosition } from './history-position.ts';

/**
 * Messages held of all timelines together while they are merged, and of one at least, and bytes of
 * them: so that a user of many groups costs no more memory than one of none.
 */
const heldMax = 2 * limits.pageMessagesMax;
const heldPerTimelineMin = 10;
const heldBytesMax = 2 * limits.pageBytesMax;
/** What it costs to look at a message, however short it is, in bytes of a long one. */
const messageBytesMin = 256;

/** A timeline, and up to which number nothing of it may be read. */
export interface HistorySource {
  readonly timeline: TimelineId;
  readonly after: number;
}

/** `sources`: what the query is about, as far as the user may read it. */
export async function readHistory(
  timelines: Timelines,
  sources: readonly HistorySource[],
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { userId, before, limit } = query;
  const position = before === undefined ? undefined : parsePosition(userId, before);
  const matches = matcherOf(query);
  const chunk = chunkOf(query, sources.length);
  const readers = sources.flatMap((source) => {
    const start = position ? position.before.get(source.timeline) : 0;
    return start === undefined ? [] : [new BackwardReader(timelines, source, start, chunk)];
  });
  const { messages, scannedBytes } = await merge(readers, matches, limit);
  const rest = positionOf(readers, position?.expired ?? false);
  return {
    messages: messages.reverse(),
    next: rest.before.size === 0 ? null : formatPosition(userId, rest),
    expired: rest.before.size === 0 && rest.expired,
    scannedBytes,
  };
}

/** How much is read of one timeline at a time. */
interface Chunk {
  readonly messages: number;
  readonly bytes: number;
}

function chunkOf({ peer, keyword, limit }: HistoryQuery, timelines: number): Chunk {
  const share = Math.max(heldPerTimelineMin, Math.floor(heldMax / timelines));
  const everythingMatches = peer === undefined && keyword === undefined;
  return {
    messages: Math.min(share, limits.pageMessagesMax, everythingMatches ? limit : share),
    bytes: Math.min(limits.pageBytesMax, Math.floor(heldBytesMax / timelines)),
  };
}

/**
 * Matches, newest first: as many as are asked for, or fit a page, or are found in what may be looked
 * through for one. Others get their turn now and then, also where the store answers at once.
 */
async function merge(
  readers: readonly BackwardReader[],
  matches: (message: HistoryMessage) => boolean,
  limit: number,
): Promise<{ messages: HistoryMessage[]; scannedBytes: number }> {
  const found: HistoryMessage[] = [];
  let [foundBytes, scannedBytes, sliceBytes] = [0, 0, 0];
  await Promise.all(readers.map((reader) => reader.fill()));
  while (scannedBytes < limits.historyScanBytesMax && found.length < limit) {
    const newest = readerOfNewest(readers);
    const message = newest?.next;
    if (!newest || !message) break;
    if (matches(message)) {
      foundBytes += message.bytes;
      if (foundBytes > limits.pageBytesMax && found.length > 0) break;
      found.push(message);
    }
    newest.drop();
    const bytes = Math.max(message.bytes, messageBytesMin);
    scannedBytes += bytes;
    sliceBytes += bytes;
    if (sliceBytes >= limits.historySliceBytes) {
      sliceBytes = 0;
      await nextTurn();
    }
    await newest.fill();
  }
  return { messages: found, scannedBytes };
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
  const sought = keyword === undefined ? undefined : new Keyword(keyword);
  return ({ from, to, text, sealed }) =>
    (peer === undefined || (from === peer && to === userId) || (from === userId && to === peer)) &&
    (sought === undefined || (!sealed && sought.isIn(text)));
}

/** One timeline, from some number on towards its beginning. */
class BackwardReader {
  readonly timeline: TimelineId;
  readonly #timelines: Timelines;
  readonly #after: number;
  readonly #chunk: Chunk;
  /** What was read and not looked at; the newest last. */
  #held: FoundMessage[] = [];
  /** The number before which nothing was read yet; 0 = nothing was read at all. */
  #unread: number;
  #ended = false;
  #expired = false;

  constructor(
    timelines: Timelines,
    { timeline, after }: HistorySource,
    before: number,
    chunk: Chunk,
  ) {
    this.#timelines = timelines;
    this.timeline = timeline;
    this.#after = after;
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

  /** The number before which everything is still to be looked at. */
  get before(): number {
    const next = this.#held.at(-1);
    return next ? next.seq + 1 : this.#unread;
  }

  get next(): FoundMessage | undefined {
    return this.#held.at(-1);
  }

  /** The next message was looked at. */
  drop(): void {
    this.#held.pop();
  }

  /** Afterwards there is a next message, or none is left. */
  async fill(): Promise<void> {
    const first = this.#after + 1;
    while (this.#held.length === 0 && !this.#ended) {
      const page = (await this.#readBack(first)).filter(({ seq }) => seq >= first);
      const oldest = page.at(-1);
      if (oldest) {
        this.#held = page.flatMap(({ seq, body }) => historyMessage(seq, body) ?? []).reverse();
        this.#unread = oldest.seq;
        this.#ended = oldest.seq === first;
      } else {
        this.#ended = true;
        const hasUnread = this.#unread > first;
        this.#expired = hasUnread || (this.#unread === 0 && (await this.#head()) >= first);
      }
    }
  }

  async #readBack(first: number): Promise<Page['messages']> {
    if (this.#unread !== 0 && this.#unread <= first) return [];
    const { messages, bytes } = this.#chunk;
    return this.#timelines.readBack(this.timeline, this.#unread, messages, bytes);
  }

  async #head(): Promise<number> {
    const [head = 0] = await this.#timelines.heads([this.timeline]);
    return head;
  }
}

export interface FoundMessage extends HistoryMessage {
  /** As it is stored. */
  readonly bytes: number;
}

/** Undefined for one that cannot be read: the others are told all the same. */
export function historyMessage(seq: number, body: Uint8Array): FoundMessage | undefined {
  const fields = scanIfReadable(body);
  const text = fields && decodeUtf8(body.subarray(fields.textStart, fields.textEnd));
  if (!fields || text === undefined || text === null) return undefined;
  const { from, fromName, to, group, at, sealedStart, sealedEnd, contentStart, contentEnd } =
    fields;
  return {
    id: identityOfFields(fields),
    from,
    fromName,
    ...(group === '' ? { to } : { group }),
    text,
    ...(sealedEnd > 0 && { sealed: body.subarray(sealedStart, sealedEnd) }),
    ...(fields.keyEpoch > 0 && { keyEpoch: fields.keyEpoch }),
    ...(contentEnd > 0 && { content: body.subarray(contentStart, contentEnd) }),
    ...(fields.silent && { silent: true as const }),
    seq,
    at,
    bytes: body.length,
  };
}

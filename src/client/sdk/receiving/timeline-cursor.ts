/**
 * Follows one timeline, a user's own or a group's: puts what is pushed and what is read into one order
 * without gaps or repeats, and says when to read. A pure state machine: no timers, no I/O. Its owner
 * calls in what happens, hands what is emitted to the application in that order, and after each call
 * asks `nextRead` whether to read now and `wakeAt` when to ask again. Two places: `#received` is the last message that was emitted, `position` the last that the
 * application took. position ≤ received, but for numbers that were given out anew. Only what was
 * taken is saved, so a crash shows a message again rather than never.
 */
import { Backoff } from '../../../base/backoff.ts';
import { limits } from '../../../base/limits.ts';
import type { PageEnd } from '../../../codec/server-frame.ts';
import type { SavedWindow, TakenMessage } from './identity-window.ts';
import { ShownMessages } from './shown-messages.ts';

/** A message in a timeline; an empty identity = not known. */
export interface Position {
  readonly seq: number;
  readonly identity: string;
}

export interface Entry<Content> extends Position, TakenMessage {
  /** Null: it counts as seen, there is nothing to show. */
  readonly content: Content | null;
  /** There would be something to show, but it cannot be read; its identity is not known. */
  readonly isUnreadable?: true;
}

interface Held<Content> {
  readonly entry: Entry<Content>;
  /** Reads that had been sent when it came. */
  readonly afterReads: number;
}

export interface ReadRequest {
  readonly after: number;
  readonly afterIdentity: string;
  readonly limit: number;
}

/** Numbers that the store does not keep any more. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

export interface TimelineCursorOptions<Content> {
  readonly start: Position;
  /** Nothing up to this number is the reader's, whatever becomes of the timeline. */
  readonly floor?: number;
  readonly window?: SavedWindow;
  /** Identities to remember. */
  readonly windowMax?: number;
  /**
   * What was accepted before, ms since 1970, is not of interest where the timeline begins anew and
   * nothing is known of what was shown.
   */
  readonly since?: number;
  readonly random: () => number;
  /** Messages, of this timeline and of others, that the application has still to take. */
  readonly untakenCount: () => number;
  /** Takes what comes next. Each is to be given back to `taken`, in the same order. */
  readonly emit: (entry: Entry<Content>) => void;
}

/**
 * How long a message that runs ahead is held before the missing ones are asked for: routes push in
 * parallel, most gaps close by themselves.
 */
const holdMs = 50;
/** Logins in a row that may each move on and be lost before they have verified where they began. */
const verifyMax = 8;

export class TimelineCursor<Content> {
  readonly #emit: (entry: Entry<Content>) => void;
  readonly #untakenCount: () => number;
  #floor: number;
  readonly #since: number;
  readonly #backoff: Backoff;
  readonly #shown: ShownMessages;
  #received: Position;
  #position: Position;
  /** What runs ahead of `#received`, by number, and since when. */
  readonly #held = new Map<number, Held<Content>>();
  #heldSince = 0;
  /** The newest number known to be readable. */
  #head = 0;
  #online = false;
  /** The read that waits for its end, since when, and the newest number hinted at meanwhile. */
  #reading: ReadRequest | null = null;
  #readCount = 0;
  /** The lowest number that came since the last read was sent, and for which there was no room. */
  #droppedFrom = Infinity;
  #readingSince = Infinity;
  #hinted = 0;
  /** Its answer is about a place that we have left since. */
  #passOver = false;
  /**
   * Reads from here are due, whatever else is known: each tells whether the store still has the
   * message that was seen there. Kept until that was answered, since messages of the new numbering
   * may move `#received` on meanwhile: one place for each login that has not come to it.
   */
  readonly #verify: Position[] = [];
  #retryAt = 0;
  /**
   * While reading from the start after a rewind beyond the window: what was accepted earlier has
   * been seen.
   */
  #seenBefore = 0;

  constructor(options: TimelineCursorOptions<Content>) {
    const { start, floor = 0, window, windowMax, since = 0 } = options;
    const { random, emit, untakenCount } = options;
    this.#received = start;
    this.#position = start;
    this.#floor = floor;
    this.#since = since;
    this.#shown = new ShownMessages(window, windowMax);
    this.#backoff = new Backoff({ baseMs: 200, capMs: 10_000, random });
    this.#emit = emit;
    this.#untakenCount = untakenCount;
  }

  /** What the application has taken: to be acknowledged and saved. */
  get position(): Position {
    return this.#position;
  }

  /** Of a message that would be known if it came again. */
  numberOf(identity: string): number | undefined {
    return this.#shown.numberOf(identity);
  }

  saveWindow(): SavedWindow {
    return this.#shown.save();
  }

  /**
   * Logged in. Whatever was missed is read; a device that starts at the head has missed nothing and
   * has nothing to verify. `readAnyway`: a read is due all the same, since it is what makes the
   * server push what comes. `beginsAt`: the store is another one; its numbers say nothing of what was
   * shown, and all above this one are the reader's.
   */
  connected(
    head: number,
    { readAnyway = false, beginsAt }: { readAnyway?: boolean; beginsAt?: number | undefined } = {},
  ): void {
    this.#online = true;
    this.#head = head;
    if (beginsAt !== undefined) this.#beginAnew(beginsAt);
    if (readAnyway || this.#received.identity !== '' || head !== this.#received.seq)
      this.#verifyReceived();
    this.#retryAt = 0;
    this.#backoff.reset();
  }

  disconnected(): void {
    this.#online = false;
    if (this.#reading && !this.#passOver) this.#verify.unshift(positionOf(this.#reading));
    this.#endRead();
    this.#hinted = 0;
    this.#held.clear();
  }

  /**
   * A message of this timeline: pushed, read, or (without content) an own one whose number an
   * acknowledgement has told.
   */
  arrived(entry: Entry<Content>, now: number): void {
    if (entry.seq <= this.#received.seq) this.#suspectRewind(entry);
    else if (entry.seq > this.#received.seq + 1) this.#hold(entry, now);
    else if (this.#accept(entry)) this.#releaseHeld(now);
  }

  /** The timeline has messages up to this number. */
  hinted(head: number): void {
    if (head <= this.#received.seq) return;
    if (this.#reading) this.#hinted = Math.max(this.#hinted, head);
    else this.#head = Math.max(this.#head, head);
  }

  /**
   * A message came that cannot be read, perhaps of this timeline: if it may be one of the next, they
   * are read, as the end of a page tells whose it was.
   */
  doubted(seq: number): void {
    if (seq > this.#received.seq && seq <= this.#received.seq + limits.pageMessagesMax)
      this.hinted(seq);
  }

  /** Waits for the end of this page, and not for that of an earlier follower of the timeline. */
  isReading(after: number): boolean {
    return this.#reading?.after === after;
  }

  /**
   * The end of the page that was asked for; its messages have arrived before. `last`: the number of
   * the last, 0 if there was none. What came of it in whatever form is not waited for.
   */
  pageEnded(page: PageEnd, last: number, now: number): Gap | null {
    const request = this.#reading;
    if (!request || !this.isReading(page.after)) return null;
    const passOver = this.#passOver;
    this.#endRead();
    this.#head = page.head;
    const gap = passOver ? null : this.#goOn(request, page, last, now);
    if (this.#hinted > this.#head) this.#verifyReceived();
    this.#hinted = 0;
    if (this.#received.seq >= this.#head) this.#seenBefore = 0;
    return gap;
  }

  /** The read to send now, if any; the next one comes after its end. */
  nextRead(now: number): ReadRequest | null {
    if (now < this.wakeAt) return null;
    const { seq, identity } = this.#verify.shift() ?? this.#received;
    this.#reading = { after: seq, afterIdentity: identity, limit: limits.pageMessagesMax };
    this.#readingSince = now;
    this.#readCount += 1;
    this.#droppedFrom = Infinity;
    return this.#reading;
  }

  /** When to ask `nextRead` even if nothing else happens; Infinity: not at all. */
  get wakeAt(): number {
    // Reading on only when half of it has room: a page is not asked for to be dropped.
    if (!this.#online || this.#reading || this.#untakenCount() > limits.clientHeldMessagesMax / 2)
      return Infinity;
    if (this.#verify.length > 0 || this.#head > this.#received.seq) return this.#retryAt;
    return this.#held.size > 0 ? Math.max(this.#retryAt, this.#heldSince + holdMs) : Infinity;
  }

  /** Since when a read is unanswered; Infinity: none is. */
  get waitingSince(): number {
    return this.#readingSince;
  }

  /** The application is done with this entry. */
  taken({ identity, seq, at }: Entry<Content>): void {
    this.#shown.taken(identity, { seq, at });
    this.#position = { seq, identity };
  }

  /**
   * Emits the message that comes next, unless the application is too far behind: then it is read
   * again later.
   */
  #accept(entry: Entry<Content>): boolean {
    if (this.#untakenCount() >= limits.clientHeldMessagesMax) {
      this.#drop(entry.seq);
      return false;
    }
    const { seq, identity, at } = entry;
    const seen = this.#shown.has(identity) || at < this.#seenBefore;
    this.#advance(seen ? { seq, identity, at, content: null } : entry);
    if (!seen) this.#shown.emitted(identity, { seq, at });
    return true;
  }

  #advance(entry: Entry<Content>): void {
    this.#held.delete(entry.seq);
    this.#received = { seq: entry.seq, identity: entry.identity };
    this.#emit(entry);
  }

  #hold(entry: Entry<Content>, now: number): void {
    if (this.#held.size === 0) this.#heldSince = now;
    if (this.#held.size < limits.clientHeldMessagesMax)
      this.#held.set(entry.seq, { entry, afterReads: this.#readCount });
    else this.#drop(entry.seq);
  }

  /**
   * The gap below what is held has moved: emits what follows now; what is still ahead waits its own
   * time.
   */
  #releaseHeld(now: number): void {
    let next = this.#held.get(this.#received.seq + 1);
    while (next && this.#accept(next.entry)) next = this.#held.get(this.#received.seq + 1);
    this.#heldSince = now;
  }

  /**
   * A number that has passed, but a message that has not: the store gives out numbers anew, after a
   * failover that lost a tail. The place we are at may be a message of the new numbers already, so
   * asking the store about it would tell nothing.
   */
  #suspectRewind({ identity, seq }: Entry<Content>): void {
    // What cannot be read may well be what was seen there.
    if (identity === '' || this.#shown.has(identity)) return;
    const oldest = this.#shown.oldest();
    if (!oldest) return;
    // Beyond what would be known again it may as well be an old message that comes late: the store is
    // asked.
    if (seq < oldest.seq) {
      this.#verifyReceived();
      return;
    }
    this.#goBack(oldest.seq - 1);
    this.hinted(seq);
  }

  /**
   * Numbers of a page of which nothing has arrived here: they came as something that could not be
   * read, or as a message of some other timeline. And what was held since before the read and is
   * above all that there is, is none of this timeline.
   */
  #passUnreadable(after: number, last: number, now: number): void {
    const end = Math.min(last, this.#droppedFrom - 1);
    for (let seq = Math.max(after, this.#received.seq) + 1; seq <= end; seq++) {
      if (seq <= this.#received.seq || this.#held.has(seq)) continue;
      this.arrived({ seq, identity: '', at: 0, content: null, isUnreadable: true }, now);
    }
    for (const [seq, { afterReads }] of this.#held)
      if (seq > this.#head && afterReads < this.#readCount) this.#held.delete(seq);
  }

  /** No room for it now: it is read again. */
  #drop(seq: number): void {
    this.#droppedFrom = Math.min(this.#droppedFrom, seq);
    this.hinted(seq);
  }

  /** After an answered read: onwards, or back where the store has gone back. */
  #goOn(request: ReadRequest, page: PageEnd, last: number, now: number): Gap | null {
    if (page.code !== 0) return this.#retryLater(request, now);
    const { head, first, rewound } = page;
    const gap = rewound ? null : this.#passGap(first, now);
    if (!rewound) this.#passUnreadable(request.after, Math.min(last, head), now);
    const movedOn = rewound
      ? request.afterIdentity !== '' || head < request.after
      : this.#received.seq > request.after || head <= request.after;
    // The same answer would come again as fast as it is asked for.
    if (!movedOn) return this.#retryLater(request, now);
    this.#backoff.reset();
    if (rewound) this.#rewind(head);
    return gap;
  }

  #passGap(first: number, now: number): Gap | null {
    const gap = { first: this.#received.seq + 1, last: first - 1 };
    if (gap.last < gap.first) return null;
    for (const seq of this.#held.keys()) if (seq < first) this.#held.delete(seq);
    this.#advance({ seq: gap.last, identity: '', at: 0, content: null });
    this.#releaseHeld(now);
    return this.#seenBefore === 0 ? gap : null;
  }

  /**
   * Goes back to the oldest message that would be known again. If even that is gone, to the start,
   * telling what was seen by its time.
   */
  #rewind(head: number): void {
    const oldest = this.#shown.oldest();
    let seq = Math.min(this.#received.seq, head);
    if (oldest) seq = oldest.seq - 1;
    if (oldest && seq > head) {
      seq = 0;
      this.#seenBefore = this.#shown.earliest() ?? 0;
    }
    this.#goBack(seq);
  }

  #beginAnew(floor: number): void {
    this.#floor = floor;
    this.#seenBefore = this.#shown.earliest() ?? this.#since;
    this.#goBack(floor);
  }

  #goBack(oldest: number): void {
    this.#held.clear();
    this.#verify.length = 0;
    this.#passOver = this.#reading !== null;
    const seq = Math.max(oldest, Math.min(this.#floor, this.#head));
    this.#advance({ seq, identity: '', at: 0, content: null });
  }

  #verifyReceived(): void {
    const { seq, identity } = this.#received;
    const last = this.#verify.at(-1);
    const isThere = last?.seq === seq && last.identity === identity;
    if (!isThere && this.#verify.length < verifyMax) this.#verify.push(this.#received);
  }

  #endRead(): void {
    this.#reading = null;
    this.#readingSince = Infinity;
    this.#passOver = false;
  }

  #retryLater(request: ReadRequest, now: number): null {
    this.#verify.unshift(positionOf(request));
    this.#retryAt = now + this.#backoff.next();
    return null;
  }
}

function positionOf({ after, afterIdentity }: ReadRequest): Position {
  return { seq: after, identity: afterIdentity };
}

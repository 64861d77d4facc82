/**
 * What arrives: the timelines (one's own, the lobby's), the order in which their messages go to the
 * application, one at a time, and the acknowledgement of what it took, to the server and to the
 * device's state.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { command, lobby } from '../../codec/commands.ts';
import { sourceOf } from '../../codec/identity.ts';
import { toHex } from '../../codec/message-scan.ts';
import type { Ack, ServerFrame } from '../../codec/server-frame.ts';
import type { Message } from './client-events.ts';
import type { RequestFields } from './connection.ts';
import type { DeviceState } from './device-state.ts';
import type { SavedWindow } from './identity-window.ts';
import type { Outgoing } from './outgoing.ts';
import { type Entry, type Gap, type Position, TimelineCursor } from './timeline-cursor.ts';

export interface IncomingOptions {
  readonly userId: number;
  readonly epochHex: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly state: DeviceState;
  readonly outgoing: Outgoing;
  readonly write: (fields: RequestFields) => void;
  /** Gives a message to the application; undefined while nobody listens. */
  readonly listener: () => ((message: Message) => Promise<void> | undefined) | undefined;
  /** The application has failed to take a message. */
  readonly onFailure: (error: unknown) => void;
  readonly onGap: (group: string, gap: Gap) => void;
  /** The application has taken something: there may be room to read on. */
  readonly onTaken: () => void;
}

interface Delivery {
  readonly timeline: TimelineCursor<Message>;
  readonly entry: Entry<Message>;
}

/** The key of one's own timeline among the groups. */
const own = '';

/**
 * What was taken is acknowledged and saved this long after, all of it at once: acknowledgements are
 * cumulative, a save is a flush to disk.
 */
const settleMs = 200;
/**
 * So many taken are acknowledged at once: a device that dies is not to be sent more of them again.
 */
const acknowledgeMessages = 100;

export class Incoming {
  readonly #options: IncomingOptions;
  readonly #timelines = new Map<string, TimelineCursor<Message>>();
  readonly #deliveries: Delivery[] = [];
  #delivering = false;
  #stopped = false;
  #online = false;
  /** What the server knows to be taken, and how many messages were taken since. */
  #acknowledgedSeq = 0;
  #takenCount = 0;
  /** The position that was last acknowledged and saved; the timer is for the next. */
  #settled: Position | null = null;
  #settleTimer: Timer | null = null;

  constructor(options: IncomingOptions) {
    this.#options = options;
  }

  /**
   * Logged in. A device without a cursor of its own starts where the server says, a new epoch at
   * the head of the lobby.
   */
  connected(welcome: ServerFrame): void {
    this.#online = true;
    const { state } = this.#options;
    const start = state.cursor ?? { seq: welcome.cursor, identity: '' };
    this.#timeline(own, start, state.window).connected(welcome.head);
    this.#timeline(lobby, { seq: welcome.groupHead, identity: '' }, []).connected(
      welcome.groupHead,
    );
    this.#acknowledgedSeq = welcome.cursor;
    this.#settled = null;
    this.#settleSoon();
  }

  disconnected(): void {
    this.#online = false;
    for (const timeline of this.#timelines.values()) timeline.disconnected();
  }

  message(frame: ServerFrame): void {
    const { from, to, group, sendSeq, seq, at } = frame;
    const timeline = this.#timelines.get(group);
    if (!timeline || seq === 0) return;
    const epochHex = toHex(frame.fromEpoch);
    const identity = `${sourceOf(from, epochHex, to, group)}.${sendSeq}`;
    const isOwn = from === this.#options.userId && epochHex === this.#options.epochHex;
    // Seen where it is stored once. Of a message to somebody else this is only the sender's copy: the
    // receiver's may still be missing, and the message has to be sent until it is acknowledged.
    if (isOwn && (group !== '' || to === from))
      this.#options.outgoing.confirmed(to, group, sendSeq, seq);
    timeline.arrived(
      { seq, identity, at, content: isOwn ? null : messageOf(identity, frame) },
      this.#now(),
    );
    this.#deliver();
  }

  /** An own message was stored under this number: it counts as seen. */
  stored({ to, group, sendSeq, seq }: Ack): void {
    const { userId, epochHex, clock } = this.#options;
    const identity = `${sourceOf(userId, epochHex, to, group)}.${sendSeq}`;
    if (seq === 0) return;
    this.#timelines
      .get(group)
      ?.arrived({ seq, identity, at: clock.now(), content: null }, this.#now());
    this.#deliver();
  }

  pageEnded(page: ServerFrame): void {
    const gap = this.#timelines.get(page.group)?.pageEnded(page, this.#now());
    if (gap) this.#options.onGap(page.group, gap);
    this.#deliver();
  }

  hinted({ group, head }: ServerFrame): void {
    this.#timelines.get(group)?.hinted(head);
  }

  /** Asks for what is missing, if it is time. */
  advance(now: number): void {
    for (const [group, timeline] of this.#timelines) {
      const read = timeline.nextRead(now);
      if (read)
        this.#options.write({ cmd: command.read, ...(group !== own && { group }), ...read });
    }
  }

  /** When to call `advance` even if nothing else happens; Infinity: not at all. */
  get wakeAt(): number {
    let wakeAt = Infinity;
    for (const timeline of this.#timelines.values()) wakeAt = Math.min(wakeAt, timeline.wakeAt);
    return wakeAt;
  }

  /** Since when a read is unanswered; Infinity: none is. */
  get waitingSince(): number {
    let since = Infinity;
    for (const timeline of this.#timelines.values()) since = Math.min(since, timeline.waitingSince);
    return since;
  }

  /** Somebody listens now. */
  listening(): void {
    this.#deliver();
  }

  /** Nothing is delivered any more; acknowledges and saves what was. */
  stop(): void {
    this.#stopped = true;
    this.#settle();
  }

  #timeline(group: string, start: Position, window: SavedWindow): TimelineCursor<Message> {
    const known = this.#timelines.get(group);
    if (known) return known;
    const timeline: TimelineCursor<Message> = new TimelineCursor<Message>({
      start,
      window,
      random: this.#options.random,
      emit: (entry) => this.#deliveries.push({ timeline, entry }),
    });
    this.#timelines.set(group, timeline);
    return timeline;
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  // ---- to the application -----------------------------------------------------------------------

  /** Hands on what has arrived, unless that is under way. Waits only where the application does. */
  #deliver(): void {
    if (!this.#delivering) void this.#deliverAll();
  }

  async #deliverAll(): Promise<void> {
    this.#delivering = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        const { content } = next.entry;
        const taking = content && this.#options.listener()?.(content);
        if (taking) await taking;
        if (this.#stopped) break;
        this.#take(next);
      }
    } catch (error) {
      this.#options.onFailure(error);
    }
    this.#delivering = false;
  }

  /** Undefined: nothing to deliver, or nobody to take it. */
  #next(): Delivery | undefined {
    const next = this.#deliveries[0];
    return this.#stopped || (next?.entry.content && !this.#options.listener()) ? undefined : next;
  }

  #take({ timeline, entry }: Delivery): void {
    this.#deliveries.shift();
    timeline.taken(entry);
    this.#takenCount += 1;
    if (this.#takenCount >= acknowledgeMessages) this.#acknowledge();
    this.#settleSoon();
    this.#options.onTaken();
  }

  // ---- acknowledged and saved -------------------------------------------------------------------

  #settleSoon(): void {
    if (this.#timelines.get(own)?.position === this.#settled) return;
    this.#settleTimer ??= this.#options.clock.setTimeout(() => this.#settle(), settleMs);
  }

  #settle(): void {
    this.#settleTimer?.cancel();
    this.#settleTimer = null;
    this.#acknowledge();
    const timeline = this.#timelines.get(own);
    if (!timeline || timeline.position === this.#settled) return;
    this.#settled = timeline.position;
    if (!this.#options.state.ephemeral)
      this.#options.state.moveCursor(timeline.position, timeline.saveWindow());
  }

  #acknowledge(): void {
    this.#takenCount = 0;
    const seq = this.#timelines.get(own)?.position.seq;
    if (!this.#online || seq === undefined || seq === this.#acknowledgedSeq) return;
    this.#acknowledgedSeq = seq;
    this.#options.write({ cmd: command.ack, after: seq });
  }
}

function messageOf(
  id: string,
  { from, fromName, to, group, resMsg: text, seq, at }: ServerFrame,
): Message {
  return { id, from, fromName, ...(group === '' ? { to } : { group }), text, seq, at };
}

/**
 * Gives one timeline to an MQTT client, in order: what is pushed if it is the next and there is room,
 * else page by page. The timeline is the queue: what the client has not acknowledged is read again from
 * its cursor when it comes back. Does no I/O.
 */
import type { ReadResult } from '../../../api/route-api.ts';
import { limits } from '../../../base/limits.ts';
import { type MessageFields, scanIfReadable } from '../../../codec/message-scan.ts';

export type QoS = 0 | 1 | 2;

export interface Subscription {
  readonly qos: QoS;
  /** What the client itself has sent is not shown to it. */
  readonly noLocal: boolean;
  /** MQTT 5: what the client calls it; 0: nothing. */
  readonly identifier: number;
}

/** The client. */
export interface FeedOwner {
  /** How many messages it may be sent before it acknowledges one. */
  readonly room: number;
  /** The same, but nothing while that is little: a page for each acknowledgement would cost too much. */
  readonly pageRoom: number;
  /** Asks for a page; `onPage` follows. */
  read(timeline: string, after: number, limit: number): void;
  /** Writes a message, which it acknowledges if `qos` is not 0. */
  send(feed: MqttFeed, message: FeedMessage, qos: QoS): void;
  /** It has acknowledged everything up to `seq`. */
  moved(feed: MqttFeed, seq: number): void;
  /** Whether a message of the timeline is for it. */
  isShown(timeline: string, fields: MessageFields, subscription: Subscription): boolean;
}

/** A message with its number in the timeline. */
export interface FeedMessage {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly fields: MessageFields;
  isAcknowledged: boolean;
}

type Waiting = Pick<FeedMessage, 'seq' | 'isAcknowledged'> & Partial<FeedMessage>;

/** Numbers that hold nothing for the client are told of now and then. */
const skippedMax = 64;

export class MqttFeed {
  readonly timeline: string;
  /** What comes from now on is given by this one. */
  subscription: Subscription;
  readonly #owner: FeedOwner;
  /** It begins behind all that there was, which the first page tells. */
  #isNew: boolean;
  /** Up to here all was sent, or is for others. */
  #sent: number;
  #head: number;
  /** The newest number of which it has heard since the page under way was asked for. */
  #heard = 0;
  #isReading = false;
  /** In the order of their numbers: the cursor is before the first that is not acknowledged. */
  readonly #waiting: Waiting[] = [];
  /** The cursor that the owner was told. */
  #told: number;
  #isEnded = false;

  /** `from`: behind this number; null: behind all that there is when the first page is read. */
  constructor(owner: FeedOwner, timeline: string, subscription: Subscription, from: number | null) {
    const after = from ?? 0;
    this.#isNew = from === null;
    this.#owner = owner;
    this.timeline = timeline;
    this.subscription = subscription;
    this.#sent = after;
    this.#head = after;
    this.#told = after;
  }

  /** Reads the first page, whatever is known of the timeline. */
  begin(): void {
    this.#isReading = true;
    this.#heard = 0;
    this.#owner.read(this.timeline, this.#sent, this.#pageRoom);
  }

  /** As `raise`, but nothing is read yet. */
  expect(head: number): void {
    this.#head = Math.max(this.#head, head);
    this.#heard = Math.max(this.#heard, head);
  }

  end(): void {
    this.#isEnded = true;
  }

  /** The timeline has got as far as this. */
  raise(head: number): void {
    this.expect(head);
    this.advance();
  }

  /** A number that holds nothing for the client: its own message, which it knows. */
  pass(seq: number): void {
    if (!this.#isReading && seq === this.#sent + 1) this.#skip(seq);
    this.expect(seq);
    this.#settle();
  }

  /** Whether a message was pushed that is the next, and there is room for it. */
  takes(seq: number, count: number): boolean {
    const isNext = !this.#isReading && seq === this.#sent + 1;
    return isNext && this.#room >= count;
  }

  give(seq: number, body: Uint8Array, fields: MessageFields | null): void {
    this.expect(seq);
    if (!fields || !this.#owner.isShown(this.timeline, fields, this.subscription)) this.#skip(seq);
    else this.#send({ seq, body, fields, isAcknowledged: false });
    this.#settle();
  }

  onPage({ seqs, bodies, head, rewound }: ReadResult): void {
    const heard = this.#heard;
    this.#isReading = false;
    if (this.#isEnded) return;
    if (this.#isNew) {
      this.#isNew = false;
      this.#sent = head;
    } else if (rewound) this.#sent = 0;
    for (const [index, seq] of seqs.entries()) {
      const body = bodies[index] as Uint8Array;
      // Meanwhile others may have taken what room there was.
      if (this.#room <= 0) break;
      if (seq > this.#sent) this.give(seq, body, scanIfReadable(body));
    }
    // An empty page below the head: retention took the rest, or a failover lost it.
    if (seqs.length === 0) this.#sent = head;
    // The page may be older than a push: they come by different ways.
    this.#head = Math.max(head, heard);
    this.advance();
  }

  /** A page could not be had. */
  onFailedPage(): void {
    this.#isReading = false;
  }

  /** Reads on, if there is more, and room for it. */
  advance(): void {
    if (this.#isEnded || this.#isReading || this.#sent >= this.#head) return;
    if (this.#pageRoom > 0) this.begin();
  }

  get #room(): number {
    return this.subscription.qos === 0 ? limits.pageMessagesMax : this.#owner.room;
  }

  get #pageRoom(): number {
    if (this.subscription.qos === 0) return limits.pageMessagesMax;
    return Math.min(this.#owner.pageRoom, limits.pageMessagesMax);
  }

  acknowledged(message: FeedMessage): void {
    message.isAcknowledged = true;
    this.#settle();
  }

  #send(message: FeedMessage): void {
    const { qos } = this.subscription;
    this.#sent = message.seq;
    // At most once: it counts as shown when it is written.
    if (qos === 0) message.isAcknowledged = true;
    this.#waiting.push(message);
    this.#owner.send(this, message, qos);
  }

  #skip(seq: number): void {
    this.#sent = seq;
    this.#waiting.push({ seq, isAcknowledged: true });
  }

  #settle(): void {
    let count = 0;
    while (this.#waiting[count]?.isAcknowledged) count += 1;
    if (count === 0) return;
    const settled = this.#waiting.splice(0, count);
    const { seq } = settled.at(-1) as Waiting;
    const isTold = settled.some(({ fields }) => fields) || seq - this.#told >= skippedMax;
    if (!isTold) return;
    this.#told = seq;
    this.#owner.moved(this, seq);
  }
}

/**
 * What an MQTT client was sent and has not acknowledged: packet identifiers, and how far each has got. Of
 * QoS 2 a message is released (PUBREL) only when the store has the cursor behind it: until then it may
 * come again, under the same identifier.
 */
import type { FeedMessage, MqttFeed, QoS } from './mqtt-feed.ts';

interface InFlight {
  readonly feed: MqttFeed;
  readonly message: FeedMessage;
  readonly qos: QoS;
  state: 'sent' | 'received' | 'released';
}

/** The lower half of all identifiers are those of the user's own timeline, by its numbers. */
const ownIds = 32_767;

export class MqttWindow {
  readonly #max: number;
  readonly #inFlight = new Map<number, InFlight>();
  #lastOther = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get room(): number {
    return this.#max - this.#inFlight.size;
  }

  /** Nothing while less than half of all is free. */
  get pageRoom(): number {
    return 2 * this.room >= this.#max ? this.room : 0;
  }

  /** It is not sent after all, and counts as acknowledged. */
  skip(id: number): void {
    const found = this.#inFlight.get(id);
    this.#inFlight.delete(id);
    found?.feed.acknowledged(found.message);
  }

  /** Gives the identifier under which a message is sent. */
  add(feed: MqttFeed, message: FeedMessage, qos: QoS): number {
    const id = feed.timeline === '' ? this.#ownId(message.seq) : this.#otherId();
    this.#inFlight.set(id, { feed, message, qos, state: 'sent' });
    return id;
  }

  /** QoS 1: the client has it. */
  acknowledge(id: number): boolean {
    const found = this.#inFlight.get(id);
    if (found?.qos !== 1) return false;
    this.#inFlight.delete(id);
    found.feed.acknowledged(found.message);
    return true;
  }

  /** QoS 2: the client has it, or wants nothing more of it. False: it was not sent. */
  receive(id: number, isRefused: boolean): boolean {
    const found = this.#inFlight.get(id);
    if (found?.qos !== 2) return false;
    if (isRefused) this.#inFlight.delete(id);
    if (found.state === 'sent') {
      found.state = 'received';
      found.feed.acknowledged(found.message);
    }
    return true;
  }

  /** Whether the client has been told that it may forget this identifier. */
  isReleased(id: number): boolean {
    return this.#inFlight.get(id)?.state === 'released';
  }

  /** The store has the cursor of the user's own timeline up to `seq`: those it may forget now. */
  releasable(seq: number): number[] {
    const ids: number[] = [];
    for (const [id, found] of this.#inFlight) {
      if (found.state !== 'received' || found.message.seq > seq) continue;
      found.state = 'released';
      ids.push(id);
    }
    return ids;
  }

  /** QoS 2: all is done. */
  complete(id: number): boolean {
    const found = this.#inFlight.get(id);
    if (found?.state !== 'released') return false;
    this.#inFlight.delete(id);
    return true;
  }

  /** Those under which the last messages up to `seq` may have been sent before, and not released. */
  earlier(seq: number): number[] {
    const count = Math.min(seq, this.#max);
    return Array.from({ length: count }, (_, index) => this.#ownId(seq - count + 1 + index));
  }

  /** The same for the same number: after a failure the client knows that it has it. */
  #ownId(seq: number): number {
    return (seq % ownIds) + 1;
  }

  #otherId(): number {
    do {
      this.#lastOther = (this.#lastOther % ownIds) + 1;
    } while (this.#inFlight.has(ownIds + this.#lastOther));
    return ownIds + this.#lastOther;
  }
}

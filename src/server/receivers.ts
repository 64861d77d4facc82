/**
 * Where the receivers of transient messages are. While all connections of a user are here, a message
 * to that user does not leave the server: it is copied from what its sender's socket gave to what its
 * receiver's is given, once. Whether that is so is asked of a route before the first message, and
 * again now and then while there are more; what comes before the answer waits for it, so that messages
 * stay in order.
 */
import type { LocateEntry, LocateResult, PassEntry, RouteApi } from '../api/route-api.ts';
import { limits } from '../base/limits.ts';
import { Gather } from '../link/gather.ts';
import type { ServerCounters } from './server-counters.ts';

/** A connection that sends, or receives. */
export interface TransientPeer {
  /**
   * A message that lies in `bytes` from `start` to `end`, and behind it what a server adds; dropped
   * if there is no room for it.
   */
  transientFrame(bytes: Uint8Array, start: number, end: number, tail: Uint8Array): void;
}

/** Who has sent a message, and what a server says of that. */
export interface TransientSender {
  readonly peer: TransientPeer;
  /** The fields that only servers set. */
  tail(): Uint8Array;
  /** The same message, for a route. */
  entry(body: Uint8Array): PassEntry;
}

export interface ReceiversOptions {
  readonly routes: Pick<RouteApi, 'locate'>;
  readonly instance: string;
  readonly session: (sessionId: number) => TransientPeer | undefined;
  /** For a receiver who is not, or not only, here. */
  readonly submit: (entry: PassEntry) => void;
  readonly counters: ServerCounters['transient'];
}

interface Receiver {
  readonly userId: number;
  /** Undefined: not only here. */
  peers: readonly TransientPeer[] | undefined;
  /** What has come before the first answer; null after that. */
  waiting: Waiting[] | null;
  /** Whether there was a message to it since the last sweep. */
  isUsed: boolean;
}

interface Waiting {
  readonly sender: TransientSender;
  readonly body: Uint8Array;
}

export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #receivers = new Map<number, Receiver>();
  readonly #questions: Gather<LocateEntry, LocateResult, Receiver>;
  #waitingCount = 0;

  constructor(options: ReceiversOptions) {
    this.#options = options;
    this.#questions = new Gather(options.routes.locate, (receiver: Receiver, result) =>
      this.#located(receiver, result),
    );
  }

  /** A message to a user, which lies in `bytes` from `start` to `end`. */
  deliver(
    sender: TransientSender,
    to: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const receiver = this.#receivers.get(to) ?? this.#ask(to);
    if (receiver === undefined) return this.#submit(sender, bytes.slice(start, end));
    receiver.isUsed = true;
    const { peers, waiting } = receiver;
    if (waiting !== null) {
      this.#wait(waiting, { sender, body: bytes.slice(start, end) });
    } else if (peers === undefined) {
      this.#submit(sender, bytes.slice(start, end));
    } else {
      if (peers.length === 0) this.#options.counters.toNobody.value += 1;
      const tail = sender.tail();
      for (const peer of peers)
        if (peer !== sender.peer) peer.transientFrame(bytes, start, end, tail);
    }
  }

  /** A connection of this user has come or gone. */
  changed(userId: number): void {
    const receiver = this.#receivers.get(userId);
    if (!receiver || receiver.waiting !== null) return;
    receiver.waiting = [];
    this.#locate(receiver);
  }

  /** To be called about once a second: that long it may go unnoticed that a user connects elsewhere. */
  sweep(): void {
    for (const receiver of this.#receivers.values()) {
      if (!receiver.isUsed && receiver.waiting === null) {
        this.#receivers.delete(receiver.userId);
        continue;
      }
      receiver.isUsed = false;
      if (receiver.waiting === null) this.#locate(receiver);
    }
  }

  /** Undefined: of too many it is known already. */
  #ask(userId: number): Receiver | undefined {
    if (this.#receivers.size >= limits.receiversKnownMax) return undefined;
    const receiver = { userId, peers: undefined, waiting: [], isUsed: true };
    this.#receivers.set(userId, receiver);
    this.#locate(receiver);
    return receiver;
  }

  #locate(receiver: Receiver): void {
    const { instance } = this.#options;
    this.#questions.add({ userId: receiver.userId, instance }, receiver);
  }

  #located(receiver: Receiver, { here, sessionIds }: LocateResult): void {
    const { session } = this.#options;
    receiver.peers = here ? sessionIds.flatMap((sessionId) => session(sessionId) ?? []) : undefined;
    const waiting = receiver.waiting ?? [];
    receiver.waiting = null;
    this.#waitingCount -= waiting.length;
    for (const { sender, body } of waiting)
      this.deliver(sender, receiver.userId, body, 0, body.length);
  }

  #wait(waiting: Waiting[], message: Waiting): void {
    if (this.#waitingCount >= limits.transientsWaitingMax) {
      this.#options.counters.droppedOnTheWay.value += 1;
      return;
    }
    this.#waitingCount += 1;
    waiting.push(message);
  }

  #submit(sender: TransientSender, body: Uint8Array): void {
    this.#options.submit(sender.entry(body));
  }
}

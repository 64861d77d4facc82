/**
 * Where the receivers of transient messages are. While all connections of a user are here, a message
 * to that user does not leave the server: it is copied from what its sender's socket gave to what its
 * receiver's is given, once. Whether that is so is asked of a route before the first message, and
 * again now and then while there are more; what comes before the answer waits for it, so that messages
 * stay in order.
 */
import type { LocateEntry, LocateResult, PassEntry, RouteApi } from '../../api/route-api.ts';
import { limits } from '../../base/limits.ts';
import { Budget } from '../../limits/budget.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';
import type { ServerCounters } from '../server-counters.ts';

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
  readonly budget: ProcessBudget;
}

interface Receiver {
  readonly userId: number;
  /** Undefined: not only here. */
  peers: readonly TransientPeer[] | undefined;
  /** What has come before the first answer; null after that. */
  waiting: Waiting[] | null;
  /** Whether there was a message to it since the last sweep. */
  isUsed: boolean;
  /** Whether it is being asked anew, as now and then. */
  isAskedAnew: boolean;
}

interface Waiting {
  readonly sender: TransientSender;
  readonly body: Uint8Array;
}

export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #receivers = new Map<number, Receiver>();
  /** For these messages wait. */
  readonly #questions: BoundedGather<LocateEntry, LocateResult, Receiver>;
  /** For these nobody does: so many are asked anew that others would wait behind them. */
  readonly #reviews: BoundedGather<LocateEntry, LocateResult, Receiver>;
  readonly #waiting: Budget;

  constructor(options: ReceiversOptions) {
    this.#options = options;
    this.#waiting = new Budget({
      countMax: limits.transientsWaitingMax,
      bytesMax: limits.transientsWaitingBytesMax,
      whole: options.budget,
    });
    const { locate } = options.routes;
    this.#questions = new BoundedGather(locate, limits.callsUnderWayMax, (receiver, result) =>
      this.#located(receiver, result),
    );
    this.#reviews = new BoundedGather(locate, limits.callsUnderWayMax, (receiver, result) => {
      receiver.isAskedAnew = false;
      // Else a later question is on its way.
      if (receiver.waiting === null) this.#located(receiver, result);
    });
  }

  /** A message to a user, which lies in `bytes` from `start` to `end`. */
  deliver(
    sender: TransientSender,
    to: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const known = this.#receivers.get(to);
    if (known === undefined && this.#receivers.size >= limits.receiversKnownMax)
      return this.#submit(sender, bytes.slice(start, end));
    // Nor is a route asked: of very many receivers it would be asked for nothing.
    if (known === undefined && this.#waiting.isFull) return this.#drop();
    const receiver = known ?? this.#ask(to);
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
  onChanged(userId: number): void {
    const receiver = this.#receivers.get(userId);
    if (!receiver || receiver.waiting !== null) return;
    receiver.waiting = [];
    this.#questions.add(this.#entry(receiver), receiver);
  }

  /**
   * To be called about once a second: that long, and until so many are asked, it may go unnoticed
   * that a user connects elsewhere.
   */
  sweep(): void {
    for (const receiver of this.#receivers.values()) {
      if (!receiver.isUsed && receiver.waiting === null) {
        this.#receivers.delete(receiver.userId);
        continue;
      }
      receiver.isUsed = false;
      if (receiver.waiting !== null || receiver.isAskedAnew) continue;
      receiver.isAskedAnew = true;
      this.#reviews.add(this.#entry(receiver), receiver);
    }
  }

  #ask(userId: number): Receiver {
    const receiver: Receiver = {
      userId,
      peers: undefined,
      waiting: [],
      isUsed: true,
      isAskedAnew: false,
    };
    this.#receivers.set(userId, receiver);
    this.#questions.add(this.#entry(receiver), receiver);
    return receiver;
  }

  #entry({ userId }: Receiver): LocateEntry {
    return { userId, instance: this.#options.instance };
  }

  #located(receiver: Receiver, { here, sessionIds }: LocateResult): void {
    const { session } = this.#options;
    receiver.peers = here ? sessionIds.flatMap((sessionId) => session(sessionId) ?? []) : undefined;
    const waiting = receiver.waiting ?? [];
    receiver.waiting = null;
    for (const { body } of waiting) this.#waiting.giveBack(body.length);
    for (const { sender, body } of waiting)
      this.deliver(sender, receiver.userId, body, 0, body.length);
  }

  #wait(waiting: Waiting[], message: Waiting): void {
    if (this.#waiting.isFull) return this.#drop();
    this.#waiting.take(message.body.length);
    waiting.push(message);
  }

  #drop(): void {
    this.#options.counters.droppedOnTheWay.value += 1;
  }

  #submit(sender: TransientSender, body: Uint8Array): void {
    this.#options.submit(sender.entry(body));
  }
}

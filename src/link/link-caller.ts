/**
 * The calling end of a link: batches of entries out, answers in, each matched to its entry. Entries
 * of one turn of the event loop leave in one write. A link on which nothing comes for
 * `limits.linkSilentMs`, while answers are waited for, is silent. An entry without an answer within
 * `limits.linkAnswerMsMax` gets the method's `unanswered`; a link on which nothing at all came in
 * that time is destroyed, as its network may be gone without a sign. What may take long has more
 * time, while the host says that it is at work. When the stream ends, everything pending is answered
 * `unanswered` at once. An entry for which there is no room in its method's share of the link is not
 * sent, and answered `noRoom`.
 */
import type { Duplex } from 'node:stream';
import type { Method, Share } from '../api/method.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { ignore } from '../base/ignore.ts';
import { limits } from '../base/limits.ts';
import type { Bugs } from '../base/process/bugs.ts';
import { Budget } from '../limits/budget.ts';
import type { Holder, ProcessBudget } from '../limits/process-budget.ts';
import { Outbox } from '../net/outbox.ts';
import { encodeLinkFrame, LinkDecoder } from './link-frames.ts';

interface Pending {
  readonly method: Method<unknown, unknown>;
  readonly answer: (index: number, result: unknown) => void;
  readonly index: number;
  readonly sentAt: number;
  readonly bytes: number;
}

const sweepMs = 100;

export interface LinkCallerOptions {
  readonly clock: Clock;
  /** Of the process. */
  readonly budget: ProcessBudget;
  readonly weighsEntries: boolean;
  /** Told what goes wrong with those who hear an answer. */
  readonly bugs: Pick<Bugs, 'caught'>;
  /** Told once, after everything pending was answered. */
  readonly onClose: () => void;
}

export class LinkCaller implements Holder {
  readonly takenBytes = 0;
  readonly stalledAt = 0;
  readonly #stream: Duplex;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #sweep: Timer;
  /** In the order sent, so the oldest is first. */
  readonly #pending = new Map<number, Pending>();
  /** What waits for an answer, of each share. */
  readonly #inFlight: Record<Share, Budget>;
  readonly #budget: ProcessBudget;
  readonly #bugs: Pick<Bugs, 'caught'>;
  readonly #unwatch: () => void;
  #nextCall = 1;
  #receivedAt = 0;
  /** Since when there is always something that waits for an answer. */
  #waitingSince = 0;
  #isSilent = false;
  #sweptAt = 0;
  #open = true;

  /** Takes over `stream`. */
  constructor(stream: Duplex, options: LinkCallerOptions) {
    const { clock, budget, onClose } = options;
    const whole = options.weighsEntries ? { whole: budget } : {};
    this.#inFlight = {
      durable: new Budget({
        countMax: limits.linkInFlightMax,
        bytesMax: limits.linkInFlightBytesMax,
        ...whole,
      }),
      background: new Budget({
        countMax: limits.linkBackgroundInFlightMax,
        bytesMax: limits.linkInFlightBytesMax,
        ...whole,
      }),
      droppable: new Budget({
        countMax: limits.linkDroppableInFlightMax,
        bytesMax: limits.linkDroppableInFlightBytesMax,
        ...whole,
      }),
    };
    this.#stream = stream;
    this.#outbox = new Outbox(stream);
    this.#budget = budget;
    this.#bugs = options.bugs;
    this.#unwatch = budget.watch(() => [this]);
    this.#clock = clock;
    this.#sweptAt = clock.monotonic();
    this.#sweep = clock.setInterval(() => this.#expire(), sweepMs);
    const decoder = new LinkDecoder();
    stream.on('data', (chunk: Buffer) => {
      this.#receivedAt = clock.monotonic();
      this.#isSilent = false;
      try {
        decoder.push(chunk, (call, _method, payload) => this.#settle(call, payload));
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    stream.on('error', ignore("'close' follows, and says all there is to say"));
    stream.on('close', () => {
      this.#end();
      onClose();
    });
  }

  /** Entries that wait for an answer. */
  get inFlight(): number {
    return this.#pending.size;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Whether answers are waited for, and nothing at all has come for `limits.linkSilentMs`. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  send<Entry, Result>(
    method: Method<Entry, Result>,
    entries: readonly Entry[],
    answer: (index: number, result: Result) => void,
  ): void {
    const sentAt = this.#clock.monotonic();
    if (this.#pending.size === 0) this.#waitingSince = sentAt;
    for (let index = 0; index < entries.length; index++) {
      if (!this.#open || !this.#hasRoom(method.share)) {
        answer(index, this.#open ? method.noRoom : method.unanswered);
        continue;
      }
      const call = this.#nextCall;
      this.#nextCall = call === 0xffff_ffff ? 1 : call + 1;
      const payload = method.entry.encode(entries[index] as Entry).finish();
      const bytes = payload.length;
      this.#pending.set(call, { method, answer, index, sentAt, bytes } as Pending);
      this.#inFlight[method.share].take(bytes);
      this.#budget.spend(bytes);
      this.#outbox.write(encodeLinkFrame(call, method.id, payload));
    }
  }

  /** What waits to be written. What waits for answers is counted by whoever waits for them. */
  get unreadBytes(): number {
    return this.#outbox.heldBytes;
  }

  #hasRoom(share: Share): boolean {
    if (this.#inFlight[share].isFull) return false;
    return (
      share !== 'droppable' ||
      (this.#pending.size < limits.linkDroppableInFlightMax &&
        this.#outbox.bufferedBytes < limits.linkDroppableBytesMax)
    );
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #settle(call: number, payload: Uint8Array): void {
    const pending = this.#pending.get(call);
    // Too late: it was given up, and has been answered. Or of none: the host is at work.
    if (!pending) return;
    this.#remove(call, pending);
    this.#tell(pending, this.#decode(pending.method, payload));
  }

  /** An answer that cannot be read is none, and no reason to end all others' link. */
  #decode(method: Method<unknown, unknown>, payload: Uint8Array): unknown {
    try {
      return method.result.decode(payload);
    } catch (error) {
      this.#bugs.caught(error, `reading an answer of link method ${method.id}`);
      return method.unanswered;
    }
  }

  /** A mistake of whoever hears it concerns nobody else on the link. */
  #tell({ answer, index, method }: Pending, result: unknown): void {
    try {
      answer(index, result);
    } catch (error) {
      this.#bugs.caught(error, `hearing an answer of link method ${method.id}`);
    }
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    const sleptMs = now - this.#sweptAt;
    this.#sweptAt = now;
    // When this process had no turn, what has come meanwhile is read first.
    if (sleptMs <= limits.linkSilentMs) {
      const heardAt = Math.max(this.#receivedAt, this.#waitingSince);
      this.#isSilent = this.#pending.size > 0 && now - heardAt > limits.linkSilentMs;
    }
    if (sleptMs > limits.linkAnswerMsMax / 2) return;
    const before = now - limits.linkAnswerMsMax;
    for (const [call, pending] of this.#pending) {
      const { sentAt, method } = pending;
      if (sentAt > before) return;
      if (this.#receivedAt < (method.isLong ? before : sentAt)) {
        this.#stream.destroy();
        return;
      }
      if (method.isLong && sentAt > now - limits.linkLongAnswerMsMax) continue;
      this.#remove(call, pending);
      this.#tell(pending, method.unanswered);
    }
  }

  #remove(call: number, { method, bytes }: Pending): void {
    this.#pending.delete(call);
    this.#inFlight[method.share].giveBack(bytes);
  }

  #end(): void {
    this.#open = false;
    this.#sweep.cancel();
    this.#unwatch();
    const unanswered = [...this.#pending.entries()];
    for (const [call, pending] of unanswered) this.#remove(call, pending);
    for (const [, pending] of unanswered) this.#tell(pending, pending.method.unanswered);
  }
}

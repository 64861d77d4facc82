/** What is written to one client: how much of it may wait, and what is left out where too much does. */
import { limits } from '../../base/limits.ts';
import type { CloseName } from '../../codec/close-codes.ts';
import type { ProcessBudget } from '../../limits/process-budget.ts';
import type { ClientStream } from '../../net/client-stream.ts';
import type { GroupDelivery } from '../groups/group-message.ts';
import type { ServerCounters } from '../server-counters.ts';
import { Backlog, type BacklogOwner } from './backlog.ts';

export interface SessionOutputOptions {
  readonly stream: ClientStream;
  readonly budget: ProcessBudget;
  readonly counters: Pick<ServerCounters, 'transient'>;
}

/** A part of every session (client-session.ts), and no object of its own: there are very many. */
export abstract class SessionOutput implements BacklogOwner {
  protected readonly stream: ClientStream;
  readonly #budget: ProcessBudget;
  readonly #counters: Pick<ServerCounters, 'transient'>;
  /** Null while it is as a new one would be: nothing waits to be written. */
  #usedBacklog: Backlog | null = null;

  constructor({ stream, budget, counters }: SessionOutputOptions) {
    this.stream = stream;
    this.#budget = budget;
    this.#counters = counters;
  }

  /** The client is logged in. */
  abstract get ready(): boolean;

  /** Nothing more is to be written to it. */
  abstract get isEnding(): boolean;

  abstract close(name: CloseName): void;

  abstract onDrained(behind: ReadonlyMap<string, number>): void;

  get #backlog(): Backlog {
    this.#usedBacklog ??= new Backlog(this, this.stream, this.#budget);
    return this.#usedBacklog;
  }

  takes({ group, seq }: GroupDelivery): boolean {
    return seq === 0 ? this.takesTransient() : this.takesLive(group, seq);
  }

  get hasRoom(): boolean {
    return this.ready && this.#backlog.bufferedBytes <= limits.transientOutboxBytesMax;
  }

  /** Whether there is room for something that is not stored; it is counted as dropped if not. */
  takesTransient(): boolean {
    const { delivered, droppedAtReader } = this.#counters.transient;
    const { hasRoom } = this;
    (hasRoom ? delivered : droppedAtReader).value += 1;
    return hasRoom;
  }

  takesLive(timeline: string, seq: number): boolean {
    return this.ready && this.#backlog.takesLive(timeline, seq);
  }

  takesPage(): boolean {
    return this.ready && this.#backlog.takesPage();
  }

  writeLive(bytes: Uint8Array): void {
    this.#backlog.write(bytes);
  }

  writeFrame(
    bytes: Uint8Array,
    start: number,
    end: number,
    tail: Uint8Array,
    tailBytes: number = tail.length,
  ): void {
    this.#backlog.writeFrame(bytes, start, end, tail, tailBytes);
  }

  write(bytes: Uint8Array): void {
    if (this.isEnding) return;
    this.#backlog.write(bytes);
    if (this.#backlog.isTooMuch) this.close('slow');
  }

  whenWritten(done: () => void): void {
    this.#backlog.whenWritten(() => {
      if (this.ready) done();
    });
  }

  /** What waits leaves now. */
  protected flush(): void {
    this.#backlog.flush();
  }

  /** Whether its peer does not keep up with what is sent to it. */
  get isBehind(): boolean {
    return this.#usedBacklog?.isBehind === true;
  }

  /** Bytes that wait to be written. */
  protected get waitingBytes(): number {
    return this.#usedBacklog?.heldBytes ?? 0;
  }

  /** Since when its peer has taken none of them; 0: it has, of late. */
  protected get unreadSince(): number {
    return this.#usedBacklog?.stalledAt ?? 0;
  }

  /** One look of the sweep. Whether its peer has taken nothing for too long. */
  protected isStuck(now: number): boolean {
    if (this.#usedBacklog?.isIdle) this.#usedBacklog = null;
    return (this.#usedBacklog?.stalledMs(now) ?? 0) > limits.outboxStallMsMax;
  }
}

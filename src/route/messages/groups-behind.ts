/**
 * How far servers are behind with writing to the members of groups. Somebody writes to the lobby as
 * fast as they are answered, and a server has a thousand members to write each message to: their
 * answers wait until it has caught up, and if that does not help, more is refused for now. A message
 * whose answer waits is stored, so nobody waits for long.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';

interface Waiting {
  readonly run: () => void;
  readonly until: number;
}

interface Behind {
  /** Messages that were pushed and not written yet, by server. */
  readonly servers: Map<string, number>;
  /** Servers that have more of them than may be. */
  slow: number;
  full: number;
  /** Answers, in their order. */
  waiting: Waiting[];
  timer: Timer | undefined;
}

const { groupBehindMessages, groupBehindMessagesMax, groupBehindMsMax } = limits;

export class GroupsBehind {
  readonly #clock: Clock;
  readonly #groups = new Map<string, Behind>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  pushed(group: string, instance: string, messages: number): void {
    let behind = this.#groups.get(group);
    if (!behind) {
      behind = { servers: new Map(), slow: 0, full: 0, waiting: [], timer: undefined };
      this.#groups.set(group, behind);
    }
    this.#change(behind, instance, messages);
  }

  /** Or given up. */
  written(group: string, instance: string, messages: number): void {
    const behind = this.#groups.get(group);
    if (!behind) return;
    this.#change(behind, instance, -messages);
    if (behind.slow === 0) this.#answer(behind, Number.POSITIVE_INFINITY);
    if (behind.servers.size === 0) this.#groups.delete(group);
  }

  /** No more for now. */
  isFull(group: string): boolean {
    return (this.#groups.get(group)?.full ?? 0) > 0;
  }

  /** Maybe at once. */
  whenRoom(group: string, run: () => void): void {
    const behind = this.#groups.get(group);
    if (!behind || behind.slow === 0) return run();
    behind.waiting.push({ run, until: this.#clock.monotonic() + groupBehindMsMax });
    this.#wait(behind);
  }

  #change(behind: Behind, instance: string, messages: number): void {
    const before = behind.servers.get(instance) ?? 0;
    const after = before + messages;
    if (after === 0) behind.servers.delete(instance);
    else behind.servers.set(instance, after);
    behind.slow += Number(after > groupBehindMessages) - Number(before > groupBehindMessages);
    behind.full += Number(after > groupBehindMessagesMax) - Number(before > groupBehindMessagesMax);
  }

  #wait(behind: Behind): void {
    const [first] = behind.waiting;
    if (!first || behind.timer) return;
    const waitMs = Math.max(first.until - this.#clock.monotonic(), 0);
    behind.timer = this.#clock.setTimeout(() => {
      behind.timer = undefined;
      this.#answer(behind, this.#clock.monotonic());
      this.#wait(behind);
    }, waitMs);
  }

  /** Those that wait until then, or not as long. */
  #answer(behind: Behind, until: number): void {
    const later = behind.waiting.findIndex((waiting) => waiting.until > until);
    const due = behind.waiting.splice(0, later === -1 ? behind.waiting.length : later);
    for (const { run } of due) run();
    if (behind.waiting.length > 0) return;
    behind.timer?.cancel();
    behind.timer = undefined;
  }
}

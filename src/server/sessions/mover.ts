/**
 * Lets connections go elsewhere, at a pace: those who leave all at once arrive at other servers all
 * at once. Clients that are told why come first, as they come back elsewhere by themselves; those that
 * only see the end come last. What somebody has sent may still be answered, for a
 * moment: it need not be sent again then.
 */
import type { Clock } from '../../base/clock.ts';
import { limits } from '../../base/limits.ts';

/** A connection that is to go. */
export interface Movable {
  readonly ready: boolean;
  readonly isToldWhy: boolean;
  /** Closes it, at once or when all that it has sent is answered. */
  leave(): void;
  /** Closes it as it is, unless it is closing already. */
  close(name: 'moving'): void;
}

export interface MoverOptions {
  readonly clock: Clock;
  readonly sessions: () => Iterable<Movable>;
}

export class Mover {
  readonly #options: MoverOptions;
  #moving: Promise<void> | undefined;

  constructor(options: MoverOptions) {
    this.#options = options;
  }

  /** Resolves when all who are logged in now are closed or closing. One at a time: joins in. */
  move(): Promise<void> {
    this.#moving ??= this.#moveAll().finally(() => {
      this.#moving = undefined;
    });
    return this.#moving;
  }

  async #moveAll(): Promise<void> {
    const sessions = [...this.#options.sessions()];
    const inOrder = [
      ...sessions.filter(({ isToldWhy }) => isToldWhy),
      ...sessions.filter(({ isToldWhy }) => !isToldWhy),
    ];
    const stepCount = stepOf(inOrder.length);
    for (let from = 0; from < inOrder.length; from += stepCount) {
      if (from > 0) await this.#pause(limits.moveStepMs);
      for (const session of inOrder.slice(from, from + stepCount)) session.leave();
    }
    for (let waitedMs = 0; inOrder.some(({ ready }) => ready); waitedMs += limits.moveStepMs) {
      if (waitedMs >= limits.moveAnswerMsMax) break;
      await this.#pause(limits.moveStepMs);
    }
    for (const session of inOrder) session.close('moving');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimeout(resolve, ms));
  }
}

/** How many go in one step: a few all at once, many within the time for all. */
function stepOf(count: number): number {
  if (count <= limits.moveAtOnceMax) return limits.moveAtOnceMax;
  const steps = limits.moveMsMax / limits.moveStepMs;
  return Math.max(limits.moveStepConnectionsMin, Math.ceil(count / steps));
}

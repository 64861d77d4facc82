/** When to try again after a connection has ended, and which servers not to be sent to. Pure. */
import { Backoff } from '../../base/backoff.ts';
import type { CloseAdvice } from '../../codec/close-codes.ts';

/** A connection that was ready for this long was a good one: the next attempt is a first one. */
const goodMs = 1_000;
/**
 * The first attempt after a good connection comes within this time: at once, but not a whole crowd
 * in the same moment.
 */
const quickMs = 100;
/**
 * Servers in `avoid`; the oldest is forgotten. A cluster in which more have failed has other
 * troubles.
 */
const avoidMax = 16;

export class ReconnectPolicy {
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #avoid = new Set<string>();

  constructor(random: () => number) {
    this.#random = random;
    this.#backoff = new Backoff({ baseMs: 200, capMs: 10_000, random });
  }

  /** `ip:port` of servers that have failed since the last login that worked. */
  get avoid(): readonly string[] {
    return [...this.#avoid];
  }

  /** Logged in. */
  ready(): void {
    this.#avoid.clear();
  }

  /** Routes could not be reached or had no server: how long to wait. */
  loginFailed(): number {
    return this.#backoff.next();
  }

  /** A connection has ended; `readyMs`: how long it was ready, 0 if never. How long to wait. */
  connectionEnded(
    server: string,
    end: { readonly advice: CloseAdvice; readonly serverFailed: boolean },
    readyMs: number,
  ): number {
    const isNew = !this.#avoid.has(server);
    if (end.serverFailed) this.#remember(server);
    if (readyMs >= goodMs) {
      this.#backoff.reset();
      return quickMs * this.#random();
    }
    return end.advice === 'elsewhere' && isNew ? 0 : this.#backoff.next();
  }

  /**
   * The server that we had does not let us in again. How long to wait: not at all, a route has not
   * been asked yet.
   */
  returnFailed(server: string, end: { readonly serverFailed: boolean }): number {
    if (end.serverFailed) this.#remember(server);
    return 0;
  }

  #remember(server: string): void {
    this.#avoid.delete(server);
    this.#avoid.add(server);
    for (const oldest of this.#avoid) {
      if (this.#avoid.size <= avoidMax) return;
      this.#avoid.delete(oldest);
    }
  }
}

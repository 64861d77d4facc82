/** Says when to try again after a connection has ended, and which servers to avoid. Pure. */
import { Backoff } from '../../../base/backoff.ts';
import type { CloseAdvice } from '../../../codec/close-codes.ts';

const longestWaitMs = 10_000;
/**
 * A connection that was ready for this long was a good one: the next attempt is a first one. It is as
 * long as the longest wait, so whatever ends each connection soon after its login, it does so less
 * and less often; a login alone proves nothing.
 */
const goodMs = longestWaitMs;
/**
 * One that was ready for this long, or was sent elsewhere, may have had an accident; but not that
 * often in a row.
 */
const shortMs = 1_000;
const accidentsMax = 3;
/**
 * The first attempt after a good connection comes within this time: soon, but not the whole crowd of
 * a server that has gone at once: routes and the other servers let in some thousands a second.
 */
const quickMs = 1_000;
/**
 * Servers in `avoid`; the oldest is forgotten. A cluster in which more have failed has other
 * troubles.
 */
const avoidMax = 16;

export class ReconnectPolicy {
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #avoid = new Set<string>();
  /** Connections in a row that were not good ones. */
  #badCount = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#backoff = new Backoff({ baseMs: 200, capMs: longestWaitMs, random });
  }

  /** `host:port` of servers that have failed since the last login that worked. */
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
    const isGood = readyMs >= goodMs;
    const isNew = !this.#avoid.has(server);
    if (end.serverFailed) this.#remember(server);
    if (isGood) {
      this.#backoff.reset();
      this.#badCount = 0;
    } else {
      this.#badCount += 1;
    }
    if (this.#badCount > accidentsMax) return this.#backoff.next();
    if (readyMs >= shortMs) return quickMs * this.#random();
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

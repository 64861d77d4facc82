/**
 * Looks at the deletions that have not settled. Every route does this: it forgets what it remembers of
 * the accounts, and does again what a route may have left undone that died, or could not reach the store.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Service } from '../../base/process/lifecycle.ts';
import type { Deletions } from '../../store/deletions.ts';

export interface DeletionWatchOptions {
  readonly deletions: Pick<Deletions, 'pending'>;
  /** What this route remembers of the account is not true any more; undefined: nor of any other, maybe. */
  readonly forget: (userId?: number) => void;
  /** Both steps of a deletion. */
  readonly erase: (userId: number) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class DeletionWatch implements Service {
  readonly #options: DeletionWatchOptions;
  #timer: Timer | undefined;
  #look: Promise<void> | undefined;
  #lookedAt: number;
  /** Those that this route has looked at, and that have not settled: once is enough until then. */
  #seen: ReadonlySet<number> = new Set();

  constructor(options: DeletionWatchOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.monotonic();
  }

  start(): void {
    this.#timer ??= this.#options.clock.setInterval(() => {
      this.#look ??= this.#lookOnce().finally(() => {
        this.#look = undefined;
      });
    }, limits.deletionLookMs);
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#look;
  }

  /** Never rejects: what cannot be done now is done at the next look. */
  async #lookOnce(): Promise<void> {
    const { deletions, forget, erase, clock, log } = this.#options;
    try {
      const askedAt = clock.monotonic();
      const pending = await deletions.pending();
      const isBlind = askedAt - this.#lookedAt > limits.deletionSettlesMs / 2;
      if (isBlind || pending.length >= limits.deletionsListedMax) forget();
      this.#lookedAt = askedAt;
      const seen = new Set<number>();
      for (const { userId, isSettled } of pending) {
        forget(userId);
        if (isSettled || !this.#seen.has(userId)) await erase(userId);
        if (!isSettled) seen.add(userId);
      }
      this.#seen = seen;
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      log.debug({ error: describeError(error) }, 'deletions could not be looked at');
    }
  }
}

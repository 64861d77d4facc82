/**
 * Takes away the bytes of files that have expired. Every route does this: a lease keeps two from doing
 * the same, and doing it twice is harmless.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Counter } from '../../base/process/counters.ts';
import type { Service } from '../../base/process/lifecycle.ts';
import type { BlobStore } from '../../files/blob-store.ts';
import type { Files } from '../../store/files.ts';
import { fileName } from './file-parts.ts';

export interface FileSweepOptions {
  readonly files: Pick<Files, 'leaseExpired' | 'remove'>;
  readonly blobs: Pick<BlobStore, 'remove' | 'problem' | 'probe'>;
  /** Why this route may not; null: it may. */
  readonly refusal: () => string | null;
  readonly removed: Counter;
  readonly clock: Clock;
  readonly log: Logger;
}

export class FileSweep implements Service {
  readonly #options: FileSweepOptions;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: FileSweepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.setInterval(() => {
      this.#round ??= this.#sweep().finally(() => {
        this.#round = undefined;
      });
    }, limits.fileSweepMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  /** Never rejects: what cannot be done now is leased again later. */
  async #sweep(): Promise<void> {
    const { files, blobs, refusal, removed, log } = this.#options;
    try {
      if (blobs.problem !== null) await blobs.probe();
      while (!this.#isStopped && refusal() === null && blobs.problem === null) {
        const expired = await files.leaseExpired(limits.filesPerSweepMax, limits.fileSweepLeaseMs);
        if (expired.length === 0) return;
        for (const { id } of expired) {
          const name = fileName(id);
          if (name !== undefined) await blobs.remove(name);
        }
        await files.remove(expired);
        removed.value += expired.length;
      }
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
      log.debug({ error: describeError(error) }, 'expired files could not be removed');
    }
  }
}

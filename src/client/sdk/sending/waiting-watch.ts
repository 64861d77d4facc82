/**
 * Tells once that a message has been refused for some seconds: its writer sees no acknowledgement
 * and would not know why. The time ends when something is stored, or when the connection is lost,
 * which is told in its own way.
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { EventEmitter } from '../event-emitter.ts';
import type { Outgoing } from './outgoing.ts';

export interface WaitingWatchOptions {
  readonly outgoing: Pick<Outgoing, 'refusedSince' | 'unansweredCount'>;
  readonly events: Pick<EventEmitter, 'emit'>;
  /** What a route says is the matter; null: it knows of nothing. Rejects as calls of routes do. */
  readonly findTrouble: () => Promise<string | null>;
}

const unknown = 'the cluster does not take it yet';

export class WaitingWatch {
  readonly #options: WaitingWatchOptions;
  #isTold = false;

  constructor(options: WaitingWatchOptions) {
    this.#options = options;
  }

  /** When to call `look` even if nothing else happens; Infinity: not at all. */
  get wakeAt(): number {
    return this.#isTold ? Infinity : this.#options.outgoing.refusedSince + limits.clientQuietMsMax;
  }

  look(now: number): void {
    if (this.#options.outgoing.refusedSince === Infinity) this.#isTold = false;
    else if (now >= this.wakeAt) {
      this.#isTold = true;
      void this.#tell();
    }
  }

  async #tell(): Promise<void> {
    const { outgoing, events, findTrouble } = this.#options;
    const reason = await findTrouble().catch((error: unknown) => {
      if (!(error instanceof CimError)) throw error;
      return error.kind === 'unavailable' ? error.message : null;
    });
    // Over meanwhile.
    if (outgoing.refusedSince === Infinity) return;
    events.emit('waiting', { messages: outgoing.unansweredCount, reason: reason ?? unknown });
  }
}

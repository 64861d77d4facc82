/**
 * Tells the servers whose clients watch somebody that a session of theirs was opened, or has ended.
 * Kept out of the way of logins: whom to tell is looked up for one batch at a time, and what comes
 * when too many wait is not told. Whatever is not told is noticed when the server asks anew.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Presence } from '../../store/presence.ts';
import type { ServerDirectory } from '../servers/server-directory.ts';

export interface PresenceHintsOptions {
  readonly presence: Pick<Presence, 'observers'>;
  readonly servers: ServerDirectory;
}

export class PresenceHints {
  readonly #options: PresenceHintsOptions;
  /** By user: whether the last thing that happened was an opening. */
  #waiting = new Map<number, boolean>();
  #isTelling = false;

  constructor(options: PresenceHintsOptions) {
    this.#options = options;
  }

  /** The store has recorded that a session of this user was opened, or has ended. */
  changed(userId: number, opened: boolean): void {
    if (this.#waiting.size >= limits.presenceHintsWaitingMax && !this.#waiting.has(userId)) return;
    this.#waiting.set(userId, opened);
    if (!this.#isTelling) void this.#tellAll();
  }

  async #tellAll(): Promise<void> {
    this.#isTelling = true;
    // What comes in the same turn belongs to the same batch.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, limits.storeBatchMax);
      for (const [userId] of batch) this.#waiting.delete(userId);
      await this.#tell(batch);
      // A store that answers on the spot must not keep everybody else waiting.
      if (this.#waiting.size > 0) await nextTurn();
    }
    this.#isTelling = false;
  }

  async #tell(batch: readonly (readonly [userId: number, opened: boolean])[]): Promise<void> {
    const { presence, servers } = this.#options;
    try {
      const observers = await presence.observers(batch.map(([userId]) => userId));
      for (const [index, [userId, opened]] of batch.entries()) {
        for (const { instance, address } of observers[index] ?? []) {
          servers.at(address).presence([{ userId, instance, opened }], () => {
            // Whether or not it arrived: the server asks anew.
          });
        }
      }
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
    }
  }
}

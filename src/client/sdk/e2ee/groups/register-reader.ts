/** Reads the register of a group's keys for what a client holds of them (held-keys.ts), not too often. */
import { CimError } from '../../../../base/errors.ts';
import { limits } from '../../../../base/limits.ts';
import type { Patience } from '../patience.ts';
import type { GroupRegister, RegisterPage, SlotId } from './group-register.ts';
import type { HeldKeys } from './held-keys.ts';

export interface RegisterReaderOptions {
  readonly register: Pick<GroupRegister, 'read'>;
  readonly patience: Patience;
  /** Monotonic ms. */
  readonly now: () => number;
}

export class RegisterReader {
  readonly #options: RegisterReaderOptions;

  constructor(options: RegisterReaderOptions) {
    this.#options = options;
  }

  /** What it says now. `isPatient`: waits while no route answers; otherwise rejects with its CimError. */
  async newest(held: HeldKeys, isPatient: boolean): Promise<RegisterPage> {
    const page = await this.#read(held, undefined, isPatient);
    held.readAt = this.#options.now();
    held.addNewest(page);
    return page;
  }

  /**
   * What may open a message of this epoch, unless that was asked a moment ago; of a later epoch than is
   * known it waits for the moment. False: this user is not to read it.
   */
  async readFor(held: HeldKeys, epoch: number, isPatient: boolean): Promise<boolean> {
    const age = this.#options.now() - held.readAt;
    const isBehind = epoch > (held.status?.keyEpoch ?? 0);
    const pauseMs = Math.max(0, limits.clientGroupKeysBehindMsMin - age);
    try {
      if (isBehind || age >= limits.clientGroupKeysMsMin)
        await this.#readOnce(held, isPatient, pauseMs);
      for (let after = held.nextFor(epoch); after; after = held.nextFor(epoch))
        held.addOlder(await this.#read(held, after, isPatient));
      return true;
    } catch (error) {
      if (error instanceof CimError && !error.retryable) return false;
      throw error;
    }
  }

  /** For all who ask meanwhile; after this pause. */
  async #readOnce(held: HeldKeys, isPatient: boolean, pauseMs: number): Promise<void> {
    held.reading ??= this.#readAfter(held, isPatient, pauseMs).finally(() => {
      held.reading = undefined;
    });
    await held.reading;
  }

  async #readAfter(held: HeldKeys, isPatient: boolean, pauseMs: number): Promise<void> {
    if (pauseMs > 0) await this.#options.patience.pause(pauseMs);
    await this.newest(held, isPatient);
  }

  #read(held: HeldKeys, after: SlotId | undefined, isPatient: boolean): Promise<RegisterPage> {
    const { register, patience } = this.#options;
    const read = () => register.read(held.group, after);
    return isPatient ? patience.untilAnswered(read) : read();
  }
}

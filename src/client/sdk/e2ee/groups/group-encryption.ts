/**
 * Encryption of groups from end to end, as the rest of the SDK sees it. Which groups are encrypted is
 * known here; what a message is sent as, and what was received, is in group-sealing.ts, loaded for the
 * first group that is.
 */
import { CimError } from '../../../../base/errors.ts';
import { lobby } from '../../../../codec/commands.ts';
import { OnDemand } from '../../on-demand.ts';
import type { Patience } from '../patience.ts';
import type { ClearStanding, Draft, EncryptionMode, Opened, Sendable } from '../sealable.ts';
import type { OwnKeys } from '../sealing.ts';
import type { GroupSealing, SealedForGroup } from './group-sealing.ts';
import type { KnownGroups } from './known-groups.ts';

export interface GroupEncryptionOptions {
  readonly mode: EncryptionMode;
  readonly known: KnownGroups;
  readonly patience: Patience;
  /** The account's pair; null: it has none that could be used. */
  readonly own: () => Promise<OwnKeys | null>;
  readonly load: () => Promise<GroupSealing>;
  /** Asks a route for its epoch; 0: it is not encrypted. Rejects with its CimError. */
  readonly askEpoch: (group: string) => Promise<number>;
  /** What is known of groups has changed: it is to be saved. */
  readonly onKnown: () => void;
}

export class GroupEncryption {
  readonly #options: GroupEncryptionOptions;
  readonly #sealing: OnDemand<GroupSealing>;
  /** The newest that was told, by group. */
  readonly #epochs = new Map<string, number>();

  constructor(options: GroupEncryptionOptions) {
    this.#options = options;
    this.#sealing = new OnDemand(options.load, options.patience);
  }

  /** A server, or a route, says of a group what its epoch is; 0: it is not encrypted. */
  learn(group: string, keyEpoch: number): void {
    const { known, mode, onKnown } = this.#options;
    if (known.learn(group, keyEpoch > 0)) onKnown();
    const isNews = this.#epochs.get(group) !== keyEpoch;
    if (known.of(group) !== 'encrypted' || mode === 'off' || !isNews) return;
    this.#epochs.set(group, keyEpoch);
    this.#sealing.run((part) => part.changed(group));
    this.#sealing.run((part) => part.look(group));
  }

  /** The user is in it no longer: that it was encrypted, and how far its keys had come, stays known. */
  forget(group: string): void {
    const { known, onKnown } = this.#options;
    this.#sealing.runIfWanted((part) => part.forget(group));
    this.#epochs.delete(group);
    if (known.leave(group)) onKnown();
  }

  /**
   * Makes the request that removes a member, and knows of that, whatever the cluster says from then on.
   * Rejects as the request does.
   */
  async remove(group: string, userId: number, request: () => Promise<void>): Promise<void> {
    const since = this.#options.known.viewOf(group)?.members.get(userId);
    await request();
    if (since === undefined || this.#options.mode === 'off') return;
    this.#sealing.run((part) => part.removed(group, userId, since));
  }

  /** Logged in, perhaps again. */
  connected(): void {
    this.#sealing.runIfWanted((part) => part.connected());
  }

  /** In another store than before: nothing of the keys that were there counts. */
  storeChanged(): void {
    this.#epochs.clear();
    this.#sealing.runIfWanted((part) => part.forgetAll());
  }

  /** The client is closed. */
  stop(): void {
    this.#sealing.stop();
  }

  /** What is to be thought of clear text in this group. */
  standingInClear(group: string): ClearStanding {
    const { known, mode } = this.#options;
    if (mode === 'off') return 'unknown';
    if (known.of(group) === 'encrypted') return 'unexpected';
    return mode === 'require' ? 'unprotected' : 'unknown';
  }

  /** Its keys may be others by now: the server has refused what was sealed with the one that was known. */
  changed(group: string): void {
    this.#sealing.runIfWanted((part) => part.changed(group));
  }

  /** It is known that what is sent there is clear text, and may be. */
  isInClear(group: string): boolean {
    const { known, mode } = this.#options;
    if (mode === 'require') return false;
    // Such a client is in no group that it was not told of.
    if (mode === 'off') return known.of(group) !== 'encrypted';
    return group === lobby || known.of(group) === 'clear';
  }

  /** Whether what is sent there is sealed. Rejects as `seal` would. */
  async isSealed(group: string): Promise<boolean> {
    return (await this.#sealer(group)) !== null;
  }

  /** Rejects where clear text may not be sent. */
  async assertInClear(group: string): Promise<void> {
    if (this.isInClear(group)) return;
    if (await this.#isEncrypted(group))
      throw new CimError('encrypted-group', 'nothing can be sent there later: it is encrypted');
    if (this.#options.mode === 'require') throw notSent(`#${group} is not encrypted`);
  }

  /**
   * What to send to this group under this identity. Rejects with `no-key`, `key-changed`, and as the
   * group's routes refuse.
   */
  async seal(group: string, identity: string, draft: Draft): Promise<Sendable> {
    const own = await this.#sealer(group);
    if (!own) return draft;
    return (await this.#sealing.get(true)).seal(group, identity, draft, own);
  }

  /** `isPatient`: waits while no route answers. `isAwaited`: and for a key that is on its way. */
  async open(message: SealedForGroup, isPatient: boolean, isAwaited = isPatient): Promise<Opened> {
    if (this.#options.mode === 'off') return { unreadable: 'off' };
    return (await this.#sealing.get(isPatient)).open(message, isPatient, isAwaited);
  }

  /** With what to seal for this group; null: it is sent in clear text. */
  async #sealer(group: string): Promise<OwnKeys | null> {
    const { mode, own: ownKeys } = this.#options;
    if (!(await this.#isEncrypted(group))) {
      if (mode === 'require') throw notSent(`#${group} is not encrypted`);
      return null;
    }
    const own = mode === 'off' ? null : await ownKeys();
    if (!own) throw notSent('there is no key of this account here');
    return own;
  }

  async #isEncrypted(group: string): Promise<boolean> {
    const { known, askEpoch, patience } = this.#options;
    if (group === lobby) return false;
    if (known.of(group) === undefined)
      this.learn(group, await patience.untilAnswered(() => askEpoch(group)));
    return known.of(group) === 'encrypted';
  }
}

function notSent(reason: string): CimError {
  return new CimError('no-key', `not sent, as it cannot be encrypted: ${reason}`);
}

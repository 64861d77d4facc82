/**
 * End-to-end encryption as the rest of the SDK sees it: what a message is sent as, what was received,
 * and whose key is whose. What needs no keys is answered here; the rest is in message-encryption.ts
 * and groups/group-sealing.ts, which a page loads when they are needed first. What it protects against,
 * and what not, is in docs/guides/encryption.md.
 *
 *   auto      sealed where both sides have keys; clear text only to who never had one
 *   require   sealed, or not sent
 *   off       no keys are used
 */
import { CimError } from '../../../base/errors.ts';
import { OnDemand } from '../on-demand.ts';
import type { Platform } from '../platform.ts';
import type { GroupChangesOptions } from './groups/group-changes.ts';
import { GroupEncryption, type GroupEncryptionOptions } from './groups/group-encryption.ts';
import type { GroupKeyCalls } from './groups/group-register.ts';
import type { PeerKey } from './key-facts.ts';
import type { KeyPins } from './key-pins.ts';
import type {
  MessageEncryption,
  MessageEncryptionOptions,
  SealedFor,
} from './message-encryption.ts';
import type { Patience } from './patience.ts';
import type { ClearStanding, Draft, EncryptionMode, Opened, Sendable } from './sealable.ts';

export interface EncryptionOptions extends Omit<MessageEncryptionOptions, 'isOffered'> {
  readonly groups: GroupOptions;
}

/** Of encrypted groups. */
export type GroupOptions = Pick<GroupEncryptionOptions, 'known' | 'askEpoch' | 'onKnown'> & {
  readonly tell: GroupChangesOptions['tell'];
  readonly calls: GroupKeyCalls;
  readonly random: Platform['random'];
};

export class Encryption {
  readonly userId: number;
  readonly #mode: EncryptionMode;
  readonly #pins: KeyPins;
  readonly #patience: Patience;
  readonly #messages: OnDemand<MessageEncryption>;
  /** The cluster keeps no keys: nothing was needed for it. */
  #isUnneeded = false;
  readonly groups: GroupEncryption;

  constructor(options: EncryptionOptions) {
    const { userId, mode, pins, patience, groups } = options;
    this.userId = userId;
    this.#mode = mode;
    this.#pins = pins;
    this.#patience = patience;
    this.#messages = new OnDemand(async () => {
      const { MessageEncryption: Loaded } = await import('./message-encryption.ts');
      return new Loaded({ ...options, ...(this.#isUnneeded && { isOffered: false }) });
    }, patience);
    this.groups = new GroupEncryption({
      ...groups,
      ...{ userId, mode, patience },
      own: async () => (await this.#messages.get(true)).own.get(),
      load: async () => {
        const [{ own, peers, slots }, { GroupSealing }] = await Promise.all([
          this.#messages.get(false),
          import('./groups/group-sealing.ts'),
        ]);
        return new GroupSealing({ ...options, ...groups, own, peers, slots });
      },
    });
  }

  get isOff(): boolean {
    return this.#mode === 'off';
  }

  /** It is known that what is sent to this user is clear text, and has to be. */
  isInClear(to: number): boolean {
    const hasNoKeys = this.#mode === 'auto' && this.#isMissing;
    return this.isOff || (hasNoKeys && this.#pins.of(to) === undefined);
  }

  /** What is to be thought of clear text from or to this user. */
  standingInClear(peer: number): ClearStanding {
    if (this.isOff) return 'unknown';
    if (this.#pins.of(peer) !== undefined) return 'unexpected';
    return this.#mode === 'require' ? 'unprotected' : 'unknown';
  }

  /**
   * Makes a request that an account with a key pair is granted: once more if it is refused, when the pair
   * is published. At the first login that is still under way.
   */
  async withPublishedKey<Result>(request: () => Promise<Result>): Promise<Result> {
    try {
      return await request();
    } catch (error) {
      if (this.isOff || !(error instanceof CimError) || error.kind !== 'no-key') throw error;
      const { own } = await this.#messages.get(true);
      await own.get();
      return request();
    }
  }

  /**
   * Logged in. `isOffered`: the cluster keeps keys. `isOtherStore`: not in the store where this
   * client was before, so that nobody's key may be there yet, not even one's own.
   */
  connected(isOffered: boolean, isOtherStore: boolean): void {
    if (this.isOff) return;
    if (isOtherStore) this.groups.storeChanged();
    this.groups.connected();
    const isNeeded = isOffered || this.#messages.isWanted || this.#pins.of(this.userId);
    if (isNeeded) this.#messages.run((part) => part.connected(isOffered, isOtherStore));
    else this.#isUnneeded = true;
  }

  /** Something was sent that tells nothing in clear text: a message is not to be so for its sake. */
  forgetMissingKey(userId: number): void {
    this.#messages.runIfWanted(({ peers }) => peers.forgetMissing(userId));
  }

  /** Nothing is asked for any more; who waits is told. */
  stop(): void {
    this.#patience.stop();
    this.#messages.stop();
    this.groups.stop();
  }

  /**
   * What to send to this user under this identity. Throws `no-key`, `key-changed`,
   * `unknown-receiver`.
   */
  async seal(to: number, identity: string, draft: Draft): Promise<Sendable> {
    if (this.isOff) return draft;
    return (await this.#messages.get(true)).seal(to, identity, draft);
  }

  /** Rejects as seal() would for this user, now. A key that they get meanwhile is used all the same. */
  async assertSendable(to: number): Promise<void> {
    await this.seal(to, '', { text: '' });
    this.forgetMissingKey(to);
  }

  /**
   * `isPatient`: waits while no route answers; otherwise rejects with the CimError of the routes.
   */
  async open(message: SealedFor, isPatient: boolean): Promise<Opened> {
    if (this.isOff) return { unreadable: 'off' };
    return (await this.#messages.get(isPatient)).open(message, isPatient);
  }

  /** Asks the routes. Rejects with a CimError: `unknown-receiver`, `no-key`, `invalid-argument`. */
  async peerKey(userId: number): Promise<PeerKey> {
    return (await this.#toCompare(userId)).peerKey(userId);
  }

  /**
   * The key with this number is the right one. Throws `key-changed` if it is not in use any more,
   * `too-many`.
   */
  async confirmKey(userId: number, number: string): Promise<void> {
    await (await this.#toCompare(userId)).confirmKey(userId, number);
  }

  async #toCompare(userId: number): Promise<MessageEncryption> {
    if (userId === this.userId)
      throw new CimError('invalid-argument', 'that is you: there is nothing to compare');
    if (this.isOff) throw new CimError('no-key', 'there is no key of this account here');
    return this.#messages.get(false);
  }

  /** It is known that the account has no key, and needs none. */
  get #isMissing(): boolean {
    const { part, isWanted } = this.#messages;
    return part ? part.own.isMissing : this.#isUnneeded && !isWanted;
  }
}

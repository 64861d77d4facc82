/**
 * End-to-end encryption of private messages, as the rest of the SDK sees it: what a message is sent
 * as, what was received, and whose key is whose. How it is done is in sealed-message.ts; what
 * it protects against, and what not, is in docs/encryption.md.
 *
 *   auto      sealed where both sides have keys; clear text only to who never had one
 *   require   sealed, or not sent
 *   off       no keys are used
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { KeyPins } from './key-pins.ts';
import { OwnKeyHolder, type OwnKeysOptions } from './own-keys.ts';
import type { Patience } from './patience.ts';
import { type KeyChange, PeerKeys, type PeerKeysOptions } from './peer-keys.ts';
import { safetyNumber } from './safety-number.ts';
import { openText, sealText, takeApart } from './sealed-message.ts';
import type { OwnKeys, PublicKey } from './sealing.ts';
import { Slots } from './slots.ts';

export type EncryptionMode = 'auto' | 'require' | 'off';

/** What a message is sent as: one of both. */
export type Content =
  | { readonly text: string; readonly sealed?: never }
  | { readonly sealed: Uint8Array; readonly text?: never };

/**
 * Why what was sealed cannot be read. `off`: encryption is off here. `no-key`: this device has no
 * key of the account. `lost-key`: it is for a key that the account does not have any more.
 * `unknown-sender`: by a key that is not known as the sender's. `damaged`: it was altered, or is not
 * by whom or for whom or in the place that it is said to be. `unknown-form`: by a newer cim, or
 * nothing at all.
 */
export type Unreadable =
  | 'off'
  | 'no-key'
  | 'lost-key'
  | 'unknown-sender'
  | 'damaged'
  | 'unknown-form';

export type Opened = { readonly text: string } | { readonly unreadable: Unreadable };

/** A message as it was received. */
export interface SealedFor {
  readonly from: number;
  readonly to: number;
  readonly identity: string;
  readonly sealed: Uint8Array;
}

/** The key of somebody, as it is to be compared. */
export interface PeerKey {
  readonly userId: number;
  readonly userName: string;
  /** 12 groups of 5 digits, the same on both sides. */
  readonly safetyNumber: string;
  /** The user has confirmed this very key. */
  readonly verified: boolean;
}

export interface EncryptionOptions
  extends Omit<OwnKeysOptions, 'fetch' | 'publish'>,
    Omit<PeerKeysOptions, 'fetch'> {
  readonly mode: EncryptionMode;
  readonly fetchOwn: OwnKeysOptions['fetch'];
  readonly publishOwn: OwnKeysOptions['publish'];
  readonly fetchKeys: PeerKeysOptions['fetch'];
  readonly onChanged: (change: KeyChange) => void;
}

export class Encryption {
  readonly #userId: number;
  readonly #mode: EncryptionMode;
  readonly #pins: KeyPins;
  readonly #onPinned: () => void;
  readonly #own: OwnKeyHolder;
  readonly #peers: PeerKeys;
  readonly #patience: Patience;
  readonly #slots = new Slots(limits.clientSealsMax);

  constructor(options: EncryptionOptions) {
    const { userId, mode, pins, patience, onPinned, fetchOwn, publishOwn, fetchKeys } = options;
    this.#userId = userId;
    this.#mode = mode;
    this.#pins = pins;
    this.#patience = patience;
    this.#onPinned = onPinned;
    this.#own = new OwnKeyHolder({ ...options, fetch: fetchOwn, publish: publishOwn });
    this.#peers = new PeerKeys({ ...options, fetch: fetchKeys });
  }

  get isOff(): boolean {
    return this.#mode === 'off';
  }

  /** It is known that what is sent to this user is clear text, and has to be. */
  isInClear(to: number): boolean {
    const hasNoKeys = this.#mode === 'auto' && this.#own.isMissing;
    return this.isOff || (hasNoKeys && this.#pins.of(to) === undefined);
  }

  /** Whether sealed messages can be opened here. Waits and rejects as `open` does. */
  async canOpen(): Promise<boolean> {
    return !this.isOff && (await this.#own.get()) !== null;
  }

  /** Logged in. `isOffered`: the cluster keeps keys. */
  connected(isOffered: boolean): void {
    if (!this.isOff) this.#own.connected(isOffered);
  }

  /** Nothing is asked for any more; who waits is told. */
  stop(): void {
    this.#patience.stop();
  }

  /**
   * What to send to this user under this identity. Throws `no-key`, `key-changed`,
   * `unknown-receiver`.
   */
  async seal(to: number, identity: string, text: string): Promise<Content> {
    if (this.isOff) return { text };
    const own = await this.#own.get();
    if (!own) return this.#inClear(to, text, 'there is no key of this account');
    const receiver = to === this.#userId ? own : await this.#receiverKey(to);
    if (!receiver) return this.#inClear(to, text, `user ${to} has none`);
    return { sealed: await this.#slots.run(() => sealText(text, own, receiver, identity)) };
  }

  /**
   * `isPatient`: waits while no route answers; otherwise rejects with the CimError of the routes.
   */
  async open(message: SealedFor, isPatient: boolean): Promise<Opened> {
    if (this.isOff) return { unreadable: 'off' };
    const { from, to, identity } = message;
    const sealed = takeApart(message.sealed);
    if (!sealed) return { unreadable: 'unknown-form' };
    const own = await this.#own.get();
    if (!own) return { unreadable: 'no-key' };
    const isOwn = from === this.#userId;
    if (!isOwn && to !== this.#userId) return { unreadable: 'damaged' };
    if ((isOwn ? sealed.senderKeyId : sealed.receiverKeyId) !== own.id)
      return { unreadable: 'lost-key' };
    const sender = isOwn ? own : await this.#senderKey(from, sealed.senderKeyId, isPatient);
    if (!sender) return { unreadable: 'unknown-sender' };
    const part = isOwn ? sealed.forSender : sealed.forReceiver;
    const text = await this.#slots.run(() => openText(part, sender, own, identity));
    return text === undefined ? { unreadable: 'damaged' } : { text };
  }

  /** Asks the routes. Rejects with a CimError: `unknown-receiver`, `no-key`, `invalid-argument`. */
  async peerKey(userId: number): Promise<PeerKey> {
    const own = await this.#ownToCompare(userId);
    const found = await this.#peers.look(userId);
    if (!found) throw new CimError('unknown-receiver');
    const { userName, key } = found;
    if (!key) throw new CimError('no-key', `user ${userId} has no key`);
    const verified = this.#pins.of(userId)?.verified === key.text;
    return {
      userId,
      userName,
      safetyNumber: await this.#numberWith(own, userId, key.text),
      verified,
    };
  }

  /** The key with this number is the right one. Throws `key-changed` if it is not in use any more. */
  async confirmKey(userId: number, number: string): Promise<void> {
    const own = await this.#ownToCompare(userId);
    const [inUse] = this.#pins.of(userId)?.keys ?? [];
    if (inUse === undefined || (await this.#numberWith(own, userId, inUse)) !== number)
      throw new CimError('key-changed', 'the key is another one by now: compare it anew');
    this.#pins.verify(userId, inUse);
    this.#onPinned();
  }

  #receiverKey(to: number): Promise<PublicKey | undefined> {
    return this.#peers.receiverKey(to).catch((error: unknown) => {
      // No keys are kept here: then nobody has one, and the pins tell who should.
      if (error instanceof CimError && error.kind === 'not-allowed') return undefined;
      throw error;
    });
  }

  async #senderKey(
    from: number,
    keyId: string,
    isPatient: boolean,
  ): Promise<PublicKey | undefined> {
    try {
      return await this.#peers.senderKey(from, keyId, isPatient);
    } catch (error) {
      if (error instanceof CimError && !error.retryable) return undefined;
      throw error;
    }
  }

  #inClear(to: number, text: string, reason: string): Content {
    const isKnown = this.#pins.of(to) !== undefined;
    if (this.#mode !== 'require' && !isKnown) return { text };
    throw new CimError('no-key', `not sent, as it cannot be encrypted: ${reason}`);
  }

  async #ownToCompare(userId: number): Promise<OwnKeys> {
    if (userId === this.#userId)
      throw new CimError('invalid-argument', 'that is you: there is nothing to compare');
    const own = this.isOff ? null : await this.#own.get();
    if (!own) throw new CimError('no-key', 'there is no key of this account here');
    return own;
  }

  #numberWith(own: OwnKeys, userId: number, publicKey: string): Promise<string> {
    return safetyNumber({ userId: this.#userId, publicKey: own.text }, { userId, publicKey });
  }
}

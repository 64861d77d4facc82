/**
 * End-to-end encryption of private messages, as the rest of the SDK sees it: what a message is sent
 * as, what was received, and whose key is whose. How it is done is in sealed-message.ts; what
 * it protects against, and what not, is in docs/guides/encryption.md.
 *
 *   auto      sealed where both sides have keys; clear text only to who never had one
 *   require   sealed, or not sent
 *   off       no keys are used
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { decodeUtf8 } from '../../../base/text/utf8.ts';
import type { Platform } from '../platform.ts';
import { GroupChanges, type GroupChangesOptions } from './groups/group-changes.ts';
import { GroupEncryption, type GroupEncryptionOptions } from './groups/group-encryption.ts';
import { GroupKeys } from './groups/group-keys.ts';
import { type GroupKeyCalls, GroupRegister } from './groups/group-register.ts';
import type { KeyChange, PeerKey } from './key-facts.ts';
import type { KeyPins } from './key-pins.ts';
import { OwnKeyHolder, type OwnKeysOptions } from './own-keys.ts';
import type { Patience } from './patience.ts';
import { PeerKeys, type PeerKeysOptions } from './peer-keys.ts';
import { safetyNumber } from './safety-number.ts';
import type { ClearStanding, Draft, EncryptionMode, Opened, Sendable } from './sealable.ts';
import {
  contextOfContent,
  contextOfText,
  type SealedMessage,
  sealBytes,
  takeApart,
} from './sealed-message.ts';
import { type OwnKeys, open, type PublicKey } from './sealing.ts';
import { Slots } from './slots.ts';

const utf8 = new TextEncoder();

/** A message as it was received. */
export interface SealedFor {
  readonly from: number;
  readonly to: number;
  readonly identity: string;
  readonly sealed: Uint8Array;
  /** Sealed likewise. */
  readonly content?: Uint8Array;
  readonly silent?: boolean;
}

export interface EncryptionOptions
  extends Omit<OwnKeysOptions, 'fetch' | 'publish'>,
    Omit<PeerKeysOptions, 'fetch'> {
  readonly mode: EncryptionMode;
  readonly fetchOwn: OwnKeysOptions['fetch'];
  readonly publishOwn: OwnKeysOptions['publish'];
  readonly fetchKeys: PeerKeysOptions['fetch'];
  readonly onChanged: (change: KeyChange) => void;
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
  readonly #onPinned: () => void;
  readonly #own: OwnKeyHolder;
  readonly #peers: PeerKeys;
  readonly #patience: Patience;
  readonly #slots = new Slots(limits.clientSealsMax);
  readonly groups: GroupEncryption;

  constructor(options: EncryptionOptions) {
    const { userId, mode, pins, patience, onPinned, fetchOwn, publishOwn, fetchKeys } = options;
    this.userId = userId;
    this.#mode = mode;
    this.#pins = pins;
    this.#patience = patience;
    this.#onPinned = onPinned;
    this.#own = new OwnKeyHolder({ ...options, fetch: fetchOwn, publish: publishOwn });
    this.#peers = new PeerKeys({ ...options, fetch: fetchKeys });
    const { calls, random, tell, ...ofGroups } = options.groups;
    const register = new GroupRegister(calls);
    const changes = new GroupChanges({ userId, register, tell, ...ofGroups });
    const own = { own: this.#own, peers: this.#peers, slots: this.#slots };
    const common = { ...options, ...own, ...ofGroups, changes };
    const keys = new GroupKeys({ ...common, register, random });
    this.groups = new GroupEncryption({ ...common, keys });
  }

  get isOff(): boolean {
    return this.#mode === 'off';
  }

  /** It is known that what is sent to this user is clear text, and has to be. */
  isInClear(to: number): boolean {
    const hasNoKeys = this.#mode === 'auto' && this.#own.isMissing;
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
      await this.#own.get();
      return request();
    }
  }

  /**
   * Logged in. `isOffered`: the cluster keeps keys. `isOtherStore`: not in the store where this
   * client was before, so that nobody's key may be there yet, not even one's own.
   */
  connected(isOffered: boolean, isOtherStore: boolean): void {
    if (this.isOff) return;
    if (isOtherStore) this.#peers.storeChanged();
    if (isOtherStore) this.groups.storeChanged();
    this.groups.connected();
    this.#own.connected(isOffered, isOtherStore);
  }

  /** Something was sent that tells nothing in clear text: a message is not to be so for its sake. */
  forgetMissingKey(userId: number): void {
    this.#peers.forgetMissing(userId);
  }

  /** Nothing is asked for any more; who waits is told. */
  stop(): void {
    this.#patience.stop();
  }

  /**
   * What to send to this user under this identity. Throws `no-key`, `key-changed`,
   * `unknown-receiver`.
   */
  async seal(to: number, identity: string, draft: Draft): Promise<Sendable> {
    if (this.isOff) return draft;
    const own = await this.#own.get();
    if (!own) return this.#sendWithoutKeys(to, draft);
    const receiver = to === this.userId ? own : await this.#receiverKey(to);
    if (!receiver) return this.#inClear(to, draft, `user ${to} has none`);
    const { text, content, ...clear } = draft;
    const sealIn = (context: string, bytes: Uint8Array) =>
      this.#slots.run(() => sealBytes(bytes, own, receiver, context));
    const sealed = await sealIn(contextOfText(identity, draft), utf8.encode(text));
    if (!content) return { ...clear, sealed };
    return { ...clear, sealed, content: await sealIn(contextOfContent(identity), content) };
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
    const { from, to, identity } = message;
    const sealed = takeApart(message.sealed);
    if (!sealed) return { unreadable: 'unknown-form' };
    if (!(await this.#own.get())) return { unreadable: 'no-key' };
    const isOwn = from === this.userId;
    if (!isOwn && to !== this.userId) return { unreadable: 'damaged' };
    const own = await this.#own.find(isOwn ? sealed.senderKeyId : sealed.receiverKeyId);
    if (!own) return { unreadable: 'lost-key' };
    const sender = isOwn ? own : await this.#peers.senderKey(from, sealed.senderKeyId, isPatient);
    if (!sender) return { unreadable: 'unknown-sender' };
    const openIn = (context: string, { forSender, forReceiver }: SealedMessage) =>
      this.#slots.run(() => open(isOwn ? forSender : forReceiver, sender, own, context));
    const textBytes = await openIn(contextOfText(identity, message), sealed);
    const text = textBytes && decodeUtf8(textBytes);
    if (text === undefined) return { unreadable: 'damaged' };
    // Perhaps on another device.
    if (isOwn) this.#pins.writeTo(to);
    const key = isOwn ? 'verified' : this.#pins.standingOf(from, sender.text);
    if (!message.content) return { text, key };
    const sealedContent = takeApart(message.content);
    const content = sealedContent && (await openIn(contextOfContent(identity), sealedContent));
    return content ? { text, content, key } : { unreadable: 'damaged' };
  }

  /** Asks the routes. Rejects with a CimError: `unknown-receiver`, `no-key`, `invalid-argument`. */
  async peerKey(userId: number): Promise<PeerKey> {
    const own = await this.#ownToCompare(userId);
    const found = await this.#peers.look(userId);
    if (!found) throw new CimError('unknown-receiver', `there is no user ${userId}`);
    const { userName, key } = found;
    if (!key) throw new CimError('no-key', `user ${userId} has no key`);
    const standing = this.#pins.standingOf(userId, key.text);
    return {
      userId,
      userName,
      safetyNumber: await this.#numberWith(own, userId, key.text),
      verified: standing === 'verified',
      ...(standing === 'changed' && { changed: true }),
    };
  }

  /**
   * The key with this number is the right one. Throws `key-changed` if it is not in use any more,
   * `too-many`.
   */
  async confirmKey(userId: number, number: string): Promise<void> {
    const own = await this.#ownToCompare(userId);
    const [inUse] = this.#pins.of(userId)?.keys ?? [];
    if (inUse === undefined || (await this.#numberWith(own, userId, inUse)) !== number)
      throw new CimError('key-changed', 'the key is another one by now: compare it anew');
    if (!this.#pins.verify(userId, inUse))
      throw new CimError(
        'too-many',
        `no more than ${limits.clientVerifiedMax} keys can be confirmed`,
      );
    this.#onPinned();
  }

  #receiverKey(to: number): Promise<PublicKey | undefined> {
    return this.#peers.receiverKey(to).catch((error: unknown) => {
      // No keys are kept here: then nobody has one, and the pins tell who should.
      if (error instanceof CimError && error.kind === 'not-allowed') return undefined;
      throw error;
    });
  }

  /** A device that cannot open its account's pair is no reason to write to somebody in clear text. */
  async #sendWithoutKeys(to: number, draft: Draft): Promise<Sendable> {
    if (!this.#own.isUnopened) return this.#inClear(to, draft, 'there is no key of this account');
    const hasKey = to === this.userId || (await this.#receiverKey(to)) !== undefined;
    if (hasKey || this.#mode === 'require')
      throw noKey("this device cannot open its account's key (it needs the secret of the account)");
    return draft;
  }

  #inClear(to: number, draft: Draft, reason: string): Sendable {
    const isKnown = this.#pins.of(to) !== undefined;
    if (this.#mode !== 'require' && !isKnown) return draft;
    throw noKey(reason);
  }

  async #ownToCompare(userId: number): Promise<OwnKeys> {
    if (userId === this.userId)
      throw new CimError('invalid-argument', 'that is you: there is nothing to compare');
    const own = this.isOff ? null : await this.#own.get();
    if (!own) throw new CimError('no-key', 'there is no key of this account here');
    return own;
  }

  #numberWith(own: OwnKeys, userId: number, publicKey: string): Promise<string> {
    return safetyNumber({ userId: this.userId, publicKey: own.text }, { userId, publicKey });
  }
}

function noKey(reason: string): CimError {
  return new CimError('no-key', `not sent, as it cannot be encrypted: ${reason}`);
}

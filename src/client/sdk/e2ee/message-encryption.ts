/**
 * Private messages: what one is sent as, what was received, and whose key is whose. Loaded when it is
 * needed first (encryption.ts). How it is done is in sealed-message.ts.
 */
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { decodeUtf8 } from '../../../base/text/utf8.ts';
import type { KeyChange, PeerKey } from './key-facts.ts';
import type { KeyPins } from './key-pins.ts';
import { OwnKeyHolder, type OwnKeysOptions } from './own-keys.ts';
import { PeerKeys, type PeerKeysOptions } from './peer-keys.ts';
import { safetyNumber } from './safety-number.ts';
import type { Draft, EncryptionMode, Opened, Sendable } from './sealable.ts';
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

export interface MessageEncryptionOptions
  extends Omit<OwnKeysOptions, 'fetch' | 'publish'>,
    Omit<PeerKeysOptions, 'fetch'> {
  readonly mode: EncryptionMode;
  readonly fetchOwn: OwnKeysOptions['fetch'];
  readonly publishOwn: OwnKeysOptions['publish'];
  readonly fetchKeys: PeerKeysOptions['fetch'];
  readonly onChanged: (change: KeyChange) => void;
}

export class MessageEncryption {
  readonly #userId: number;
  readonly #mode: EncryptionMode;
  readonly #pins: KeyPins;
  readonly #onPinned: () => void;
  readonly own: OwnKeyHolder;
  readonly peers: PeerKeys;
  /** Sealing and opening take turns. */
  readonly slots = new Slots(limits.clientSealsMax);

  constructor(options: MessageEncryptionOptions) {
    const { userId, mode, pins, onPinned, fetchOwn, publishOwn, fetchKeys } = options;
    this.#userId = userId;
    this.#mode = mode;
    this.#pins = pins;
    this.#onPinned = onPinned;
    this.own = new OwnKeyHolder({ ...options, fetch: fetchOwn, publish: publishOwn });
    this.peers = new PeerKeys({ ...options, fetch: fetchKeys });
  }

  /** As Encryption.connected(). */
  connected(isOffered: boolean, isOtherStore: boolean): void {
    if (isOtherStore) this.peers.storeChanged();
    this.own.connected(isOffered, isOtherStore);
  }

  /**
   * What to send to this user under this identity. Throws `no-key`, `key-changed`,
   * `unknown-receiver`.
   */
  async seal(to: number, identity: string, draft: Draft): Promise<Sendable> {
    const own = await this.own.get();
    if (!own) return this.#sendWithoutKeys(to, draft);
    const receiver = to === this.#userId ? own : await this.#receiverKey(to);
    if (!receiver) return this.#inClear(to, draft, `user ${to} has none`);
    const { text, content, ...clear } = draft;
    const sealIn = (context: string, bytes: Uint8Array) =>
      this.slots.run(() => sealBytes(bytes, own, receiver, context));
    const sealed = await sealIn(contextOfText(identity, draft), utf8.encode(text));
    if (!content) return { ...clear, sealed };
    return { ...clear, sealed, content: await sealIn(contextOfContent(identity), content) };
  }

  /**
   * `isPatient`: waits while no route answers; otherwise rejects with the CimError of the routes.
   */
  async open(message: SealedFor, isPatient: boolean): Promise<Opened> {
    const { from, to, identity } = message;
    const sealed = takeApart(message.sealed);
    if (!sealed) return { unreadable: 'unknown-form' };
    if (!(await this.own.get())) return { unreadable: 'no-key' };
    const isOwn = from === this.#userId;
    if (!isOwn && to !== this.#userId) return { unreadable: 'damaged' };
    const own = await this.own.find(isOwn ? sealed.senderKeyId : sealed.receiverKeyId);
    if (!own) return { unreadable: 'lost-key' };
    const sender = isOwn ? own : await this.peers.senderKey(from, sealed.senderKeyId, isPatient);
    if (!sender) return { unreadable: 'unknown-sender' };
    const openIn = (context: string, { forSender, forReceiver }: SealedMessage) =>
      this.slots.run(() => open(isOwn ? forSender : forReceiver, sender, own, context));
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
    const own = await this.#ownToCompare();
    const found = await this.peers.look(userId);
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
    const own = await this.#ownToCompare();
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
    return this.peers.receiverKey(to).catch((error: unknown) => {
      // No keys are kept here: then nobody has one, and the pins tell who should.
      if (error instanceof CimError && error.kind === 'not-allowed') return undefined;
      throw error;
    });
  }

  /** A device that cannot open its account's pair is no reason to write to somebody in clear text. */
  async #sendWithoutKeys(to: number, draft: Draft): Promise<Sendable> {
    if (!this.own.isUnopened) return this.#inClear(to, draft, 'there is no key of this account');
    const hasKey = to === this.#userId || (await this.#receiverKey(to)) !== undefined;
    if (hasKey || this.#mode === 'require')
      throw noKey("this device cannot open its account's key (it needs the secret of the account)");
    return draft;
  }

  #inClear(to: number, draft: Draft, reason: string): Sendable {
    const isKnown = this.#pins.of(to) !== undefined;
    if (this.#mode !== 'require' && !isKnown) return draft;
    throw noKey(reason);
  }

  async #ownToCompare(): Promise<OwnKeys> {
    const own = await this.own.get();
    if (!own) throw new CimError('no-key', 'there is no key of this account here');
    return own;
  }

  #numberWith(own: OwnKeys, userId: number, publicKey: string): Promise<string> {
    return safetyNumber({ userId: this.#userId, publicKey: own.text }, { userId, publicKey });
  }
}

function noKey(reason: string): CimError {
  return new CimError('no-key', `not sent, as it cannot be encrypted: ${reason}`);
}

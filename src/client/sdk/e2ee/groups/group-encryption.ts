/**
 * Encryption of groups from end to end, as the rest of the SDK sees it: what a message is sent as, and
 * what was received. Whose key is whose is decided as for private messages (peer-keys.ts).
 */
import { CimError } from '../../../../base/errors.ts';
import { fromBase64Url } from '../../../../base/text/base64url.ts';
import { decodeUtf8 } from '../../../../base/text/utf8.ts';
import { lobby } from '../../../../codec/commands.ts';
import type { KeyPins } from '../key-pins.ts';
import type { OwnKeyHolder } from '../own-keys.ts';
import type { Patience } from '../patience.ts';
import type { PeerKeys } from '../peer-keys.ts';
import type { ClearStanding, Draft, EncryptionMode, Opened, Sendable } from '../sealable.ts';
import { contextOfContent, contextOfText } from '../sealed-message.ts';
import { exportPrivateKey, type OwnKeys } from '../sealing.ts';
import { type SigningKey, signingKeyOf } from '../signing.ts';
import {
  isWrittenBy,
  type MessageKey,
  type OpenedInGroup,
  openInGroup,
  sealInGroup,
  takeGroupMessageApart,
} from './group-cipher.ts';
import type { GroupKeys } from './group-keys.ts';
import type { KnownGroups } from './known-groups.ts';

export interface GroupEncryptionOptions {
  readonly userId: number;
  readonly mode: EncryptionMode;
  readonly own: Pick<OwnKeyHolder, 'get' | 'find'>;
  readonly peers: Pick<PeerKeys, 'senderKey'>;
  readonly pins: Pick<KeyPins, 'standingOf'>;
  readonly known: KnownGroups;
  readonly patience: Patience;
  readonly keys: GroupKeys;
  /** Asks a route for its epoch; 0: it is not encrypted. Rejects with its CimError. */
  readonly askEpoch: (group: string) => Promise<number>;
  /** What is known of groups has changed: it is to be saved. */
  readonly onKnown: () => void;
  /** Its members, or its key, may have changed. */
  readonly onNews: (group: string) => void;
}

/** A message of a group as it was received. */
export interface SealedForGroup {
  readonly from: number;
  readonly group: string;
  readonly identity: string;
  readonly keyEpoch: number;
  readonly sealed: Uint8Array;
  /** Sealed likewise. */
  readonly content?: Uint8Array;
  readonly silent?: boolean;
}

const utf8 = new TextEncoder();

export class GroupEncryption {
  readonly #options: GroupEncryptionOptions;
  /** The newest that was told, by group. */
  readonly #epochs = new Map<string, number>();
  /** By the pair that they are of. */
  readonly #signingKeys = new WeakMap<OwnKeys, Promise<SigningKey>>();

  constructor(options: GroupEncryptionOptions) {
    this.#options = options;
  }

  /** A server, or a route, says of a group what its epoch is; 0: it is not encrypted. */
  learn(group: string, keyEpoch: number): void {
    const { known, keys, mode, onKnown } = this.#options;
    if (known.learn(group, keyEpoch > 0)) onKnown();
    const isNews = this.#epochs.get(group) !== keyEpoch;
    if (known.of(group) !== 'encrypted' || mode === 'off' || !isNews) return;
    this.#epochs.set(group, keyEpoch);
    keys.changed(group);
    this.#options.onNews(group);
    void keys.tend(group);
  }

  /** The user is in it no longer. */
  forget(group: string): void {
    const { known, keys, onKnown } = this.#options;
    keys.forget(group);
    this.#epochs.delete(group);
    if (known.forget(group)) onKnown();
  }

  /** Logged in, perhaps again. */
  connected(): void {
    this.#options.keys.connected();
  }

  /** In another store than before: nothing of the keys that were there counts. */
  storeChanged(): void {
    this.#epochs.clear();
    this.#options.keys.forgetAll();
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
    this.#options.keys.changed(group);
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
    const { keys } = this.#options;
    const { epoch: keyEpoch, key } = await keys.keyToSeal(group);
    const sender = { id: own.id, signingKey: await this.#signingKeyOf(own) };
    const place = `${identity} ${keyEpoch}`;
    const { text, content, ...clear } = draft;
    const inText = contextOfText(place, draft);
    const sealed = await sealInGroup(utf8.encode(text), key, sender, inText);
    if (!content) return { ...clear, sealed, keyEpoch };
    const sealedContent = await sealInGroup(content, key, sender, contextOfContent(place));
    return { ...clear, sealed, keyEpoch, content: sealedContent };
  }

  /** `isPatient`: waits while no route answers. `isAwaited`: and for a key that is on its way. */
  async open(message: SealedForGroup, isPatient: boolean, isAwaited = isPatient): Promise<Opened> {
    const { mode, userId, own, keys, pins } = this.#options;
    if (mode === 'off') return { unreadable: 'off' };
    const { from, group, keyEpoch } = message;
    const parts = partsOf(message);
    const [first] = parts ?? [];
    if (!parts || !first) return { unreadable: 'unknown-form' };
    if (!(await own.get())) return { unreadable: 'no-key' };
    const attempt = (key: MessageKey) => openAll(parts, key);
    const found = await keys.open(group, keyEpoch, attempt, { isPatient, isAwaited });
    if ('failed' in found) return { unreadable: found.failed };
    const keyId = first.sealed.senderKeyId;
    const sender = await (from === userId
      ? own.find(keyId)
      : this.#options.peers.senderKey(from, keyId, isPatient));
    if (!sender) return { unreadable: 'unknown-sender' };
    const publicKey = fromBase64Url(sender.text) ?? new Uint8Array();
    for (const [index, opened] of found.opened.entries())
      if (!(await isWrittenBy(publicKey, opened, parts[index]?.context ?? '')))
        return { unreadable: 'damaged' };
    keys.proven(found.slot, from);
    const [textPart, contentPart] = found.opened;
    const text = textPart && decodeUtf8(textPart.text);
    if (text === undefined) return { unreadable: 'damaged' };
    const key = from === userId ? 'verified' : pins.standingOf(from, sender.text);
    return { text, ...(contentPart && { content: contentPart.text }), key };
  }

  /** With what to seal for this group; null: it is sent in clear text. */
  async #sealer(group: string): Promise<OwnKeys | null> {
    const { mode, own: ownKeys } = this.#options;
    if (!(await this.#isEncrypted(group))) {
      if (mode === 'require') throw notSent(`#${group} is not encrypted`);
      return null;
    }
    const own = mode === 'off' ? null : await ownKeys.get();
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

  #signingKeyOf(own: OwnKeys): Promise<SigningKey> {
    const known = this.#signingKeys.get(own) ?? makeSigningKey(own);
    this.#signingKeys.set(own, known);
    return known;
  }
}

interface Part {
  readonly sealed: NonNullable<ReturnType<typeof takeGroupMessageApart>>;
  readonly context: string;
}

/** The text, and the content if there is one: by one and the same key. Undefined: of another form. */
function partsOf(message: SealedForGroup): readonly Part[] | undefined {
  const place = `${message.identity} ${message.keyEpoch}`;
  const text = takeGroupMessageApart(message.sealed);
  if (!text) return undefined;
  const textPart = { sealed: text, context: contextOfText(place, message) };
  if (!message.content) return [textPart];
  const content = takeGroupMessageApart(message.content);
  if (content?.senderKeyId !== text.senderKeyId) return undefined;
  return [textPart, { sealed: content, context: contextOfContent(place) }];
}

/** All or nothing. */
async function openAll(
  parts: readonly Part[],
  key: MessageKey,
): Promise<readonly OpenedInGroup[] | undefined> {
  const opened: OpenedInGroup[] = [];
  for (const { sealed, context } of parts) {
    const part = await openInGroup(sealed, key, context);
    if (!part) return undefined;
    opened.push(part);
  }
  return opened;
}

async function makeSigningKey(own: OwnKeys): Promise<SigningKey> {
  const privateKey = await exportPrivateKey(own);
  const signingKey = signingKeyOf(privateKey);
  privateKey.fill(0);
  return signingKey;
}

function notSent(reason: string): CimError {
  return new CimError('no-key', `not sent, as it cannot be encrypted: ${reason}`);
}

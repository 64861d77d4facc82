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
import type { GroupChanges } from './group-changes.ts';
import {
  isWrittenBy,
  type MessageKey,
  type OpenedInGroup,
  openInGroup,
  type SealedInGroup,
  sealInGroup,
  takeGroupMessageApart,
} from './group-cipher.ts';
import type { EpochKey, GroupKeys } from './group-keys.ts';
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
  readonly changes: Pick<GroupChanges, 'look'>;
  /** Asks a route for its epoch; 0: it is not encrypted. Rejects with its CimError. */
  readonly askEpoch: (group: string) => Promise<number>;
  /** What is known of groups has changed: it is to be saved. */
  readonly onKnown: () => void;
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
    void this.#options.changes.look(group);
    void keys.tend(group);
  }

  /** The user is in it no longer: that it was encrypted, and how far its keys had come, stays known. */
  forget(group: string): void {
    const { known, keys, onKnown } = this.#options;
    keys.forget(group);
    this.#epochs.delete(group);
    if (known.leave(group)) onKnown();
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
    const { known, onKnown } = this.#options;
    const { epoch: keyEpoch, key, groupId } = await this.#keyToSeal(group);
    if (known.write(group)) onKnown();
    const sender = { id: own.id, signingKey: await this.#signingKeyOf(own) };
    const place = placeOf(identity, { keyEpoch, groupId });
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
    const taken = takeApart(message);
    if (!taken) return { unreadable: 'unknown-form' };
    if (!(await own.get())) return { unreadable: 'no-key' };
    const attempt = (key: MessageKey, groupId: string) =>
      openAll(partsOf(message, taken, groupId), key);
    const found = await keys.open(group, keyEpoch, attempt, { isPatient, isAwaited });
    if ('failed' in found) return { unreadable: found.failed };
    const parts = partsOf(message, taken, found.groupId);
    const keyId = taken.text.senderKeyId;
    const sender = await (from === userId
      ? own.find(keyId)
      : this.#options.peers.senderKey(from, keyId, isPatient));
    if (!sender) return { unreadable: 'unknown-sender' };
    const publicKey = fromBase64Url(sender.text) ?? new Uint8Array();
    for (const [index, opened] of found.opened.entries())
      if (!(await isWrittenBy(publicKey, opened, parts[index]?.context ?? '')))
        return { unreadable: 'damaged' };
    keys.proven(group, found.slot, from);
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

  /** What once was encrypted is never written to in clear text, whatever it is said to be by now. */
  async #keyToSeal(group: string): Promise<EpochKey> {
    try {
      return await this.#options.keys.keyToSeal(group);
    } catch (error) {
      if (!(error instanceof CimError) || error.kind !== 'not-encrypted') throw error;
      const reason = `#${group} was encrypted, and is said to be no more: nothing is sent there. If it was made anew, take a group of another name`;
      throw new CimError('not-encrypted', reason, { cause: error });
    }
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
  readonly sealed: SealedInGroup;
  readonly context: string;
}

/** The text, and the content if there is one. */
interface TakenApart {
  readonly text: SealedInGroup;
  readonly content?: SealedInGroup;
}

/** Undefined: it is of another form. */
function takeApart({ sealed, content: sealedContent }: SealedForGroup): TakenApart | undefined {
  const text = takeGroupMessageApart(sealed);
  if (!text) return undefined;
  if (!sealedContent) return { text };
  const content = takeGroupMessageApart(sealedContent);
  return content?.senderKeyId === text.senderKeyId ? { text, content } : undefined;
}

/** Each with where it opens: in this group, and in no other that has, or had, its name. */
function partsOf(
  message: SealedForGroup,
  { text, content }: TakenApart,
  groupId: string,
): readonly Part[] {
  const place = placeOf(message.identity, { ...message, groupId });
  const textPart = { sealed: text, context: contextOfText(place, message) };
  return content ? [textPart, { sealed: content, context: contextOfContent(place) }] : [textPart];
}

function placeOf(
  identity: string,
  { keyEpoch, groupId }: { readonly keyEpoch: number; readonly groupId: string },
): string {
  return `${identity} ${keyEpoch} ${groupId}`;
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

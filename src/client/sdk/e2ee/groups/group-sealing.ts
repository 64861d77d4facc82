/**
 * What a message of an encrypted group is sent as, and what was received. Loaded for the first group that
 * is encrypted (group-encryption.ts). Whose key is whose is decided as for private messages
 * (peer-keys.ts).
 */
import { CimError } from '../../../../base/errors.ts';
import { fromBase64Url } from '../../../../base/text/base64url.ts';
import { decodeUtf8 } from '../../../../base/text/utf8.ts';
import type { Platform } from '../../platform.ts';
import type { KeyPins } from '../key-pins.ts';
import type { OwnKeyHolder } from '../own-keys.ts';
import type { Patience } from '../patience.ts';
import type { PeerKeys } from '../peer-keys.ts';
import type { Draft, Opened, Sendable } from '../sealable.ts';
import { contextOfContent, contextOfText } from '../sealed-message.ts';
import { exportPrivateKey, type OwnKeys } from '../sealing.ts';
import { type SigningKey, signingKeyOf } from '../signing.ts';
import type { Slots } from '../slots.ts';
import { GroupChanges, type GroupChangesOptions } from './group-changes.ts';
import {
  isWrittenBy,
  type MessageKey,
  type OpenedInGroup,
  openInGroup,
  type SealedInGroup,
  sealInGroup,
  takeGroupMessageApart,
} from './group-cipher.ts';
import { type EpochKey, GroupKeys } from './group-keys.ts';
import { type GroupKeyCalls, GroupRegister } from './group-register.ts';
import type { KnownGroups } from './known-groups.ts';

export interface GroupSealingOptions {
  readonly userId: number;
  readonly own: OwnKeyHolder;
  readonly peers: PeerKeys;
  readonly slots: Slots;
  readonly pins: Pick<KeyPins, 'standingOf'>;
  readonly known: KnownGroups;
  readonly patience: Patience;
  readonly random: Platform['random'];
  /** Monotonic ms. */
  readonly now: () => number;
  readonly calls: GroupKeyCalls;
  readonly tell: GroupChangesOptions['tell'];
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

export class GroupSealing {
  readonly #options: GroupSealingOptions;
  readonly #changes: GroupChanges;
  readonly #keys: GroupKeys;
  /** By the pair that they are of. */
  readonly #signingKeys = new WeakMap<OwnKeys, Promise<SigningKey>>();

  constructor(options: GroupSealingOptions) {
    this.#options = options;
    const register = new GroupRegister(options.calls);
    this.#changes = new GroupChanges({ ...options, register });
    this.#keys = new GroupKeys({ ...options, register, changes: this.#changes });
  }

  /** Its members, or their keys, may be others by now. */
  changed(group: string): void {
    this.#keys.changed(group);
  }

  /** There may be something to tell of it, or to give to its members. */
  look(group: string): void {
    void this.#changes.look(group);
    void this.#keys.tend(group);
  }

  /** The user has removed a member, who was one since this epoch. */
  removed(group: string, userId: number, since: number): void {
    this.#keys.changed(group);
    void this.#changes.removed(group, userId, since);
  }

  /** The user is in it no longer. */
  forget(group: string): void {
    this.#keys.forget(group);
  }

  /** In another store than before. */
  forgetAll(): void {
    this.#keys.forgetAll();
  }

  /** Logged in, perhaps again. */
  connected(): void {
    this.#keys.connected();
  }

  /** As GroupEncryption.seal(), for a group that is encrypted. */
  async seal(group: string, identity: string, draft: Draft, own: OwnKeys): Promise<Sendable> {
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

  /** As GroupEncryption.open(). */
  async open(message: SealedForGroup, isPatient: boolean, isAwaited: boolean): Promise<Opened> {
    const { userId, own, peers, pins } = this.#options;
    const { from, group, keyEpoch } = message;
    const taken = takeApart(message);
    if (!taken) return { unreadable: 'unknown-form' };
    if (!(await own.get())) return { unreadable: 'no-key' };
    const attempt = (key: MessageKey, groupId: string) =>
      openAll(partsOf(message, taken, groupId), key);
    const found = await this.#keys.open(group, keyEpoch, attempt, { isPatient, isAwaited });
    if ('failed' in found) return { unreadable: found.failed };
    const parts = partsOf(message, taken, found.groupId);
    const keyId = taken.text.senderKeyId;
    const sender = await (from === userId
      ? own.find(keyId)
      : peers.senderKey(from, keyId, isPatient));
    if (!sender) return { unreadable: 'unknown-sender' };
    const publicKey = fromBase64Url(sender.text) ?? new Uint8Array();
    for (const [index, opened] of found.opened.entries())
      if (!(await isWrittenBy(publicKey, opened, parts[index]?.context ?? '')))
        return { unreadable: 'damaged' };
    this.#keys.proven(group, found.slot, from);
    const [textPart, contentPart] = found.opened;
    const text = textPart && decodeUtf8(textPart.text);
    if (text === undefined) return { unreadable: 'damaged' };
    const key = from === userId ? 'verified' : pins.standingOf(from, sender.text);
    return { text, ...(contentPart && { content: contentPart.text }), key };
  }

  /** What once was encrypted is never written to in clear text, whatever it is said to be by now. */
  async #keyToSeal(group: string): Promise<EpochKey> {
    try {
      return await this.#keys.keyToSeal(group);
    } catch (error) {
      if (!(error instanceof CimError) || error.kind !== 'not-encrypted') throw error;
      const reason = `#${group} was encrypted, and is said to be no more: nothing is sent there. If it was made anew, take a group of another name`;
      throw new CimError('not-encrypted', reason, { cause: error });
    }
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

/**
 * The key of an epoch of a group, sealed for one member, as the group's register keeps it:
 *
 *     1 byte    version
 *     8 bytes   id of the public key of the member who has sealed it
 *    80 bytes   the key, sealed (sealing.ts): for this group, this epoch and this member, and as what it is
 */

import { webCrypto } from '../../../../base/secrets/web-crypto.ts';
import { toBase64Url } from '../../../../base/text/base64url.ts';
import { fromHex, toHex } from '../../../../codec/message-scan.ts';
import { concatenate } from '../bytes.ts';
import {
  keyIdBytes,
  type OwnKeys,
  open,
  type PublicKey,
  type Purpose,
  partOverheadBytes,
  seal,
} from '../sealing.ts';

const version = 1;
const headBytes = 1 + keyIdBytes;
export const groupKeyBytes = 32;
const slotBytes = headBytes + groupKeyBytes + partOverheadBytes;

/** Whose key, of which epoch, and how they have come to it. */
export interface SlotPlace {
  /** Its id and its name (`scopeOf`). */
  readonly scope: string;
  readonly epoch: number;
  /** User id of the receiver. */
  readonly to: number;
  /** The draw that it came with; empty: this member alone is given it. */
  readonly draw: string;
}

/** What was taken apart, and not opened yet. */
export interface SealedKey {
  readonly senderKeyId: string;
  readonly part: Uint8Array;
}

/** A group is told apart by its id from others of its name, and by its name from others that bear its id. */
export function scopeOf(group: string, { groupId }: { readonly groupId: string }): string {
  return `${groupId} ${group}`;
}

/**
 * The name of a draw, which commits who draws to one key: members who were given another one under this
 * name see that it is not that of the draw.
 */
export async function drawIdOf(
  key: Uint8Array,
  { scope, epoch, by }: { readonly scope: string; readonly epoch: number; readonly by: number },
): Promise<string> {
  const context = new TextEncoder().encode(`cim group draw v1 ${by} ${epoch} ${scope}\0`);
  const digest = await webCrypto().digest('SHA-256', concatenate(context, key));
  return toBase64Url(new Uint8Array(digest));
}

/** Throws `no-key` for a key that is no good. */
export async function sealGroupKey(
  groupKey: Uint8Array,
  sender: OwnKeys,
  receiver: PublicKey,
  place: SlotPlace,
): Promise<Uint8Array> {
  const part = await seal(groupKey, sender, receiver, contextOf(place), purposeOf(place));
  return concatenate(Uint8Array.of(version), fromHex(sender.id), part);
}

/** Undefined: it is not of this form. */
export function takeSlotApart(slot: Uint8Array): SealedKey | undefined {
  if (slot[0] !== version || slot.length !== slotBytes) return undefined;
  return { senderKeyId: toHex(slot, 1, headBytes), part: slot.subarray(headBytes) };
}

/**
 * Undefined: not sealed by this member, for this one, of this group, epoch and draw, or as a gift; or altered
 * since.
 */
export function openGroupKey(
  { part }: SealedKey,
  sender: PublicKey,
  receiver: OwnKeys,
  place: SlotPlace,
): Promise<Uint8Array | undefined> {
  return open(part, sender, receiver, contextOf(place), purposeOf(place));
}

function purposeOf({ draw }: SlotPlace): Purpose {
  return draw === '' ? 'cim group gift v1' : 'cim group draw v1';
}

function contextOf({ scope, epoch, to, draw }: SlotPlace): string {
  return `${to} ${epoch} ${draw} ${scope}`;
}

/**
 * The key of an epoch of a group, sealed for one member, as the group's register keeps it:
 *
 *     1 byte    version
 *     8 bytes   id of the public key of the member who has sealed it
 *    80 bytes   the key, sealed (sealing.ts): for this group, this epoch and this member
 */
import { fromHex, toHex } from '../../../../codec/message-scan.ts';
import { concatenate } from '../bytes.ts';
import {
  keyIdBytes,
  type OwnKeys,
  open,
  type PublicKey,
  partOverheadBytes,
  seal,
} from '../sealing.ts';

const version = 1;
const headBytes = 1 + keyIdBytes;
export const groupKeyBytes = 32;
const slotBytes = headBytes + groupKeyBytes + partOverheadBytes;
const purpose = 'cim group key v1';

/** Whose key, and of which epoch. */
export interface SlotPlace {
  readonly group: string;
  readonly epoch: number;
  /** User id of the receiver. */
  readonly to: number;
}

/** What was taken apart, and not opened yet. */
export interface SealedKey {
  readonly senderKeyId: string;
  readonly part: Uint8Array;
}

/** Throws `no-key` for a key that is no good. */
export async function sealGroupKey(
  groupKey: Uint8Array,
  sender: OwnKeys,
  receiver: PublicKey,
  place: SlotPlace,
): Promise<Uint8Array> {
  const part = await seal(groupKey, sender, receiver, contextOf(place), purpose);
  return concatenate(Uint8Array.of(version), fromHex(sender.id), part);
}

/** Undefined: it is not of this form. */
export function takeSlotApart(slot: Uint8Array): SealedKey | undefined {
  if (slot[0] !== version || slot.length !== slotBytes) return undefined;
  return { senderKeyId: toHex(slot, 1, headBytes), part: slot.subarray(headBytes) };
}

/** Undefined: not sealed by this member, for this one, of this group and epoch; or altered since. */
export function openGroupKey(
  { part }: SealedKey,
  sender: PublicKey,
  receiver: OwnKeys,
  place: SlotPlace,
): Promise<Uint8Array | undefined> {
  return open(part, sender, receiver, contextOf(place), purpose);
}

function contextOf({ group, epoch, to }: SlotPlace): string {
  return `${to} ${epoch} ${group}`;
}

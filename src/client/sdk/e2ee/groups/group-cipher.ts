/**
 * The bytes of a group's message: sealed under a key that all members have, and signed by its sender
 * within, as otherwise each member could write as another:
 *
 *     1 byte    version
 *     8 bytes   id of the sender's public key
 *    12 bytes   nonce
 *     n bytes   sealed by AES-256-GCM: 64 bytes signature, the text; and 16 bytes tag
 *
 * Both the seal and the signature are bound to where the message is (`context`).
 */

import { limits } from '../../../../base/limits.ts';
import type { CryptoKey } from '../../../../base/secrets/crypto-key.ts';
import { isOfWebCrypto, webCrypto } from '../../../../base/secrets/web-crypto.ts';
import { fromHex, toHex } from '../../../../codec/message-scan.ts';
import { concatenate } from '../bytes.ts';
import { keyIdBytes } from '../sealing.ts';
import { isSignedBy, type SigningKey, sign, signatureBytes } from '../signing.ts';

const version = 2;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + keyIdBytes + nonceBytes;
/** What sealing adds to a text. */
export const groupOverheadBytes = headBytes + signatureBytes + tagBytes;

const utf8 = new TextEncoder();

/** Of an epoch of a group: made of its key, for messages alone. */
export type MessageKey = CryptoKey;

/**
 * The key of an epoch is never used itself: of it come those of messages, and of the next epoch. `scope`:
 * the group (group-key-slot.ts).
 */
export async function messageKeyOf(groupKey: Uint8Array, scope: string): Promise<MessageKey> {
  const { root, derivation } = await derive(groupKey, `cim group message v1 ${scope}`);
  const aes = { name: 'AES-GCM', length: 256 };
  return webCrypto().deriveKey(derivation, root, aes, false, ['encrypt', 'decrypt']);
}

/** The key of epoch `epoch` of a group from that of the epoch before: there is no way back. */
export async function ratcheted(
  groupKey: Uint8Array,
  scope: string,
  epoch: number,
): Promise<Uint8Array> {
  const { root, derivation } = await derive(groupKey, `cim group ratchet v1 ${epoch} ${scope}`);
  return new Uint8Array(await webCrypto().deriveBits(derivation, root, 8 * groupKey.length));
}

/** What was taken apart, and not opened yet. */
export interface SealedInGroup {
  readonly senderKeyId: string;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** Undefined: it is not of this form. */
export function takeGroupMessageApart(bytes: Uint8Array): SealedInGroup | undefined {
  const isOfThisForm = bytes[0] === version && bytes.length >= groupOverheadBytes;
  if (!isOfThisForm || bytes.length > limits.sealedBytesMax) return undefined;
  return {
    senderKeyId: toHex(bytes, 1, 1 + keyIdBytes),
    nonce: bytes.slice(1 + keyIdBytes, headBytes),
    sealed: bytes.slice(headBytes),
  };
}

/** `context`: where it opens, and nowhere else. */
export async function sealInGroup(
  text: Uint8Array,
  key: MessageKey,
  sender: { readonly id: string; readonly signingKey: SigningKey },
  context: string,
): Promise<Uint8Array> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const signature = await sign(sender.signingKey, signedOf(text, context));
  const sealed = await webCrypto().encrypt(
    aesOf(nonce, context),
    key,
    concatenate(signature, text),
  );
  return concatenate(Uint8Array.of(version), fromHex(sender.id), nonce, new Uint8Array(sealed));
}

/** What a member has sealed; undefined: not under this key, not in this place, or altered since. */
export interface OpenedInGroup {
  readonly signature: Uint8Array;
  readonly text: Uint8Array;
}

export async function openInGroup(
  { nonce, sealed }: SealedInGroup,
  key: MessageKey,
  context: string,
): Promise<OpenedInGroup | undefined> {
  try {
    const bytes = new Uint8Array(await webCrypto().decrypt(aesOf(nonce, context), key, sealed));
    return {
      signature: bytes.subarray(0, signatureBytes),
      text: bytes.subarray(signatureBytes),
    };
  } catch (error) {
    if (isOfWebCrypto(error)) return undefined;
    throw error;
  }
}

/** Whether the holder of this public key (32 bytes) has written it. */
export function isWrittenBy(
  publicKey: Uint8Array,
  { signature, text }: OpenedInGroup,
  context: string,
): Promise<boolean> {
  return isSignedBy(publicKey, signedOf(text, context), signature);
}

/** No context has a zero in it: none goes on in a text. */
function signedOf(text: Uint8Array, context: string): Uint8Array {
  return concatenate(utf8.encode(`cim group message v1 ${context}\0`), text);
}

function aesOf(nonce: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv: nonce, additionalData: utf8.encode(context) };
}

async function derive(groupKey: Uint8Array, info: string) {
  const root = await webCrypto().importKey('raw', groupKey.slice(), 'HKDF', false, [
    'deriveBits',
    'deriveKey',
  ]);
  const salt = new Uint8Array();
  return { root, derivation: { name: 'HKDF', hash: 'SHA-256', salt, info: utf8.encode(info) } };
}

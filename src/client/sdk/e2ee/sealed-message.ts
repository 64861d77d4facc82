/**
 * The bytes that travel and are stored in place of a text:
 *
 *     1 byte    version
 *     8 bytes   id of the sender's key
 *     8 bytes   id of the receiver's key
 *     n bytes   sealed for the receiver (sealing.ts)
 *     n bytes   the same text, sealed for the sender's own devices; not there if that is the receiver
 *
 * The ids only tell which keys to try: what is sealed is bound to the keys themselves.
 */
import { limits } from '../../../base/limits.ts';
import { toHex } from '../../../codec/message-scan.ts';
import {
  keyIdBytes,
  type OwnKeys,
  open,
  type PublicKey,
  partOverheadBytes,
  seal,
} from './sealing.ts';

const version = 1;
const headBytes = 1 + 2 * keyIdBytes;

/** What was taken apart, and not opened yet. */
export interface SealedMessage {
  readonly senderKeyId: string;
  readonly receiverKeyId: string;
  readonly forReceiver: Uint8Array;
  /** The same object as `forReceiver` in a message to oneself. */
  readonly forSender: Uint8Array;
}

/** `identity`: of the message (src/codec/identity.ts). Throws `no-key` for a key that is no good. */
export async function sealText(
  text: string,
  sender: OwnKeys,
  receiver: PublicKey,
  identity: string,
): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const receivers = receiver.text === sender.text ? [sender] : [receiver, sender];
  const parts = await Promise.all(receivers.map((key) => seal(bytes, sender, key, identity)));
  const ids = [sender.id, receiver.id].map(bytesOfHex);
  return concatenate([Uint8Array.of(version), ...ids, ...parts]);
}

/** Undefined: it is not of this form. */
export function takeApart(sealed: Uint8Array): SealedMessage | undefined {
  if (sealed[0] !== version || sealed.length > limits.sealedBytesMax) return undefined;
  const senderKeyId = toHex(sealed, 1, 1 + keyIdBytes);
  const receiverKeyId = toHex(sealed, 1 + keyIdBytes, headBytes);
  const parts = sealed.subarray(headBytes);
  const partBytes = senderKeyId === receiverKeyId ? parts.length : parts.length / 2;
  if (!Number.isInteger(partBytes) || partBytes < partOverheadBytes) return undefined;
  return {
    senderKeyId,
    receiverKeyId,
    forReceiver: parts.subarray(0, partBytes),
    forSender: parts.subarray(parts.length - partBytes),
  };
}

/** Undefined: it does not open (sealing.ts), or is no text. */
export async function openText(
  part: Uint8Array,
  sender: PublicKey,
  reader: OwnKeys,
  identity: string,
): Promise<string | undefined> {
  const bytes = await open(part, sender, reader, identity);
  try {
    return bytes && utf8.decode(bytes);
  } catch {
    // Not UTF-8: the sender's program made no text.
    return undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

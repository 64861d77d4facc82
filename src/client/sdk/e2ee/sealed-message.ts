/**
 * The bytes that travel and are stored in place of a text, or of a content:
 *
 *     1 byte    version
 *     8 bytes   id of the sender's key
 *     8 bytes   id of the receiver's key
 *     n bytes   sealed for the receiver (sealing.ts)
 *     n bytes   the same, sealed for the sender's own devices; not there if that is the receiver
 *
 * The ids only tell which keys to try: what is sealed is bound to the keys themselves.
 */
import { limits } from '../../../base/limits.ts';
import { fromHex, toHex } from '../../../codec/message-scan.ts';
import { concatenate } from './bytes.ts';
import { keyIdBytes, type OwnKeys, type PublicKey, partOverheadBytes, seal } from './sealing.ts';

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

/** `context`: where it opens, and nowhere else (contextOfText). Throws `no-key` for a key that is no good. */
export async function sealBytes(
  bytes: Uint8Array,
  sender: OwnKeys,
  receiver: PublicKey,
  context: string,
): Promise<Uint8Array> {
  const receivers = receiver.text === sender.text ? [sender] : [receiver, sender];
  const parts = await Promise.all(receivers.map((key) => seal(bytes, sender, key, context)));
  const ids = [sender.id, receiver.id].map(fromHex);
  return concatenate(Uint8Array.of(version), ...ids, ...parts);
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

/**
 * `identity`: of the message (src/codec/identity.ts). That it has a content, or is silent, is bound
 * in: neither can be taken from it or given to it on the way.
 */
export function contextOfText(
  identity: string,
  { content, silent }: { readonly content?: Uint8Array; readonly silent?: boolean },
): string {
  return `${identity}${content ? ' with content' : ''}${silent ? ' silent' : ''}`;
}

export function contextOfContent(identity: string): string {
  return `${identity} content`;
}

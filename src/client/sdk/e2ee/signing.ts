/**
 * Signatures by the key pair of an account, and the only place that knows the library of its curve:
 * XEdDSA (Signal's specification, revision 1, section 2), Ed25519 by an X25519 pair. So whoever has
 * somebody's public key can verify what they have signed, and there is no second key to be published
 * or compared. Signing is arithmetic that WebCrypto has no word for. Verifying is plain Ed25519 of
 * WebCrypto, under the same public key written as a point of Ed25519.
 */
import { etc, Point } from '@noble/ed25519';
import { isOfWebCrypto, webCrypto } from '../../../base/secrets/web-crypto.ts';
import { concatenate } from './bytes.ts';

const { mod, invert } = etc;
const { p: prime, n: order } = Point.CURVE();

const keyBytes = 32;
export const signatureBytes = 64;
/** Of the nonce of a signature: fresh for each, so that two signatures share none. */
const noiseBytes = 64;
/** What tells hash1 of the specification from the plain hash: 2²⁵⁶ − 2, little endian. */
const hash1Prefix = new Uint8Array(keyBytes).fill(0xff).with(0, 0xfe);

/** The private half of an account's pair, in the coordinates of Ed25519. */
export interface SigningKey {
  readonly scalar: bigint;
  /** The public half: 32 bytes, its sign is always 0. */
  readonly point: Uint8Array;
}

/** `privateKey`: 32 bytes of X25519, which are not kept. */
export function signingKeyOf(privateKey: Uint8Array): SigningKey {
  const scalar = mod(fromLittleEndian(clamped(privateKey)), order);
  const point = Point.BASE.multiply(scalar).toBytes();
  const isNegative = (point[keyBytes - 1] ?? 0) > 0x7f;
  if (!isNegative) return { scalar, point };
  return { scalar: order - scalar, point: point.with(keyBytes - 1, (point.at(-1) ?? 0) & 0x7f) };
}

/** `noise`: 64 random bytes; absent: they are drawn. */
export async function sign(
  { scalar, point }: SigningKey,
  message: Uint8Array,
  noise: Uint8Array = crypto.getRandomValues(new Uint8Array(noiseBytes)),
): Promise<Uint8Array> {
  const nonce = await hashToScalar(hash1Prefix, toLittleEndian(scalar), message, noise);
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const challenge = await hashToScalar(commitment, point, message);
  const signature = new Uint8Array(signatureBytes);
  signature.set(commitment);
  signature.set(toLittleEndian(mod(nonce + challenge * scalar, order)), keyBytes);
  return signature;
}

/** `publicKey`: 32 bytes of X25519. Whatever makes no sense is no signature. */
export async function isSignedBy(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const point = pointOf(publicKey);
  if (!point || signature.length !== signatureBytes) return false;
  try {
    const key = await webCrypto().importKey('raw', point, 'Ed25519', false, ['verify']);
    return await webCrypto().verify('Ed25519', key, signature.slice(), message.slice());
  } catch (error) {
    // It is a point of no curve.
    if (isOfWebCrypto(error)) return false;
    throw error;
  }
}

/**
 * The point of Ed25519 with this X25519 coordinate, and the sign 0. Undefined: there is none, or one
 * of small order, under which anybody could sign.
 */
function pointOf(publicKey: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (publicKey.length !== keyBytes) return undefined;
  const u = fromLittleEndian(publicKey);
  if (u >= prime - 1n) return undefined;
  const bytes = toLittleEndian(mod((u - 1n) * invert(u + 1n, prime), prime));
  try {
    return Point.fromBytes(bytes).isSmallOrder() ? undefined : bytes;
  } catch {
    return undefined;
  }
}

async function hashToScalar(...parts: readonly Uint8Array[]): Promise<bigint> {
  const digest = await webCrypto().digest('SHA-512', concatenate(...parts));
  return mod(fromLittleEndian(new Uint8Array(digest)), order);
}

function clamped(privateKey: Uint8Array): Uint8Array {
  const bytes = privateKey.slice();
  bytes[0] = (bytes[0] ?? 0) & 0xf8;
  bytes[keyBytes - 1] = ((bytes[keyBytes - 1] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** 32 bytes. */
function toLittleEndian(number: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(keyBytes);
  const view = new DataView(bytes.buffer);
  for (let word = 0n; word < 4n; word++)
    view.setBigUint64(Number(word) * 8, number >> (64n * word), true);
  return bytes;
}

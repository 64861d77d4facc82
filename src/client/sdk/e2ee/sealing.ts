/**
 * HPKE (RFC 9180) as cim uses it, and the only place that knows its library: DHKEM(X25519,
 * HKDF-SHA256), HKDF-SHA256, AES-256-GCM, mode_auth. What opens was sealed by the holder of the
 * sender's private key, for the holder of the receiver's, under this very identity.
 */

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, HpkeError } from '@hpke/core';
import { CimError } from '../../../base/errors.ts';
import type { CryptoKey, CryptoKeyPair } from '../../../base/secrets/crypto-key.ts';
import { webCrypto } from '../../../base/secrets/web-crypto.ts';
import { fromBase64Url, toBase64Url } from '../../../base/text/base64url.ts';
import { toHex } from '../../../codec/message-scan.ts';

/** Of somebody else, or one's own. */
export interface PublicKey {
  /** 32 bytes, base64url: as it is published. */
  readonly text: string;
  /** The first bytes of its SHA-256, hex: what sealed messages name it by. */
  readonly id: string;
  readonly key: CryptoKey;
}

export interface OwnKeys extends PublicKey {
  readonly pair: CryptoKeyPair;
}

/** Of an X25519 key, and of what HPKE puts in front of a sealed text. */
const keyBytes = 32;
export const keyIdBytes = 8;
/** What sealing adds to a text: the encapsulated key in front, the tag of AES-GCM behind. */
export const partOverheadBytes = keyBytes + 16;

const utf8 = new TextEncoder();

/** What is sealed: nothing that is sealed as one opens as another. */
export type Purpose = 'cim message v1' | 'cim group draw v1' | 'cim group gift v1';

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

export async function generateKeys(): Promise<OwnKeys> {
  const pair = await suite.kem.generateKeyPair();
  const bytes = new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));
  return { ...(await describe(bytes)), key: pair.publicKey, pair };
}

/** Undefined: it is no key. */
export async function importPublicKey(text: string): Promise<PublicKey | undefined> {
  const bytes = fromBase64Url(text);
  if (bytes?.length !== keyBytes) return undefined;
  const described = await describe(bytes);
  return { ...described, key: await suite.kem.importKey('raw', bytes.buffer, true) };
}

/** `publicText` and `privateBytes` are of one pair. Undefined: they are no keys. */
export async function importKeys(
  publicText: string,
  privateBytes: Uint8Array<ArrayBuffer>,
): Promise<OwnKeys | undefined> {
  const publicKey = await importPublicKey(publicText);
  if (!publicKey || privateBytes.length !== keyBytes) return undefined;
  const privateKey = await suite.kem.importKey('raw', privateBytes.buffer, false);
  return { ...publicKey, pair: { publicKey: publicKey.key, privateKey } };
}

/** 32 bytes; not to be kept. */
export async function exportPrivateKey({ pair }: OwnKeys): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey));
}

/** The encapsulated key and the sealed text. Throws `no-key` for a key that is no good. */
export async function seal(
  text: Uint8Array,
  sender: OwnKeys,
  receiver: PublicKey,
  identity: string,
  purpose: Purpose = 'cim message v1',
): Promise<Uint8Array> {
  const info = utf8.encode(purpose);
  const parameters = { recipientPublicKey: receiver.key, senderKey: sender.pair, info };
  try {
    const { enc, ct } = await suite.seal(parameters, text, utf8.encode(identity));
    const part = new Uint8Array(enc.byteLength + ct.byteLength);
    part.set(new Uint8Array(enc));
    part.set(new Uint8Array(ct), enc.byteLength);
    return part;
  } catch (error) {
    if (!(error instanceof HpkeError)) throw error;
    throw new CimError('no-key', 'nothing can be encrypted with the key of the receiver', {
      cause: error,
    });
  }
}

/** Undefined: not sealed by this sender, for this receiver, under this identity; or altered since. */
export async function open(
  part: Uint8Array,
  sender: PublicKey,
  receiver: OwnKeys,
  identity: string,
  purpose: Purpose = 'cim message v1',
): Promise<Uint8Array | undefined> {
  const enc = part.subarray(0, keyBytes);
  const info = utf8.encode(purpose);
  const parameters = { recipientKey: receiver.pair, senderPublicKey: sender.key, enc, info };
  try {
    const sealed = part.subarray(keyBytes);
    return new Uint8Array(await suite.open(parameters, sealed, utf8.encode(identity)));
  } catch (error) {
    if (error instanceof HpkeError) return undefined;
    throw error;
  }
}

async function describe(bytes: Uint8Array<ArrayBuffer>): Promise<Pick<PublicKey, 'text' | 'id'>> {
  const digest = new Uint8Array(await webCrypto().digest('SHA-256', bytes));
  return { text: toBase64Url(bytes), id: toHex(digest, 0, keyIdBytes) };
}

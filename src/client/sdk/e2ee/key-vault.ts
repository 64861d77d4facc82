/**
 * The key pair of one's own account. Its private half is kept by the route, sealed under a key that
 * only the account's secret gives (src/auth/account-secret.ts), so every device with the secret has
 * the same pair. The first device makes it.
 */

import { CimError } from '../../../base/errors.ts';
import type { CryptoKey } from '../../../base/secrets/crypto-key.ts';
import { webCrypto } from '../../../base/secrets/web-crypto.ts';
import { fromBase64Url, toBase64Url } from '../../../base/text/base64url.ts';
import { exportPrivateKey, generateKeys, importKeys, type OwnKeys } from './sealing.ts';

/** As the route keeps it, both base64url. */
export interface WrappedPair {
  readonly publicKey: string;
  readonly wrappedKey: string;
}

export interface KeyVaultOptions {
  readonly userId: number;
  /** Asked for when routes have let the client in. Undefined: it has no secret. */
  readonly wrapKey: () => Promise<CryptoKey | undefined>;
  /** What the account has; null: nothing yet. */
  readonly fetch: () => Promise<WrappedPair | null>;
  /** Gives the account this pair, unless it has one; answers the one that it has then. */
  readonly publish: (pair: WrappedPair) => Promise<WrappedPair>;
}

const nonceBytes = 12;

/**
 * The pair of the account; if there is none it gets the `held` one, or one that is made. Null: it has
 * none, and this client has no secret to make one with. Throws `no-key` if there is one that does
 * not open here.
 */
export async function openVault(
  options: KeyVaultOptions,
  held: OwnKeys | undefined,
): Promise<OwnKeys | null> {
  const { userId, fetch, publish } = options;
  const kept = await fetch();
  if (kept && kept.publicKey === held?.text) return held;
  const wrapKey = await options.wrapKey();
  if (kept && !wrapKey)
    throw new CimError(
      'no-key',
      'the account has a key, and this device has no secret that opens it',
    );
  if (!wrapKey) return null;
  if (kept) return unwrapPair(userId, wrapKey, kept);
  const made = held ?? (await generateKeys());
  const pair = await wrapPair(userId, wrapKey, made);
  const taken = await publish(pair);
  // Another device may have been first: its pair counts.
  return taken.publicKey === pair.publicKey ? made : unwrapPair(userId, wrapKey, taken);
}

/** The private half for a new secret. Throws `no-key` if the present one does not open it. */
export async function wrapAnew(
  userId: number,
  pair: WrappedPair,
  wrapKey: CryptoKey,
  nextWrapKey: CryptoKey,
): Promise<string> {
  const keys = await unwrapPair(userId, wrapKey, pair);
  return (await wrapPair(userId, nextWrapKey, keys)).wrappedKey;
}

async function wrapPair(userId: number, wrapKey: CryptoKey, keys: OwnKeys): Promise<WrappedPair> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const privateKey = await exportPrivateKey(keys);
  const sealed = await webCrypto().encrypt(wrapping(userId, keys.text, nonce), wrapKey, privateKey);
  privateKey.fill(0);
  const wrapped = new Uint8Array(nonceBytes + sealed.byteLength);
  wrapped.set(nonce);
  wrapped.set(new Uint8Array(sealed), nonceBytes);
  return { publicKey: keys.text, wrappedKey: toBase64Url(wrapped) };
}

async function unwrapPair(
  userId: number,
  wrapKey: CryptoKey,
  { publicKey, wrappedKey }: WrappedPair,
): Promise<OwnKeys> {
  const wrapped = fromBase64Url(wrappedKey) ?? new Uint8Array();
  const algorithm = wrapping(userId, publicKey, wrapped.subarray(0, nonceBytes));
  let privateKey: Uint8Array<ArrayBuffer>;
  try {
    const sealed = wrapped.subarray(nonceBytes);
    privateKey = new Uint8Array(await webCrypto().decrypt(algorithm, wrapKey, sealed));
  } catch (error) {
    throw notOurs(error);
  }
  const keys = await importKeys(publicKey, privateKey);
  privateKey.fill(0);
  if (!keys) throw notOurs();
  return keys;
}

/** The public half is bound in: a route cannot put another one beside it. */
function wrapping(userId: number, publicKey: string, nonce: Uint8Array<ArrayBuffer>) {
  const bound = new TextEncoder().encode(`cim key wrap v1 ${userId} ${publicKey}`);
  return { name: 'AES-GCM', iv: nonce, additionalData: bound };
}

function notOurs(cause?: unknown): CimError {
  return new CimError('no-key', "the account's key does not open with this secret", { cause });
}

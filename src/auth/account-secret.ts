/**
 * What is derived from the secret of an account. Runs where the secret is: at the client. The
 * secret itself never leaves it.
 *
 *   secret ──▶ root ──HKDF──▶ login key   shown to routes, which keep its SHA-256
 *                   └─HKDF──▶ wrap key    seals the account's private key; shown to nobody
 *
 * A drawn secret has 256 random bits and is its own root; one that a person chose is stretched first.
 * WebCrypto alone: this runs in browsers too.
 */
import type { webcrypto } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../base/base64url.ts';
import { CimError } from '../base/errors.ts';

/** As drawn secrets are written: `cim_` and 32 bytes in base64url. */
const drawnBytes = 32;
const drawnPattern = /^cim_([A-Za-z0-9_-]{43})$/;

/** OWASP's figure for PBKDF2 with HMAC-SHA-256 (Password Storage Cheat Sheet, 2023). */
const stretchRounds = 600_000;
/** A person's own secret: shorter ones are guessed, stretched or not. */
const chosenCharactersMin = 10;

export interface AccountKeys {
  /** base64url */
  readonly loginKey: string;
  /** AES-256-GCM; cannot be exported. */
  readonly wrapKey: webcrypto.CryptoKey;
}

/** `bytes`: 32 random ones. */
export function formatSecret(bytes: Uint8Array): string {
  return `cim_${toBase64Url(bytes)}`;
}

/** The user id is part of it: equal secrets of two accounts have nothing in common. */
export async function deriveAccountKeys(secret: string, userId: number): Promise<AccountKeys> {
  const root = await crypto.subtle.importKey('raw', await rootOf(secret, userId), 'HKDF', false, [
    'deriveBits',
    'deriveKey',
  ]);
  const derivation = (purpose: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: utf8(`cim ${purpose} v1 ${userId}`),
  });
  const loginKey = await crypto.subtle.deriveBits(derivation('login'), root, 256);
  const wrapKey = await crypto.subtle.deriveKey(
    derivation('key wrap'),
    root,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
  return { loginKey: toBase64Url(new Uint8Array(loginKey)), wrapKey };
}

async function rootOf(secret: string, userId: number): Promise<Uint8Array<ArrayBuffer>> {
  const drawn = fromBase64Url(drawnPattern.exec(secret)?.[1] ?? '');
  if (drawn?.length === drawnBytes) return drawn;
  if ([...secret].length < chosenCharactersMin) {
    throw new CimError(
      'invalid-argument',
      `a secret of one's own has ${chosenCharactersMin} characters or more`,
    );
  }
  const key = await crypto.subtle.importKey(
    'raw',
    utf8(secret.normalize('NFKC')),
    'PBKDF2',
    false,
    ['deriveBits'],
  );
  const stretched = await crypto.subtle.deriveBits(
    {
      name: 'PBKDF2',
      hash: 'SHA-256',
      salt: utf8(`cim secret v1 ${userId}`),
      iterations: stretchRounds,
    },
    key,
    256,
  );
  return new Uint8Array(stretched);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

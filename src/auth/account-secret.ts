/**
 * What is derived from the secret of an account. Runs where the secret is: at the client. The
 * secret itself never leaves it.
 *
 *   secret ──▶ root ──HKDF──▶ login key   shown to routes, which keep its SHA-256
 *                   └─HKDF──▶ wrap key    seals the account's private key; shown to nobody
 *
 * A drawn secret has 256 random bits and is its own root; one that a person chose is stretched first,
 * with a salt of the cluster's own. A login key says which of both it comes from, so a route need not
 * count how often one is tried that nobody can guess.
 * WebCrypto alone: this runs in browsers too.
 */

import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { CryptoKey } from '../base/secrets/crypto-key.ts';
import { webCrypto } from '../base/secrets/web-crypto.ts';
import { fromBase64Url, toBase64Url } from '../base/text/base64url.ts';
import { normalForm } from '../base/text/normal-form.ts';

/** As drawn secrets are written: `cim_` and 32 bytes in base64url. */
const drawnBytes = 32;
const drawnPattern = /^cim_([A-Za-z0-9_-]{43})$/;
const drawnAnywhere = /cim_[A-Za-z0-9_-]{43}/g;

/** OWASP's figure for PBKDF2 with HMAC-SHA-256 (Password Storage Cheat Sheet, 2023). */
const stretchRounds = 600_000;
/** A person's own secret: shorter ones are guessed, stretched or not. */
const chosenCharactersMin = 10;

/** What the login key of a drawn secret begins with. */
export const drawnKeyPrefix = 'drawn.';

export interface AccountKeys {
  /** 32 bytes in base64url, behind `drawnKeyPrefix` where the secret was drawn. */
  readonly loginKey: string;
  /** AES-256-GCM; cannot be exported. */
  readonly wrapKey: CryptoKey;
}

/** `bytes`: 32 random ones. */
export function formatSecret(bytes: Uint8Array): string {
  return `cim_${toBase64Url(bytes)}`;
}

/**
 * The user id and the cluster's salt are part of it: equal secrets of two accounts have nothing in
 * common, nor have those of one user in two clusters. A drawn secret needs no salt.
 */
export async function deriveAccountKeys(
  secret: string,
  userId: number,
  salt?: string,
): Promise<AccountKeys> {
  const drawn = bytesOfDrawn(secret);
  const rootBytes = drawn ?? (await stretch(secret, userId, salt));
  const root = await webCrypto().importKey('raw', rootBytes, 'HKDF', false, [
    'deriveBits',
    'deriveKey',
  ]);
  const derivation = (purpose: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: utf8(`cim ${purpose} v1 ${userId}`),
  });
  const loginKey = await webCrypto().deriveBits(derivation('login'), root, 256);
  const wrapKey = await webCrypto().deriveKey(
    derivation('key wrap'),
    root,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
  const prefix = drawn ? drawnKeyPrefix : '';
  return { loginKey: prefix + toBase64Url(new Uint8Array(loginKey)), wrapKey };
}

export function isDrawnSecret(secret: string): boolean {
  return bytesOfDrawn(secret) !== undefined;
}

/** The text with `cim_…` in place of each drawn secret. */
export function hideDrawnSecrets(text: string): string {
  return text.replace(drawnAnywhere, 'cim_…');
}

/** Throws `invalid-argument` for what can be nobody's secret. */
export function assertSecret(secret: string): void {
  if (!isDrawnSecret(secret)) chosenForm(secret);
}

/** However it was typed. */
function chosenForm(secret: string): string {
  const form = normalForm('secret', secret, limits.secretCharactersMax);
  if ([...secret].length >= chosenCharactersMin) return form;
  throw new CimError(
    'invalid-argument',
    `a secret of one's own has ${chosenCharactersMin} characters or more`,
  );
}

/** Undefined: a person chose it. */
function bytesOfDrawn(secret: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64Url(drawnPattern.exec(secret)?.[1] ?? '');
  return bytes?.length === drawnBytes ? bytes : undefined;
}

async function stretch(
  secret: string,
  userId: number,
  salt: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const chosen = chosenForm(secret);
  if (salt === undefined) throw new Error('a chosen secret is not derived from without a salt');
  const key = await webCrypto().importKey('raw', utf8(chosen), 'PBKDF2', false, ['deriveBits']);
  const stretched = await webCrypto().deriveBits(
    {
      name: 'PBKDF2',
      hash: 'SHA-256',
      salt: utf8(`cim secret v1 ${userId} ${salt}`),
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

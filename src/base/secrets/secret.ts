/** Secrets as texts: drawing and comparing them, and the header that bears one. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Compares in time that tells nothing of either text, not even its length. */
export function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** What an Authorization header bears. Undefined: nothing, or something else. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([^ ].*)$/i.exec(authorization ?? '')?.[1];
}

/**
 * What keys of applications begin with: something that nobody mistakes for anything else, also in a
 * log or in a repository.
 */
export const apiKeyPrefix = 'cimk_';

/** The same of keys of devices. */
export const deviceKeyPrefix = 'cimd_';

/** The form of a token (a JWS): three parts, of which the first two are not empty. */
export function isTokenForm(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

/** 256 random bits, for a secret that nobody has to type. */
export function drawSecret(): string {
  return randomBytes(32).toString('base64url');
}

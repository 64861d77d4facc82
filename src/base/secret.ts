import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Compares in time that tells nothing of either text, not even its length. */
export function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** 256 random bits, for a secret that nobody has to type. */
export function drawSecret(): string {
  return randomBytes(32).toString('base64url');
}

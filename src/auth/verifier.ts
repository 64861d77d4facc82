/**
 * What a route keeps of the login key that clients show (account-secret.ts): its SHA-256. A login
 * key has 256 bits, so one round is enough, and a login costs next to nothing.
 */
import { createHash } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { equalSecrets } from '../base/secrets/secret.ts';
import { drawnKeyPrefix } from './account-secret.ts';

/**
 * Whether it comes of a secret that was drawn, as it says itself: then nobody guesses it. Where it
 * lies it does not fit, as what it says is a part of it.
 */
export function isOfDrawnSecret(loginKey: string): boolean {
  return loginKey.startsWith(drawnKeyPrefix);
}

const pattern = new RegExp(`^(?:${drawnKeyPrefix.replace('.', '[.]')})?[\\w-]{43}$`);

/** `field`: what the caller calls it. Throws `invalid-argument`. */
export function verifierOf(loginKey: string, field = 'loginKey'): string {
  if (!pattern.test(loginKey)) {
    throw new CimError('invalid-argument', `${field}: must be 32 bytes in base64url`);
  }
  return createHash('sha256').update(loginKey).digest('hex');
}

/** An account without a verifier has no login key: nothing matches. */
export function matchesVerifier(loginKey: string, verifier: string): boolean {
  return equalSecrets(verifierOf(loginKey), verifier);
}

/**
 * What a route keeps of the login key that clients show (account-secret.ts): its SHA-256. A login
 * key has 256 bits, so one round is enough, and a login costs next to nothing.
 */
import { createHash } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { equalSecrets } from '../base/secret.ts';

/** `field`: what the caller calls it. Throws `invalid-argument`. */
export function verifierOf(loginKey: string, field = 'loginKey'): string {
  if (!/^[\w-]{43}$/.test(loginKey)) {
    throw new CimError('invalid-argument', `${field}: must be 32 bytes in base64url`);
  }
  return createHash('sha256').update(loginKey).digest('hex');
}

/** An account without a verifier has no login key: nothing matches. */
export function matchesVerifier(loginKey: string, verifier: string): boolean {
  return equalSecrets(verifierOf(loginKey), verifier);
}

/** Secrets of accounts in tests. */
import { createHash } from 'node:crypto';
import { formatSecret } from '../../src/auth/account-secret.ts';

/** The same on each device of a user, as the user would see to. */
export function secretOf(userId: number): string {
  return formatSecret(createHash('sha256').update(`the secret of ${userId}`).digest());
}

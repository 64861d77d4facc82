/** The keys of applications as they are shown: `cimk_<id>_<secret>`. */
import { createHash, randomBytes } from 'node:crypto';
import { apiKeyPrefix, drawSecret, equalSecrets } from '../base/secrets/secret.ts';

const pattern = /^cimk_([0-9a-f]{16})_[\w-]{43}$/;

export interface DrawnApiKey {
  /** Names it in lists. */
  readonly id: string;
  /** Shown once. */
  readonly key: string;
  /** What is kept of it. It has 256 random bits, so one round is enough. */
  readonly hash: string;
}

export function drawApiKey(): DrawnApiKey {
  const id = randomBytes(8).toString('hex');
  const key = `${apiKeyPrefix}${id}_${drawSecret()}`;
  return { id, key, hash: hashOf(key) };
}

/** Whether it is meant as one. */
export function isApiKey(text: string): boolean {
  return text.startsWith(apiKeyPrefix);
}

/** The id of a key; undefined if it is not well-formed. */
export function apiKeyId(key: string): string | undefined {
  return pattern.exec(key)?.[1];
}

export function matchesApiKey(key: string, hash: string): boolean {
  return equalSecrets(hashOf(key), hash);
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

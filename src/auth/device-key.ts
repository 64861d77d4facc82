/** The keys of devices as they are shown: `cimd_<id>_<secret>`. */
import { createHash, randomBytes } from 'node:crypto';
import { deviceKeyPrefix, drawSecret, equalSecrets } from '../base/secrets/secret.ts';

const pattern = /^cimd_([0-9a-f]{16})_[\w-]{43}$/;

export interface DrawnDeviceKey {
  /** Names it in lists. */
  readonly id: string;
  /** Shown once. */
  readonly key: string;
  /** What is kept of it. It has 256 random bits, so one round is enough. */
  readonly hash: string;
}

export function drawDeviceKey(): DrawnDeviceKey {
  const id = randomBytes(8).toString('hex');
  const key = `${deviceKeyPrefix}${id}_${drawSecret()}`;
  return { id, key, hash: hashOf(key) };
}

/** The id of a key; undefined if it is not well-formed. */
export function deviceKeyId(key: string): string | undefined {
  return pattern.exec(key)?.[1];
}

export function matchesDeviceKey(key: string, hash: string): boolean {
  return equalSecrets(hashOf(key), hash);
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/**
 * What two people compare to be sure that each has the other's key, and nobody stands between them:
 * 12 groups of 5 digits, the same on both sides. Each half is 100 bits of a hash of one side's id
 * and key, so another key that gives the same number cannot be found.
 */

import { webCrypto } from '../../../base/secrets/web-crypto.ts';
import { fromBase64Url } from '../../../base/text/base64url.ts';

export interface KeyHolder {
  readonly userId: number;
  /** As it is published. */
  readonly publicKey: string;
}

const groupsPerHalf = 6;
const bytesPerGroup = 5;

export async function safetyNumber(one: KeyHolder, other: KeyHolder): Promise<string> {
  const holders = [one, other].toSorted((a, b) => a.userId - b.userId);
  const halves = await Promise.all(holders.map(groupsOf));
  return halves.flat().join(' ');
}

async function groupsOf({ userId, publicKey }: KeyHolder): Promise<string[]> {
  const head = new TextEncoder().encode(`cim safety number v1 ${userId} `);
  const key = fromBase64Url(publicKey) ?? new Uint8Array();
  const hashed = new Uint8Array(head.length + key.length);
  hashed.set(head);
  hashed.set(key, head.length);
  const digest = new DataView(await webCrypto().digest('SHA-512', hashed));
  return Array.from({ length: groupsPerHalf }, (_, group) => {
    const offset = group * bytesPerGroup;
    const number = digest.getUint32(offset) * 256 + digest.getUint8(offset + 4);
    return String(number % 100_000).padStart(5, '0');
  });
}

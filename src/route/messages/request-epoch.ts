/**
 * The epoch that the messages of an HTTP request bear. A request with a key has the same one in
 * every attempt, so its messages have the same identities: what an attempt stored before its route
 * died is not stored again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { CimError } from '../../base/errors.ts';
import type { Requests } from '../../store/requests.ts';

/**
 * `meaning`: what the request asks for; the same in every attempt. Throws `key-reused` if the key
 * stands for something else.
 */
export async function epochOf(
  requests: Requests,
  owner: number,
  key: string | undefined,
  meaning: readonly unknown[],
): Promise<string> {
  const epochHex = randomBytes(8).toString('hex');
  if (key === undefined) return epochHex;
  const fingerprint = createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
  const first = await requests.claim({ owner, key, fingerprint, epochHex });
  if (first.fingerprint !== fingerprint) throw new CimError('key-reused');
  return first.epochHex;
}

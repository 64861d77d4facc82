/** TLS to Redis, its sentinels and the nodes of its cluster: whose certificates are believed. */
import { createSecureContext, type SecureContext } from 'node:tls';
import { CimError } from '../../../base/errors.ts';
import { readAuthority, systemAuthorities } from '../../../base/network/tls.ts';
import type { RedisTarget } from './redis-url.ts';

/** For `tls.connect`, beside host and port. */
export interface RedisTls {
  readonly secureContext: SecureContext;
}

/** Undefined: without TLS. Rejects with `bad-config`. */
export async function openRedisTls(
  { tls, description }: RedisTarget,
  caFile: string | undefined,
): Promise<RedisTls | undefined> {
  if (tls) {
    const ca = caFile === undefined ? systemAuthorities() : await readAuthority('redis-ca', caFile);
    return { secureContext: createSecureContext({ ca }) };
  }
  if (caFile === undefined) return undefined;
  // Whoever gives one believes that nobody reads along.
  throw new CimError(
    'bad-config',
    `--redis-ca is for rediss:// and sentinels://, and ${description} is without TLS`,
  );
}

/** For `Cluster`: names stay names. */
export function asTheyAre(
  host: string,
  found: (error: NodeJS.ErrnoException | null | undefined, address: string) => void,
): void {
  found(null, host);
}

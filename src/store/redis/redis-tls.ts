/** TLS to Redis, its sentinels and the nodes of its cluster: whose certificates are believed. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CimError } from '../../base/errors.ts';
import type { RedisTarget } from './redis-url.ts';

/** For `tls.connect`, beside host and port. */
export interface RedisTls {
  /** Absent: whom Node.js believes. */
  readonly ca?: Buffer;
}

/** Undefined: without TLS. Rejects with `bad-config`. */
export async function openRedisTls(
  { tls, description }: RedisTarget,
  caFile: string | undefined,
): Promise<RedisTls | undefined> {
  if (caFile === undefined) return tls ? {} : undefined;
  if (!tls) {
    // Whoever gives one believes that nobody reads along.
    throw new CimError(
      'bad-config',
      `--redis-ca is for rediss:// and sentinels://, and ${description} is without TLS`,
    );
  }
  return { ca: await readAuthority(caFile) };
}

async function readAuthority(path: string): Promise<Buffer> {
  const pem = await readFile(path).catch((cause: unknown) => {
    throw new CimError('bad-config', `--redis-ca ${path}: cannot be read`, { cause });
  });
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new CimError('bad-config', `--redis-ca ${path}: is no certificate in PEM`, { cause });
  }
}

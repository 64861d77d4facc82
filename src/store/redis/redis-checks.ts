/** What a Redis server says of itself when it is connected to: whether it is part of a cluster, and settings under which data is lost. */
import type { Redis } from 'ioredis';
import type { RedisAddress } from './redis-url.ts';

export interface ServerInspection {
  readonly clusterEnabled: boolean;
  readonly connectedReplicas: number;
  readonly warnings: readonly string[];
}

export async function inspectServer(redis: Redis): Promise<ServerInspection> {
  const info = await redis.info();
  const policy = infoField(info, 'maxmemory_policy');
  const warnings = [];
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(
      `maxmemory-policy is ${policy}: under pressure Redis drops messages; noeviction refuses new ones instead`,
    );
  }
  if (infoField(info, 'aof_enabled') === '0' && (await snapshotSchedule(redis)) === '') {
    warnings.push('appendonly is no and save is empty: everything is gone when Redis restarts');
  }
  return {
    clusterEnabled: infoField(info, 'cluster_enabled') === '1',
    connectedReplicas: Number(infoField(info, 'connected_slaves') ?? 0),
    warnings,
  };
}

/** The nodes that hold slots. */
export async function clusterNodes(redis: Redis): Promise<RedisAddress[]> {
  const ranges = await redis.cluster('SLOTS');
  const byAddress = new Map<string, RedisAddress>();
  for (const [, , ...nodes] of ranges) {
    for (const [host, port] of nodes) {
      // A node that has met no other does not know its own address.
      if (host) byAddress.set(`${host}:${port}`, { host, port });
    }
  }
  return [...byAddress.values()];
}

/** Undefined where CONFIG is not allowed, as with most hosted Redis. */
async function snapshotSchedule(redis: Redis): Promise<string | undefined> {
  try {
    const [, schedule] = (await redis.config('GET', 'save')) as string[];
    return schedule;
  } catch {
    return undefined;
  }
}

function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

/**
 * What a Redis server says of itself when it is connected to: whether it is part of a cluster, settings under which data is lost, and
 * whether its user may do what cim does.
 */
import type { Redis } from 'ioredis';
import type { HostPort } from '../../../base/network/host-port.ts';
import { rightsNeeded, scripts } from '../scripts.ts';

export interface ServerInspection {
  readonly clusterEnabled: boolean;
  readonly isReplica: boolean;
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
    isReplica: isReplica(info),
    connectedReplicas: Number(infoField(info, 'connected_slaves') ?? 0),
    warnings,
  };
}

/** By what it says of itself (INFO). What is written to one is refused, or lost at its next sync. */
export function isReplica(info: string): boolean {
  const role = infoField(info, 'role');
  return role === 'slave' || role === 'replica';
}

/** Throws if rights are missing: otherwise a system would seem to work, and be busy for ever with some of it. */
export async function checkRights(redis: Redis, prefix: string): Promise<void> {
  const { text } = scripts.findMissingRights;
  const missing = await redis.eval(text, 0, `${prefix}:`, ...rightsNeeded);
  if (!Array.isArray(missing) || missing.length === 0) return;
  throw new Error(
    `its user may not run ${missing.join(', ')} on keys that begin with ${prefix}: (docs/guides/redis.md has the rights it needs)`,
  );
}

/** The nodes that hold slots. */
export async function clusterNodes(redis: Redis): Promise<HostPort[]> {
  const ranges = await redis.cluster('SLOTS');
  const byAddress = new Map<string, HostPort>();
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

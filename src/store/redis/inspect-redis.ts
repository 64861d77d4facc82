/** How a Redis is, for operators who look before and after: each master that cim would use. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Cluster, type Redis } from 'ioredis';
import type { HostPort } from '../../base/network/host-port.ts';
import { inspectServer } from './connection/redis-checks.ts';
import { RedisStore, type RedisStoreOptions } from './redis-store.ts';

export interface RedisInspection {
  /** Null: it can be used. */
  readonly problem: string | null;
  /** Null: it takes writes. */
  readonly refusal: string | null;
  readonly masters: readonly RedisMaster[];
}

export interface RedisMaster {
  readonly node: string;
  readonly version: string;
  readonly replicas: number;
  /** Settings under which data is lost. */
  readonly warnings: readonly string[];
  readonly usedBytes: number;
  /** 0: no bound. */
  readonly bytesMax: number;
  /** How far its clock is ahead of this machine's, give or take how long it took to ask. */
  readonly aheadMs: number;
  readonly takenMs: number;
  /** It runs on this machine, as far as the connection tells. */
  readonly isHere: boolean;
  /** When its certificate ends; absent: it speaks no TLS. */
  readonly certificateEndsAt?: Date;
}

export async function inspectRedis(options: RedisStoreOptions): Promise<RedisInspection> {
  const store = await RedisStore.open(options);
  try {
    const problem = await store.problem();
    if (problem !== null) return { problem, refusal: null, masters: [] };
    const { client } = store;
    const masters = client instanceof Cluster ? client.nodes('master') : client ? [client] : [];
    return {
      problem,
      refusal: await store.refusal(),
      masters: await Promise.all(masters.map(inspectMaster)),
    };
  } finally {
    await store.close();
  }
}

async function inspectMaster(redis: Redis): Promise<RedisMaster> {
  const info = await redis.info();
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const asked = performance.now();
  const [seconds, micros] = await redis.time();
  const takenMs = performance.now() - asked;
  const { warnings, connectedReplicas } = await inspectServer(redis);
  const { host = '', port = 0 } = redis.options as Partial<HostPort>;
  return {
    node: `${host}:${port}`,
    version: field('redis_version'),
    replicas: connectedReplicas,
    warnings,
    usedBytes: Number(field('used_memory')),
    bytesMax: Number(field('maxmemory')),
    aheadMs: Number(seconds) * 1_000 + Number(micros) / 1_000 - Date.now(),
    takenMs,
    ...connectionFacts(redis.stream),
  };
}

/** A connection within one machine has one address at both its ends. */
function connectionFacts(
  stream: Redis['stream'],
): Pick<RedisMaster, 'isHere' | 'certificateEndsAt'> {
  const { remoteAddress, localAddress } = stream as Socket;
  const isHere = remoteAddress !== undefined && remoteAddress === localAddress;
  if (!(stream instanceof TLSSocket)) return { isHere };
  return { isHere, certificateEndsAt: new Date(stream.getPeerCertificate().valid_to) };
}

/**
 * The one place that chooses a store: by what an operator has set (src/config/options/storage.ts).
 * Only the chosen implementation is loaded.
 */

import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { Counters } from '../base/process/counters.ts';
import type { Health } from '../base/process/health.ts';
import type { Quotas } from './quotas.ts';
import type { RedisInspection } from './redis/inspect-redis.ts';
import type { Restored } from './sqlite/restore-store.ts';
import type { Retention, Store } from './store.ts';

export type StoreSettings = KeptSettings & (SqliteSettings | RedisSettings);

/** How much is kept. Shares come in percent. */
interface KeptSettings {
  readonly timelineMax: number;
  readonly timelineDays: number;
  readonly timelineBytes: number;
  readonly contactUnread: number;
  readonly strangerUnread: number;
  readonly strangersShare: number;
  readonly lobbyShare: number;
  readonly groupShare: number;
}

interface SqliteSettings {
  /** A folder, made if there is none, or `:memory:`. */
  readonly data: string;
}

export interface RedisSettings {
  readonly redis: string;
  readonly redisCa: string | undefined;
  readonly redisPrefix: string;
  readonly ackReplicas: number;
}

export interface StoreReporters {
  readonly log: Logger;
  readonly health?: Health;
  readonly counters?: Counters;
}

const dayMs = 24 * 3600 * 1000;

/**
 * SQLite: rejects with a CimError `unavailable` that says what to do when the folder cannot be
 * used. Redis: is there when it comes (`problem`), and rejects with `bad-config` only. `health` and
 * `counters` are told what becomes of Redis.
 */
export async function openStore(
  settings: StoreSettings,
  { log, health, counters }: StoreReporters,
): Promise<Store> {
  const kept = { retention: retentionOf(settings), quotas: quotasOf(settings), log };
  if ('data' in settings) {
    const { SqliteStore } = await import('./sqlite/sqlite-store.ts');
    return SqliteStore.open({ ...kept, path: settings.data });
  }
  const { RedisStore } = await import('./redis/redis-store.ts');
  return RedisStore.open({
    ...kept,
    ...(health && { health }),
    ...(counters && { counters }),
    url: settings.redis,
    caFile: settings.redisCa,
    prefix: settings.redisPrefix,
    ackReplicas: settings.ackReplicas,
  });
}

function retentionOf({ timelineMax, timelineDays }: KeptSettings): Retention {
  return { messagesMax: timelineMax, ageMs: timelineDays * dayMs };
}

function quotasOf(settings: KeptSettings): Quotas {
  return {
    timelineBytesMax: settings.timelineBytes,
    contactPlacesMax: settings.contactUnread,
    strangerPlacesMax: settings.strangerUnread,
    strangersShare: settings.strangersShare / 100,
    lobbyShare: settings.lobbyShare / 100,
    groupShare: settings.groupShare / 100,
    groupShareMs: limits.groupShareMs,
  };
}

/** How a Redis is, for operators; nothing is changed there. Rejects with `bad-config` only. */
export async function inspectRedis(settings: RedisSettings, log: Logger): Promise<RedisInspection> {
  const { inspectRedis: inspect } = await import('./redis/inspect-redis.ts');
  return inspect({
    url: settings.redis,
    caFile: settings.redisCa,
    prefix: settings.redisPrefix,
    ackReplicas: settings.ackReplicas,
    retention: { messagesMax: limits.timelineMessagesMax, ageMs: limits.timelineAgeMs },
    log,
  });
}

/**
 * Puts a backup in the place of the embedded store in this folder, which nobody uses. Rejects with
 * `unavailable`, and nothing has changed.
 */
export async function restoreStore(file: string, folder: string): Promise<Restored> {
  const { restoreStore: restore } = await import('./sqlite/restore-store.ts');
  return restore(file, folder);
}

/** The one place that chooses a store. Only the chosen implementation is loaded. */
import type { Logger } from '../base/log.ts';
import type { Retention, Store } from './store.ts';

export type StoreOptions = StoreLocation & {
  readonly retention: Retention;
  readonly log: Logger;
};

type StoreLocation =
  /** `path`: a folder, made if there is none, or `:memory:`. */
  | { readonly kind: 'sqlite'; readonly path: string }
  /**
   * `caFile`: who signs the certificate of Redis. `prefix`: comes before every key, so that systems
   * can share a Redis. `ackReplicas`: how many replicas have an append when it is answered.
   */
  | {
      readonly kind: 'redis';
      readonly url: string;
      readonly caFile: string | undefined;
      readonly prefix: string;
      readonly ackReplicas: number;
    };

/**
 * SQLite: rejects with a CimError `unavailable` that says what to do when the folder cannot be
 * used. Redis: is there when it comes (`problem`), and rejects with `bad-config` only.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  switch (options.kind) {
    case 'sqlite': {
      const { SqliteStore } = await import('./sqlite/sqlite-store.ts');
      return SqliteStore.open(options);
    }
    case 'redis': {
      const { RedisStore } = await import('./redis/redis-store.ts');
      return RedisStore.open(options);
    }
  }
}

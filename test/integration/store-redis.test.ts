/** The store in one Redis server, as the user that docs/guides/redis.md has: what every store guarantees. */
import { beforeAll } from '@jest/globals';
import { createLogger } from '../../src/base/log.ts';
import type { Quotas } from '../../src/store/quotas.ts';
import { RedisStore } from '../../src/store/redis/redis-store.ts';
import type { Retention, Store } from '../../src/store/store.ts';
import { describeStore } from '../contract/store.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { documentedUser, makeUser } from '../support/redis-user.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  await makeUser([redis], password);
});

const password = 'of cim';
const prefixes = new Map<Store, string>();

/** Stores are kept apart by their prefix, as systems that share one Redis are. */
async function open(
  retention: Retention,
  quotas?: Quotas,
  prefix = `cim:${prefixes.size}`,
): Promise<Store> {
  const log = createLogger('test', 'silent');
  const store = await RedisStore.open({
    url: `redis://${documentedUser}:${encodeURIComponent(password)}@${redis.address}`,
    prefix,
    retention,
    quotas,
    ackReplicas: 0,
    log,
  });
  prefixes.set(store, prefix);
  return store;
}

describeStore('one Redis server', open, {
  openAnother: (first, retention) => open(retention, undefined, prefixes.get(first)),
});

/** What several routes make of one Redis, when one of them dies. */
import { beforeAll, describe } from '@jest/globals';
import { describeRepeatedRequests } from '../contract/route/repeated-requests.ts';
import { describeScheduling } from '../contract/route/scheduling.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openRedisStore } from '../support/redis-store.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});

let opened = 0;
/** Over the same data, as two routes open it; each test has a prefix of its own. */
async function openStores() {
  opened += 1;
  const options = { prefix: `cim${opened}` };
  const [one, other] = [
    await openRedisStore(redis.address, options),
    await openRedisStore(redis.address, options),
  ];
  return [one.store, other.store] as const;
}

describe('scheduled messages', () => describeScheduling(openStores));

describe('requests that are repeated', () => describeRepeatedRequests(openStores));

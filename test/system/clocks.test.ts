/** A server whose clock is wrong: it says so, and where tokens would be judged wrongly it gets no work. */
import { expect, test } from '@jest/globals';
import { faults } from '../../src/base/process/faults.ts';
import { fakedClock } from '../support/faked-clock.ts';
import { startRedis } from '../support/redis.ts';
import { startRole, startRoute } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const [differs, wrong] = [faults['clock-differs'].words, faults['clock-wrong'].words];

/** A server whose clock is off by this, and what its HTTP port says of it. */
async function serverOff(by: string, zookeeper: string) {
  const where = ['--host', '127.0.0.1', '--port', '0', '--http-port', '0', '--zk', zookeeper];
  const { process: server, addresses } = await startRole('server', where, fakedClock(by));
  return { server, readiness: () => fetch(`http://${addresses['http']}/readyz`) };
}

test.each([
  ['+5s', 200, `${differs}: it is ahead of it by more than two seconds`],
  ['-1h', 503, `${wrong}: it is behind the store's by more than tokens allow for`],
])('a server whose clock is off by %s says so once (%d)', async (by, status, reason) => {
  const [zookeeper, redis] = await Promise.all([startZooKeeper(), startRedis()]);
  await startRoute(zookeeper.address, redis.address);
  const { server, readiness } = await serverOff(by, zookeeper.address);
  const answer = await waitUntil('its clock is compared', async () => {
    const response = await readiness();
    const text = await response.text();
    return text.includes(reason) && { status: response.status };
  });
  expect(answer).toEqual({ status });
  // The log comes by itself, and may be behind the answer.
  await waitUntil('its log says so', () => server.output.includes(reason));
  expect(server.output.split(reason)).toHaveLength(2);
});

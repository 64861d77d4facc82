import { beforeAll } from '@jest/globals';
import { createLogger } from '../../src/base/log.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { describeRegistry } from '../contract/registry.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

let zookeeper: TestZooKeeper;
let registries = 0;

beforeAll(async () => {
  zookeeper = await startZooKeeper();
});

describeRegistry('ZooKeeper', async () => {
  registries += 1;
  const address = `${zookeeper.address}/cim-tests/${registries}`;
  return () =>
    openRegistry({
      zookeeper: address,
      sessionTimeoutMs: 2_000,
      follow: ['servers', 'routes'],
      log: createLogger('test', 'silent'),
      loadPeriodMs: 100,
    });
});

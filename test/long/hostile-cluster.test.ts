// Goal: a route that is frozen, and traffic that may be dropped, take neither the memory of a server
// nor its links from those who chat. Method: attacks on a server and routes of the packaged
// executable, on real Redis and ZooKeeper; figures are printed, the memory of every process and the
// arrival of every honest message are asserted.
import { beforeAll, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import {
  attackers,
  messageFrame,
  residentMiBMax,
  whenWritten,
} from '../support/hostile-clients.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type Role, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { Witness } from '../support/witness.ts';
import { startZooKeeper, type TestZooKeeper } from '../support/zookeeper.ts';

interface Cluster {
  readonly tcp: string;
  /** Where callers ask; the other one may be frozen. */
  readonly route: string;
  readonly other: Role;
}

interface Attack {
  readonly what: string;
  /** Of the honest: others than before in the same store. */
  readonly ids: readonly [number, number];
  readonly run: (cluster: Cluster) => Promise<unknown>;
}

const attacks: readonly Attack[] = [
  {
    what: 'three dozen who send 64 KiB texts as fast as they may, while a route is frozen',
    ids: [1, 2],
    async run({ tcp, route, other }) {
      const all = await attackers(tcp, route, 36);
      const text = 'x'.repeat(limits.textBytesMax - 100);
      other.process.freeze();
      for (const [index, { peer }] of all.entries()) {
        const to = all[(index + 1) % all.length]?.userId ?? 0;
        const messages = Array.from({ length: 64 }, (_, count) =>
          messageFrame({ to, reqMsg: text, sendSeq: count + 1 }),
        );
        peer.send(Buffer.concat(messages));
      }
      const peers = all.map(({ peer }) => peer);
      // They take no more than what is in flight until the frozen one is given up.
      await whenWritten(peers);
      other.process.thaw();
      for (const peer of peers) peer.socket.destroy();
    },
  },
  {
    what: 'transient messages to very many receivers that do not exist',
    ids: [3, 4],
    async run({ tcp, route }) {
      const all = await attackers(tcp, route, 20);
      for (const [index, { peer }] of all.entries()) {
        const messages = Array.from({ length: 8_000 }, (_, count) =>
          messageFrame({
            to: 1_000_000 * (index + 1) + count,
            reqMsg: 'anybody?',
            sendSeq: 1,
            transient: true,
          }),
        );
        peer.send(Buffer.concat(messages));
      }
      const peers = all.map(({ peer }) => peer);
      await whenWritten(peers);
      for (const peer of peers) peer.socket.destroy();
    },
  },
];

let redis: TestRedis;
let zookeeper: TestZooKeeper;
beforeAll(async () => {
  [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
});

test.each(attacks)(
  '$what',
  async ({ what, ids, run }) => {
    const args = ['--cluster-secret', 'attacked'];
    const routes = await Promise.all(
      [1, 2].map(() => startRoute(zookeeper.address, redis.address, [...args, '--auth', 'open'])),
    );
    const server = await startServer(zookeeper.address, args);
    const [route, other] = routes as [Role, Role];
    const url = `http://${route.addresses['http']}`;
    await waitUntil('the server is chosen', async () => (await fetch(`${url}/readyz`)).ok);
    const witness = await Witness.start([server, ...routes], url, ids);
    await witness.within(what, residentMiBMax, () =>
      run({
        tcp: server.addresses['tcp'] ?? '',
        route: route.addresses['http'] ?? '',
        other,
      }),
    );
    // The next has processes of its own.
    await Promise.all([server, ...routes].map(({ process }) => process.stop()));
  },
  180_000,
);

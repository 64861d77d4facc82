/**
 * `make soak-failover`: people write by `cim verify` while a master of Redis and its replica behind
 * three Sentinels are killed, frozen and cut off in turn. A line a round, and what `cim verify` says
 * in the end. ROUNDS and SEED, by which it is the same again.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { SeededRandom } from '../../src/witness/seeded-random.ts';
import { startRoute, startServer } from '../support/roles.ts';
import {
  type DataServer,
  type SentinelGroup,
  startSentinelGroup,
} from '../support/sentinel-group.ts';
import { startVerify, whenTold } from '../support/verify.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const rounds = Number(process.env['ROUNDS'] || 20);
const seed = Number(process.env['SEED'] || randomInt(2 ** 31));
/** A round takes a few seconds; `cim verify` waits up to two minutes for what is missing. */
const timeoutMs = 600_000 + rounds * 120_000;

interface Round {
  readonly group: SentinelGroup;
  readonly master: DataServer;
  readonly replica: DataServer;
  /** For some seconds, or less. */
  readonly pause: () => Promise<void>;
}

const faults: Readonly<Record<string, (round: Round) => Promise<void>>> = {
  'master killed, started at once': async ({ master }) => {
    await master.kill();
    await master.start();
  },
  'master killed, started after the failover': async ({ group, master }) => {
    await master.kill();
    await group.whenOtherThan(master);
    await master.start();
  },
  'replica killed, started': async ({ replica, pause }) => {
    await replica.kill();
    await pause();
    await replica.start();
  },
  'both killed, started': async ({ master, replica, pause }) => {
    await Promise.all([replica.kill(), master.kill()]);
    await pause();
    await Promise.all([replica.start(), master.start()]);
  },
  'master frozen until the failover': async ({ group, master }) => {
    master.freeze();
    await group.whenOtherThan(master);
    master.thaw();
  },
  'replica frozen': async ({ replica, pause }) => {
    replica.freeze();
    await pause();
    replica.thaw();
  },
  'master cut off until the failover': async ({ group, master }) => {
    group.cut(master, 'from all');
    await group.whenOtherThan(master);
    group.heal();
  },
  // Two masters: routes reach both.
  'master cut off from its replica and the Sentinels': async ({ group, master, pause }) => {
    group.cut(master, 'from its peers');
    await group.whenOtherThan(master);
    await pause();
    group.heal();
  },
  'replica cut off': async ({ group, replica, pause }) => {
    group.cut(replica, 'from all');
    await pause();
    group.heal();
  },
};

test(
  `${rounds} rounds`,
  async () => {
    const random = new SeededRandom(seed, 'failovers');
    const pause = () => delay(500 + 4_000 * random.fraction());
    const zookeeper = await startZooKeeper();
    const group = await startSentinelGroup();
    for (let count = 0; count < 2; count += 1) {
      await startRoute(zookeeper.address, group.address, ['--ack-replicas', '1']);
      await startServer(zookeeper.address);
    }
    // It is ended when the rounds are over.
    const args = ['--zk', zookeeper.address, '--minutes', '600', '--rate', '50'];
    const verify = await startVerify([...args, '--seed', `${seed}`]);
    await whenTold(verify, / stored [1-9]/);
    process.stdout.write(`seed ${seed}\n`);
    let kinds: string[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      if (kinds.length === 0) kinds = random.shuffle(Object.keys(faults));
      const kind = kinds.pop() ?? '';
      // Else while the last one is still being made good.
      const isCalm = random.chance(0.5);
      if (isCalm) await group.whenInStep();
      const master = await group.whenMaster();
      const replica = group.servers.find((server) => server !== master) as DataServer;
      await faults[kind]?.({ group, master, replica, pause });
      await pause();
      const [, counts] = [...verify.output.matchAll(/: (sent \d+, stored \d+)/g)].at(-1) ?? [];
      process.stdout.write(`round ${round}: ${kind}${isCalm ? '' : ', at once'}; ${counts}\n`);
    }
    await group.whenInStep();
    verify.signal('SIGINT');
    const code = await verify.exited;
    process.stdout.write(verify.stdout);
    expect(code).toBe(0);
  },
  timeoutMs,
);

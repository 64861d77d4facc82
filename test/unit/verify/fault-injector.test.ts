// Goal: the plan is carried out on the parts it names, and everything is made good. Method: parts
// that write down what is done to them, under the real clock: the plan's moments are its own.
import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/base/clock.ts';
import { FaultInjector, type Harmable } from '../../../src/verify/fault-injector.ts';
import { type Fault, type FaultKind, faults } from '../../../src/verify/plan.ts';
import { waitUntil } from '../../support/wait-until.ts';

function scene({ stopsWith = '0', restarts = true } = {}) {
  const done: string[] = [];
  const problems: string[] = [];
  const part = (name: string) => ({
    name,
    kill: async () => void done.push(`kill ${name}`),
    start: async () => {
      if (!restarts) throw new Error(`${name} does not come up`);
      done.push(`start ${name}`);
    },
    stop: async () => {
      done.push(`stop ${name}`);
      return stopsWith;
    },
    freeze: () => void done.push(`freeze ${name}`),
    thaw: () => void done.push(`thaw ${name}`),
  });
  const network = (name: string) => ({
    reset: () => void done.push(`reset ${name}`),
    silence: () => void done.push(`silence ${name}`),
    restore: () => void done.push(`restore ${name}`),
  });
  const cluster: Harmable = {
    redis: part('Redis'),
    zookeeper: part('ZooKeeper'),
    servers: [1, 2].map((number) => ({
      part: part(`server ${number}`),
      clients: network(`clients of server ${number}`),
      pushes: network(`pushes to server ${number}`),
    })),
    routes: [{ part: part('route 1'), callers: network('callers of route 1') }],
  };
  const injector = new FaultInjector({
    cluster,
    clock: systemClock,
    onChange: () => {},
    onProblem: (problem) => problems.push(problem),
  });
  return { injector, done, problems };
}

function fault(kind: FaultKind, forMs = 0, target = 0): Fault {
  return { atMs: 0, forMs, kind, target };
}

test.each<[FaultKind, string[]]>([
  ['server-kill', ['kill server 2', 'start server 2']],
  ['server-freeze', ['freeze server 2', 'thaw server 2']],
  ['server-restart', ['stop server 2', 'start server 2']],
  ['server-cut', ['reset clients of server 2']],
  ['server-silence', ['silence clients of server 2', 'restore clients of server 2']],
  ['push-cut', ['reset pushes to server 2']],
  ['push-silence', ['silence pushes to server 2', 'restore pushes to server 2']],
  ['route-kill', ['kill route 1', 'start route 1']],
  ['route-freeze', ['freeze route 1', 'thaw route 1']],
  ['route-restart', ['stop route 1', 'start route 1']],
  ['route-cut', ['reset callers of route 1']],
  ['route-silence', ['silence callers of route 1', 'restore callers of route 1']],
  ['redis-kill', ['kill Redis', 'start Redis']],
  ['redis-freeze', ['freeze Redis', 'thaw Redis']],
  ['zookeeper-kill', ['kill ZooKeeper', 'start ZooKeeper']],
  ['zookeeper-freeze', ['freeze ZooKeeper', 'thaw ZooKeeper']],
])('%s', async (kind, expected) => {
  const { injector, done, problems } = scene();
  injector.begin([fault(kind, 0, faults[kind].part === 'server' ? 1 : 0)]);
  await waitUntil('it is over', () => done.length === expected.length);
  await injector.heal();
  expect(done).toEqual(expected);
  expect(problems).toEqual([]);
});

test('two faults of one part come one after the other, those of two at once; the end heals all', async () => {
  const { injector, done } = scene();
  injector.begin([
    fault('server-freeze', 60_000),
    fault('server-kill', 60_000),
    fault('redis-freeze', 60_000),
  ]);
  await waitUntil('both are at work', () => done.length === 2);
  expect(done).toEqual(['freeze server 1', 'freeze Redis']);
  expect(injector.present).toBe('server 1 frozen, Redis frozen');
  await injector.heal();
  expect(done.slice(2).sort()).toEqual([
    'kill server 1',
    'start server 1',
    'thaw Redis',
    'thaw server 1',
  ]);
  expect(injector.present).toBe('');
});

test('a role that does not stop in good order, or does not come up again, is a problem', async () => {
  const impolite = scene({ stopsWith: 'SIGKILL' });
  impolite.injector.begin([fault('route-restart')]);
  await waitUntil('it is over', () => impolite.done.length === 2);
  await impolite.injector.heal();
  expect(impolite.problems).toEqual(['route 1 was told to stop and ended with SIGKILL']);

  const stuck = scene({ restarts: false });
  stuck.injector.begin([fault('redis-kill')]);
  await waitUntil('it is over', () => stuck.problems.length === 1);
  await stuck.injector.heal();
  expect(stuck.problems).toEqual(['Redis does not come up']);
});

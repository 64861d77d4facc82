/**
 * `cim bench` as people use it: every pattern, with few clients, against systems on this machine; and
 * how it ends when it is told to, or cannot begin.
 */
import { describe, expect, test } from '@jest/globals';
import { Authority } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import { executable, startDevelopment, startRoute, startServer } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

function startBench(args: readonly string[]): Promise<TestProcess> {
  return startProcess({ name: 'cim bench', command: executable, args: ['bench', ...args] });
}

function reportOf(route: string, args: readonly string[]) {
  return reportFrom(['--route', route, ...args]);
}

async function reportFrom(args: readonly string[]) {
  const bench = await startBench(['--seconds', '1', '--json', ...args]);
  expect([await bench.exited, bench.output]).toEqual([0, expect.any(String)]);
  return JSON.parse(bench.stdout);
}

/** Until it measures, for longer than any test. */
async function startLongBench(route: string): Promise<TestProcess> {
  const long = [...unhurried, '--clients', '4', '--seconds', '600'];
  const bench = await startBench(['--route', route, ...long]);
  await waitUntil('it measures', () => /^private$/m.test(bench.output));
  return bench;
}

/** A search that is told to end in its second step: the rate of that, and what it says. */
async function searchFrom(perSecond: number, args: readonly string[]) {
  const search = ['--find-max', '--rate', `${perSecond}`, '--seconds', '0.5', '--clients', '4'];
  const bench = await startBench([...search, ...args]);
  const phases = new RegExp(`^${perSecond}/s\\n(\\d+)/s$`, 'm');
  await waitUntil('the second step', () => phases.test(bench.output));
  bench.signal('SIGINT');
  expect([await bench.exited, bench.output]).toEqual([0, expect.any(String)]);
  return { ended: bench.stdout, next: Number(phases.exec(bench.output)?.[1]) };
}

async function startRouteOfDevelopment(): Promise<string> {
  const { addresses } = await startDevelopment();
  return `http://${addresses['route']}`;
}

/** What is tried is not how much the machine bears, and it is shared with other tests. */
const unhurried = ['--rate', '200'];

describe('every pattern', () => {
  test('messages are shown, to all members where there are some', async () => {
    const route = await startRouteOfDevelopment();
    const few = [...unhurried, '--clients', '6', '--processes', '2'];
    for (const pattern of ['private', 'transient', 'http']) {
      const { figures } = await reportOf(route, ['--pattern', pattern, ...few]);
      expect(figures.problems).toEqual({});
      expect(figures.shownPerSecond).toBeGreaterThan(0);
      expect(figures.latencyMs.p50).toBeGreaterThan(0);
    }
    const devices = ['--pattern', 'group', '--devices', '2'];
    const { figures } = await reportOf(route, [...few, ...devices]);
    expect(figures.problems).toEqual({});
    expect(figures.shownPerSecond).toBeGreaterThan(figures.sentPerSecond);
  });

  test('logins, and connections that do nothing; it finds the system by its ports', async () => {
    const route = await startRouteOfDevelopment();
    const logins = await reportOf(route, ['--pattern', 'login', '--clients', '4', ...unhurried]);
    expect(logins.figures.problems).toEqual({});
    expect(logins.figures.shownPerSecond).toBeGreaterThan(0);
    const idle = await reportOf(route, ['--pattern', 'idle', '--clients', '10']);
    expect(idle.figures.system).toEqual([expect.objectContaining({ name: 'cim dev' })]);
  });
});

describe('clusters', () => {
  const few = [...unhurried, '--clients', '8'];

  test('of several servers and routes, found in ZooKeeper or by one of the routes', async () => {
    const [zookeeper, redis] = await Promise.all([startZooKeeper(), startRedis()]);
    const roundRobin = ['--strategy', 'round-robin'];
    const [route, otherRoute, server, otherServer] = await Promise.all([
      startRoute(zookeeper.address, redis.address, roundRobin),
      startRoute(zookeeper.address, redis.address, roundRobin),
      startServer(zookeeper.address),
      startServer(zookeeper.address),
    ]);
    const pidOf = ({ process }: typeof route) => process.pid;
    const processes = [
      ...[server, otherServer].map(pidOf).map((pid) => `cim server ${pid}`),
      ...[route, otherRoute].map(pidOf).map((pid) => `cim route ${pid}`),
      ...['redis-server', 'zookeeper'],
    ];
    const ways = [
      ['--zk', zookeeper.address],
      ['--route', `http://${route.addresses['http']}`],
    ];
    for (const way of ways) {
      const { figures } = await reportFrom([...way, ...few]);
      expect(figures.problems).toEqual({});
      expect(figures.shownPerSecond).toBeGreaterThan(0);
      const names = figures.system.map(({ name }: { readonly name: string }) => name);
      expect(names.toSorted()).toEqual(processes.toSorted());
    }
    // More than anything bears: the first step is too much. What gives way depends on who else uses
    // the machine.
    const { ended, next } = await searchFrom(1_000_000, ['--zk', zookeeper.address]);
    expect(next).toBe(500_000);
    expect(ended).toMatch(/^ {2}1000000\/s +p99 .*, too much: ./m);
    expect(ended).toMatch(/^what gave way first: ./m);
  });

  test('with TLS everywhere, and a server of several workers', async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue();
    const trust = ['--tls-ca', authority.ca];
    const certified = ['--tls-cert', cert, '--tls-key', key, ...trust, '--tls-client-certs'];
    const secret = ['--cluster-secret', 'that of the roles and nobody else'];
    const [zookeeper, redis] = await Promise.all([startZooKeeper(), startRedis()]);
    const [route] = await Promise.all([
      startRoute(zookeeper.address, redis.address, [...certified, ...secret]),
      startServer(zookeeper.address, [...certified, ...secret, '--workers', '2']),
    ]);
    const url = `https://${route.addresses['http']}`;
    for (const pattern of ['private', 'http']) {
      const { figures } = await reportOf(url, [...trust, ...few, '--pattern', pattern]);
      expect(figures.problems).toEqual({});
      expect(figures.shownPerSecond).toBeGreaterThan(0);
    }
    const logins = ['--pattern', 'login', '--devices', '2', '--processes', '2'];
    const { figures } = await reportFrom([
      '--zk',
      zookeeper.address,
      ...trust,
      ...unhurried,
      ...logins,
    ]);
    expect(figures.problems).toEqual({});
    expect(figures.shownPerSecond).toBeGreaterThan(0);
    const stranger = await startBench(['--route', url]);
    expect(await stranger.exited).toBe(69);
    expect(stranger.output).toContain('signed by an authority that is not known here (--tls-ca');
  });

  test('that goes away in the middle: it says what was until then, and ends', async () => {
    const { process: system, addresses } = await startDevelopment();
    const route = `http://${addresses['route']}`;
    const bench = await startLongBench(route);
    await system.kill();
    expect([await bench.exited, bench.output]).toEqual([69, expect.any(String)]);
    const failed = [...bench.stdout.matchAll(/^ {2}failed +(\d+): .*(?:ended|ECONNRESET)/gm)];
    expect(failed.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(4);
    expect(bench.stdout).toMatch(/^ {2}cim dev +has ended$/m);
    expect(bench.output).toContain('all connections have ended in the middle of it');
  });
});

test('--find-max tries twice what held, or half of what broke, until it is told to end', async () => {
  const route = await startRouteOfDevelopment();
  const { ended, next } = await searchFrom(50, ['--route', route, '--p99-ms', '5000']);
  // A busy machine may break even that.
  expect(next).toBe(/^ {2}50\/s +p99 .*, too much: /m.test(ended) ? 25 : 100);
  expect(ended).toMatch(/^most: (50|0)\/s with p99 within 5000 ms$/m);
});

test('told to end, it prints what was measured so far', async () => {
  const route = await startRouteOfDevelopment();
  const bench = await startLongBench(route);
  bench.signal('SIGINT');
  expect([await bench.exited, bench.output]).toEqual([0, expect.any(String)]);
  expect(bench.stdout).toMatch(/^ {2}shown +[\d.]+\/s$/m);
});

test('nobody there: it says so, and exits 69', async () => {
  const route = `http://127.0.0.1:${await freePort()}`;
  const bench = await startBench(['--route', route]);
  expect(await bench.exited).toBe(69);
  expect(bench.output).toContain(route);
});

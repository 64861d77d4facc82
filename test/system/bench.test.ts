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
  const bench = await startBench(['--seconds', '0.5', '--json', ...args]);
  expect([await bench.exited, bench.output]).toEqual([0, expect.any(String)]);
  return JSON.parse(bench.stdout);
}

async function startRouteOfDevelopment(): Promise<string> {
  const { addresses } = await startDevelopment();
  return `http://${addresses['route']}`;
}

describe('every pattern', () => {
  test('messages: as many shown as sent, or as there are members', async () => {
    const route = await startRouteOfDevelopment();
    const few = ['--clients', '6', '--in-flight', '2', '--processes', '2'];
    for (const pattern of ['private', 'transient', 'http']) {
      const { figures } = await reportOf(route, ['--pattern', pattern, ...few]);
      expect(figures.problems).toEqual({});
      expect(figures.shownPerSecond).toBeGreaterThan(0.5 * figures.sentPerSecond);
      expect(figures.latencyMs.p50).toBeGreaterThan(0);
    }
    const devices = ['--pattern', 'group', '--devices', '2', '--rate', '100'];
    const { figures } = await reportOf(route, [...few, ...devices]);
    expect(figures.problems).toEqual({});
    expect(figures.shownPerSecond).toBeGreaterThan(5 * figures.sentPerSecond);
  }, 60_000);

  test('logins, and connections that do nothing; it finds the system by its ports', async () => {
    const route = await startRouteOfDevelopment();
    const logins = await reportOf(route, ['--pattern', 'login', '--clients', '4']);
    expect(logins.figures.problems).toEqual({});
    expect(logins.figures.shownPerSecond).toBeGreaterThan(0);
    const idle = await reportOf(route, ['--pattern', 'idle', '--clients', '10']);
    expect(idle.figures.system).toEqual([expect.objectContaining({ name: 'cim dev' })]);
  }, 60_000);
});

describe('clusters', () => {
  const few = ['--clients', '8', '--in-flight', '2'];

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
    const [zk = []] = ways;
    const { search } = await reportFrom([...zk, ...few, '--find-max', '--p99-ms', '1']);
    expect(search.steps[0]).toMatchObject({ held: false, breach: expect.any(String) });
    expect(search.saturated).toEqual(expect.any(String));
  }, 120_000);

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
    const logins = ['--pattern', 'login', '--devices', '2', '--processes', '2', '--rate', '500'];
    const { figures } = await reportFrom(['--zk', zookeeper.address, ...trust, ...logins]);
    expect(figures.problems).toEqual({});
    expect(figures.shownPerSecond).toBeGreaterThan(0);
    const stranger = await startBench(['--route', url]);
    expect(await stranger.exited).toBe(69);
    expect(stranger.output).toContain('signed by an authority that is not known here (--tls-ca');
  }, 120_000);

  test('that goes away in the middle: it says what was until then, and ends', async () => {
    const { process: system, addresses } = await startDevelopment();
    const route = `http://${addresses['route']}`;
    const bench = await startBench(['--route', route, '--clients', '4', '--seconds', '600']);
    await waitUntil('it measures', () => /^private$/m.test(bench.output), { timeoutMs: 30_000 });
    await system.kill();
    expect([await bench.exited, bench.output]).toEqual([69, expect.any(String)]);
    const failed = [...bench.stdout.matchAll(/^ {2}failed +(\d+): .*(?:ended|ECONNRESET)/gm)];
    expect(failed.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(4);
    expect(bench.stdout).toMatch(/^ {2}cim dev +has ended$/m);
    expect(bench.output).toContain('all connections have ended in the middle of it');
  }, 60_000);
});

test('--find-max raises the rate, and says what gave way', async () => {
  const route = await startRouteOfDevelopment();
  const args = ['--find-max', '--clients', '4', '--rate', '20000', '--p99-ms', '2'];
  const { search } = await reportOf(route, args);
  expect(search.steps.length).toBeGreaterThan(1);
  expect(search.saturated).toEqual(expect.any(String));
}, 120_000);

test('told to end, it prints what was measured so far', async () => {
  const route = await startRouteOfDevelopment();
  const bench = await startBench(['--route', route, '--clients', '4', '--seconds', '600']);
  await waitUntil('it measures', () => /^private$/m.test(bench.output), { timeoutMs: 30_000 });
  bench.signal('SIGINT');
  expect([await bench.exited, bench.output]).toEqual([0, expect.any(String)]);
  expect(bench.stdout).toMatch(/^ {2}shown +[\d.]+\/s$/m);
}, 60_000);

test('nobody there: it says so, and exits 69', async () => {
  const route = `http://127.0.0.1:${await freePort()}`;
  const bench = await startBench(['--route', route]);
  expect(await bench.exited).toBe(69);
  expect(bench.output).toContain(route);
}, 30_000);

/**
 * `cim bench` as people use it: every pattern, with few clients, against a system on this machine;
 * and how it ends when it is told to, or cannot begin.
 */
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { executable, startDevelopment } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

function startBench(args: readonly string[]): Promise<TestProcess> {
  return startProcess({ name: 'cim bench', command: executable, args: ['bench', ...args] });
}

async function reportOf(route: string, args: readonly string[]) {
  const bench = await startBench(['--route', route, '--seconds', '0.5', '--json', ...args]);
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

/**
 * `cim verify` as people and CI use it: against a cluster that keeps its promises, and against one
 * that does not.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { executable, startDevelopment, startRole } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

function startVerify(args: readonly string[]): Promise<TestProcess> {
  return startProcess({ name: 'cim verify', command: executable, args: ['verify', ...args] });
}

/** Until its first line of progress. */
function whenUnderWay(verify: TestProcess): Promise<unknown> {
  return waitUntil('messages are sent', () => /sent [1-9]/.test(verify.output), {
    timeoutMs: 30_000,
  });
}

describe('against a cluster that is there', () => {
  test('people with several devices, disturbed: every promise is kept, and that is what it says', async () => {
    const dev = await startDevelopment();
    const args = ['--route', `http://${dev.addresses['route']}`, '--seed', '11', '--lobby'];
    const verify = await startVerify([...args, '--minutes', '0.25', '--json']);
    expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
    const report = JSON.parse(verify.stdout);
    expect(report).toMatchObject({ seed: 11, isKept: true, breaches: { lost: 0, doubled: 0 } });
    expect(report.outcomes.stored).toBeGreaterThan(500);
    // What was stored is shown on several devices.
    expect(report.shown).toBeGreaterThan(2 * report.outcomes.stored);
    expect(Object.keys(report.plan).length).toBeGreaterThan(3);
  }, 60_000);

  test('one that forgets what it has acknowledged: broken', async () => {
    const ports = { '--port': 0, '--http-port': 0, '--route-port': 0 };
    for (const port of Object.keys(ports) as (keyof typeof ports)[]) ports[port] = await freePort();
    const startForgetful = () =>
      startRole('dev', [
        ...['--data', ':memory:'],
        ...Object.entries(ports).flatMap(([name, port]) => [name, `${port}`]),
      ]);
    const dev = await startForgetful();
    const route = `http://127.0.0.1:${ports['--route-port']}`;
    const verify = await startVerify(['--route', route, '--minutes', '0.25', '--seed', '12']);
    await whenUnderWay(verify);
    await dev.process.kill();
    await startForgetful();
    expect([await verify.exited, verify.output]).toEqual([1, expect.any(String)]);
    expect(verify.stdout).toMatch(/^ {2}lost +[1-9]/m);
    expect(verify.stdout).toMatch(/^lost: message \d+ of device [\d.]+ .*: not shown$/m);
    expect(verify.stdout).toContain('--seed 12');
  }, 120_000);

  test('told to end, it stops sending and judges what there is', async () => {
    const dev = await startDevelopment();
    const route = `http://${dev.addresses['route']}`;
    const verify = await startVerify(['--route', route, '--minutes', '10']);
    await whenUnderWay(verify);
    verify.signal('SIGINT');
    expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
    expect(verify.stdout).toMatch(/^ {2}stored +[1-9]/m);
  }, 60_000);

  test('nobody there: it says so, and exits 69', async () => {
    const route = `http://127.0.0.1:${await freePort()}`;
    const verify = await startVerify(['--route', route]);
    await waitUntil('it tries', () => verify.output.includes('logging in'));
    verify.signal('SIGINT');
    expect(await verify.exited).toBe(69);
    expect(verify.output).toContain('gets no login');
  });
});

test('without a cluster it says what is missing', () => {
  const { status, stderr } = spawnSync(executable, ['verify'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([64, expect.stringContaining('--route or --zk must be given')]);
});

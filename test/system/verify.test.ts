/**
 * `cim verify` as people and CI use it: against a cluster that keeps its promises, against one that
 * does not, and on one that it starts, harms, and leaves no trace of.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { executable, startDevelopment, startRole } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

function startVerify(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TestProcess> {
  return startProcess({ name: 'cim verify', command: executable, args: ['verify', ...args], env });
}

/** Until it says so on stderr. */
function whenTold(verify: TestProcess, pattern: RegExp): Promise<unknown> {
  return waitUntil(`it says ${pattern}`, () => pattern.test(verify.output), { timeoutMs: 30_000 });
}

const isWriting = /; writing$/m;
const hasSent = /sent [1-9]/;

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
    expect(Object.keys(report.planned).length).toBeGreaterThan(3);
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
    // By this seed a device is half-open from second 2 to second 21: what is stored meanwhile is lost.
    const verify = await startVerify(['--route', route, '--minutes', '0.4', '--seed', '35']);
    await whenTold(verify, /^0:1\d of .* stored [1-9]\d/m);
    await dev.process.kill();
    await startForgetful();
    expect([await verify.exited, verify.output]).toEqual([1, expect.any(String)]);
    expect(verify.stdout).toMatch(/^ {2}lost +[1-9]/m);
    expect(verify.stdout).toMatch(/^lost: message \d+ of device [\d.]+ .*: not shown$/m);
    expect(verify.stdout).toContain('--seed 35');
  }, 120_000);

  test('told to end, it stops sending and judges what there is', async () => {
    const dev = await startDevelopment();
    const route = `http://${dev.addresses['route']}`;
    const verify = await startVerify(['--route', route, '--minutes', '10']);
    await whenTold(verify, hasSent);
    verify.signal('SIGINT');
    expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
    expect(verify.stdout).toMatch(/^ {2}stored +[1-9]/m);
  }, 60_000);

  test('nobody there: it says so, and exits 69', async () => {
    const route = `http://127.0.0.1:${await freePort()}`;
    const verify = await startVerify(['--route', route]);
    await whenTold(verify, /; logging in$/m);
    verify.signal('SIGINT');
    expect(await verify.exited).toBe(69);
    expect(verify.output).toContain('gets no login');
  });

  test('it is not harmed', async () => {
    const verify = await startVerify(['--route', 'http://127.0.0.1:1', '--faults']);
    expect(await verify.exited).toBe(64);
    expect(verify.output).toContain(
      '--faults: only a cluster that it has started itself is harmed',
    );
  });
});

describe('on a cluster of its own', () => {
  /** The run's folder is in it. */
  let folder: string;

  /** Processes that work in that folder: the parts of the cluster. */
  function parts(): { pid: number; command: string }[] {
    return readdirSync('/proc').flatMap((entry) => {
      try {
        if (!readlinkSync(`/proc/${entry}/cwd`).startsWith(folder)) return [];
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(entry), command }];
      } catch {
        return []; // no process, or one that has just ended
      }
    });
  }

  function startOwn(...args: string[]): Promise<TestProcess> {
    folder = temporaryFolder('verify');
    return startVerify(args, { TMPDIR: folder });
  }

  function expectNoTrace(): void {
    expect(parts()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  }

  test('with faults: every promise is kept, and nothing is left behind', async () => {
    const verify = await startOwn('--minutes', '0.5', '--faults', '--seed', '21', '--json');
    expect([await verify.exited, verify.output]).toEqual([0, expect.any(String)]);
    const report = JSON.parse(verify.stdout);
    expect(report).toMatchObject({ isKept: true, problems: [] });
    expect(report.plan.faults.length).toBeGreaterThan(4);
    expect(report.outcomes.stored).toBeGreaterThan(1_000);
    expectNoTrace();
  }, 120_000);

  test('a part that ends by itself breaks it, and the logs are kept', async () => {
    const verify = await startOwn('--minutes', '0.3');
    await whenTold(verify, isWriting);
    const server = parts().find(({ command }) => command.includes(' server --host'));
    process.kill(server?.pid ?? 0, 'SIGKILL');
    expect([await verify.exited, verify.output]).toEqual([1, expect.any(String)]);
    expect(verify.stdout).toMatch(/^unexpected: server \d has ended by itself with SIGKILL$/m);
    const kept = /^logs: (.*)$/m.exec(verify.stdout)?.[1] ?? '';
    expect(readdirSync(kept)).toEqual(expect.arrayContaining(['server-1.log', 'broken.json']));
    expect(readFileSync(join(kept, 'server-1.log'), 'utf8')).toContain('the server is announced');
    expect(parts()).toEqual([]);
  }, 120_000);

  test('cut off by a second signal, it leaves nothing behind', async () => {
    const verify = await startOwn('--minutes', '10', '--faults');
    await whenTold(verify, isWriting);
    expect(parts()).toHaveLength(7);
    verify.signal('SIGINT');
    verify.signal('SIGTERM');
    expect(await verify.exited).toBe(1);
    expect(verify.output).toContain('there is no verdict');
    expectNoTrace();
  }, 60_000);

  test('killed, it takes its cluster with it', async () => {
    const verify = await startOwn('--minutes', '10');
    await whenTold(verify, isWriting);
    await verify.kill();
    await waitUntil('the parts are gone', () => parts().length === 0);
  }, 60_000);

  test('without Redis it says what to install', () => {
    folder = temporaryFolder('verify');
    const env = { PATH: '/nowhere', TMPDIR: folder };
    const { status, stderr } = spawnSync(executable, ['verify'], { encoding: 'utf8', env });
    expect([status, stderr]).toEqual([69, expect.stringContaining('apt-get install redis-server')]);
    expectNoTrace();
  });
});

/**
 * `cim verify` on a cluster that it starts, harms, and leaves no trace of.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { TestProcess } from '../support/processes.ts';
import { executable } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startVerify, whenTold } from '../support/verify.ts';
import { waitUntil } from '../support/wait-until.ts';

const isWriting = /; writing$/m;

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
  });

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
  });

  test('cut off by a second signal, it leaves nothing behind', async () => {
    const verify = await startOwn('--minutes', '10', '--faults');
    await whenTold(verify, isWriting);
    expect(parts()).toHaveLength(7);
    verify.signal('SIGINT');
    verify.signal('SIGTERM');
    expect(await verify.exited).toBe(1);
    expect(verify.output).toContain('there is no verdict');
    expectNoTrace();
  });

  test('killed, it takes its cluster with it', async () => {
    const verify = await startOwn('--minutes', '10');
    await whenTold(verify, isWriting);
    await verify.kill();
    await waitUntil('the parts are gone', () => parts().length === 0);
  });

  test('without Redis it says what to install', () => {
    folder = temporaryFolder('verify');
    const env = { PATH: '/nowhere', TMPDIR: folder };
    const { status, stderr } = spawnSync(executable, ['verify'], { encoding: 'utf8', env });
    expect([status, stderr]).toEqual([69, expect.stringContaining('apt-get install redis-server')]);
    expectNoTrace();
  });
});

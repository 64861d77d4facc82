/**
 * The comparison when something happens to it: told to end, or a part of it dying. With its floor,
 * which needs nothing else, as the only system.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Comparison {
  readonly process: TestProcess;
  /** Where what it stores is. */
  readonly folder: string;
  /** Of the system and of the load. */
  readonly pids: { readonly relay: number; readonly load: number };
}

/** Begins a measurement that nobody waits for. */
async function startComparison(): Promise<Comparison> {
  const folder = temporaryFolder('bench-compare');
  const args = ['--only', 'transient-1', '--systems', 'relay', '--seconds', '600'];
  const started = await startProcess({
    name: 'comparison',
    command: process.execPath,
    args: ['bench/compare.ts', ...args],
    env: { TMPDIR: folder },
  });
  const pids = await waitUntil('the load is under way', () => {
    const [relay, load] = ['bench/relay.ts', 'bench/load/load.ts'].map((script) =>
      childrenOf(started.pid).find((pid) => commandOf(pid).includes(script)),
    );
    return relay !== undefined && load !== undefined ? { relay, load } : undefined;
  });
  return { process: started, folder, pids };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Empty when it has gone. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: nothing of it is left, and it says what it has not done',
  async (signal) => {
    const { process: comparison, folder, pids } = await startComparison();
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^cim-bench-/)]);
    comparison.signal(signal);
    expect(await comparison.exited).toBe(1);
    expect(comparison.stdout).toContain('told to end before all was measured; left out: 1\n');
    expect([commandOf(pids.relay), commandOf(pids.load)]).toEqual(['', '']);
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('killed itself, it leaves no process behind', async () => {
  const { process: comparison, pids } = await startComparison();
  await comparison.kill();
  await waitUntil('they have gone', () => commandOf(pids.relay) + commandOf(pids.load) === '');
});

test('a system that dies is named, with how, in one line', async () => {
  const { process: comparison, pids } = await startComparison();
  process.kill(pids.relay, 'SIGKILL');
  expect(await comparison.exited).toBe(1);
  expect(comparison.stdout).toMatch(/^relay +failed: relay ended with SIGKILL$/m);
  expect(comparison.stdout).toMatch(/^ {2}transient-1 on relay: relay ended with SIGKILL$/m);
});

test('and so is a load that dies', async () => {
  const { process: comparison, pids } = await startComparison();
  process.kill(pids.load, 'SIGTERM');
  expect(await comparison.exited).toBe(1);
  expect(comparison.stdout).toMatch(/^relay +failed: the load ended with SIGTERM$/m);
});

test('a row that there is not is no run of nothing', async () => {
  const comparison = await startProcess({
    name: 'comparison',
    command: process.execPath,
    args: ['bench/compare.ts', '--only', 'transient-2'],
  });
  expect(await comparison.exited).toBe(64);
  expect(comparison.output).toContain('there is no row transient-2; there are transient-1, ');
});

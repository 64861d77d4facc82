/**
 * Goal: whatever becomes of a role's stdout and stderr, and of the terminal that it was started in,
 * it serves on, and ends when it is told to. Method: real processes whose streams are full, closed,
 * or pipes that nobody reads; `/readyz` says whether they serve.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startProcess, type TestProcess } from '../support/processes.ts';
import { executable, startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);

/** What bash is to do with `exec "$@"` in it; resolves when the role serves. */
async function startBy(script: string): Promise<{ dev: TestProcess; http: string }> {
  const port = await freePort();
  const ports = ['--port', '0', '--http-port', '0', '--route-port', String(port)];
  const http = `http://127.0.0.1:${port}`;
  const dev = await startProcess({
    name: 'cim dev',
    command: 'bash',
    // Each start logs a line: who may log in as anybody.
    args: ['-c', script, executable, 'dev', ...ports, '--data', ':memory:', '--auth', 'open'],
    ready: () => isServing(http),
  });
  return { dev, http };
}

async function isServing(http: string): Promise<boolean> {
  try {
    return (await fetch(`${http}/readyz`)).ok;
  } catch {
    return false;
  }
}

const stopped =
  'pipe=$(mktemp -u) && mkfifo "$pipe" && exec 9<>"$pipe" && rm "$pipe" && head -c 65536 /dev/zero >&9';

test.each([
  ['full', 'exec "$0" "$@" >/dev/full 2>/dev/full'],
  ['closed', 'exec "$0" "$@" >&- 2>&-'],
  ['a pipe whose reader has gone', 'exec "$0" "$@" > >(exit) 2> >(exit)'],
  ['a pipe whose reader has stopped', `${stopped}; exec "$0" "$@" >&9 2>&9`],
])('a role whose stdout and stderr are %s serves, and ends when told', async (_, script) => {
  const { dev, http } = await startBy(script);
  expect(await isServing(http)).toBe(true);
  expect(await dev.stop()).toBe(0);
});

test('SIGHUP ends nothing that is of no terminal, as under nohup', async () => {
  const { process: dev, addresses } = await startDevelopment();
  const route = `http://${addresses['route']}`;
  const who = ['--user-id', '1', '--name', 'amy', '--route', route];
  const client = await startProcess({
    name: 'cim client',
    command: executable,
    args: ['client', '--json', ...who, '--state', temporaryFolder('amy')],
    ready: ({ stdout }) => stdout.includes('"event":"ready"'),
  });
  dev.signal('SIGHUP');
  client.signal('SIGHUP');
  await waitUntil('the role serves on', () => isServing(route));
  client.write('still here\n');
  await client.whenPrinted(/"event":"sent"/);
  client.endInput();
  expect(await client.exited).toBe(0);
  expect(await dev.stop()).toBe(0);
});

test('an answer that cannot be written is a failure, and one that is read in part is none', async () => {
  const bash = (script: string) => run('bash', ['-c', script, executable]);
  await expect(bash('"$0" --help >/dev/full')).rejects.toMatchObject({
    code: 69,
    stderr: expect.stringContaining('cim: stdout cannot be written: '),
  });
  const { stdout, stderr } = await bash('set -o pipefail; "$0" dev --help | head -1');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/cim dev/);
});

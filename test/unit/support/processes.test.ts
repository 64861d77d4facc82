import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { acceptsConnections } from '../../../src/processes/local-ports.ts';
import { dyingWithParent } from '../../../src/processes/programs.ts';
import { freePort } from '../../support/free-port.ts';
import { startProcess } from '../../support/processes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitUntil } from '../../support/wait-until.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('what a test starts ends with it', () => {
  let folder: string;
  let pid: number;

  test('during the test', async () => {
    folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), 'x');
    const sleeper = await startProcess({ name: 'sleeper', command: 'sleep', args: ['600'] });
    pid = sleeper.pid;
    sleeper.freeze();
    expect(isAlive(pid)).toBe(true);
  });

  test('after the test', () => {
    expect(existsSync(folder)).toBe(false);
    expect(isAlive(pid)).toBe(false);
  });

  test('a child dies with its parent, even by kill -9', async () => {
    const [command, ...args] = [...dyingWithParent(), 'sleep', '600'];
    const child = `require('node:child_process').spawn('${command}', ${JSON.stringify(args)}).pid`;
    const parent = await startProcess({
      name: 'parent',
      command: process.execPath,
      args: ['-e', `console.log('child ' + ${child}); setInterval(() => {}, 1000)`],
    });
    const childPid = Number((await parent.whenPrinted(/child (\d+)\n/))[1]);
    expect(isAlive(childPid)).toBe(true);
    await parent.kill();
    await waitUntil('the child is gone', () => !isAlive(childPid));
  });
});

test('a process that ends while starting is told with its output', async () => {
  const start = startProcess({
    name: 'failing',
    command: 'sh',
    args: ['-c', 'echo no luck; exit 3'],
    ready: () => false,
  });
  await expect(start).rejects.toThrow('failing ended with 3: no luck\nno luck');
});

test('a command that does not exist is told', async () => {
  await expect(
    startProcess({ name: 'nothing', command: 'cim-no-such-command', ready: () => false }),
  ).rejects.toThrow('nothing ended with 127');
});

test('a free port can be listened on, and is then no longer free', async () => {
  const port = await freePort();
  expect(await acceptsConnections(port)).toBe(false);
  const server = createServer().listen(port);
  await waitUntil('the port is open', () => acceptsConnections(port));
  server.close();
});

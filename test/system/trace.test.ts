/** Goal: an operator asks where a message is, and is told; cim trace and cim top of the packaged executable. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { Client, executable, startDevelopment } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTerminal } from '../support/terminal.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);
const secret = 'traces-for-operators';

let where: readonly string[];
let routes: readonly string[];
let amy: Client;
let bob: Client;

beforeAll(async () => {
  const dev = await startDevelopment(['--data', ':memory:', '--cluster-secret', secret]);
  routes = [`http://${dev.addresses['route']}`];
  where = ['--route', `${routes[0]}`, '--cluster-secret', secret];
  amy = await Client.ready({ userId: 1, name: 'amy', routes });
  bob = await Client.ready({ userId: 2, name: 'bob', routes });
});

/** What the command says, and its exit code. */
async function ask(command: string, ...args: readonly string[]) {
  const asked = run(executable, [command, ...args, ...where]);
  const { code = 0, stdout } = (await asked.catch((error: unknown) => error)) as {
    code?: number;
    stdout: string;
  };
  return { code, stdout };
}

test('a message that arrived: stored twice, pushed, delivered, and to which device', async () => {
  bob.say('1;;hi');
  const { id } = await bob.whenEvent('is told the id', ({ event }) => event === 'sent');
  await bob.whenEvent('hears that it was delivered', ({ event }) => event === 'delivered');
  const { code, stdout } = await ask('trace', `${id}`);
  expect(stdout).toMatch(/^stored for the receiver \(u:1\) as number 1, accepted 20\d\d-/m);
  expect(stdout).toMatch(/^stored for the sender's own copy \(u:2\) as number 1/m);
  expect(stdout).toMatch(/^pushed 20.* to 1 session at server \w+: handed over$/m);
  expect(stdout).toMatch(/^delivered, /m);
  expect(stdout).toMatch(/^connected: device \S+ at server \w+$/m);
  expect(code).toBe(0);
  const { stdout: json } = await ask('trace', `${id}`, '--json');
  expect(JSON.parse(json)).toMatchObject({ id, delivered: 1, copies: [{ seq: 1 }, { seq: 1 }] });
});

test('one to somebody who is away waits; one that was never sent is not stored', async () => {
  const eve = await Client.ready({ userId: 3, name: 'eve', routes });
  await eve.quit();
  bob.say('3;;are you there?');
  const { id } = await bob.whenEvent('is told the id', (event) => {
    return event.event === 'sent' && `${event['id']}`.includes('.3.');
  });
  const { stdout } = await ask('trace', `${id}`);
  expect(stdout).toContain('no push of it is remembered');
  expect(stdout).toContain('not delivered yet, not read yet');
  expect(stdout).toContain('nobody is connected to take it now');

  const never = `${id}`.replace(/\d+$/, '999');
  const { code, stdout: unknown } = await ask('trace', never);
  expect(unknown).toContain('not stored for the receiver (u:3)');
  expect(code).toBe(1);
});

test('a dry run says what would become of a message', async () => {
  const online = await ask('trace', '--to', '1');
  expect(online).toMatchObject({ code: 0, stdout: expect.stringContaining('connected: device') });
  const nobody = await ask('trace', '--to', '99');
  expect(nobody).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('in its way: there is no user 99'),
  });
  expect((await ask('trace')).code).toBe(64);
});

test('only for those with the cluster secret', async () => {
  where = ['--route', `${routes[0]}`, '--cluster-secret', 'a wrong one'];
  expect((await ask('trace', '--to', '1')).code).toBe(77);
  expect((await ask('top', '--once')).code).toBe(77);
  where = ['--route', `${routes[0]}`, '--cluster-secret', secret];
});

test('cim top: once, and as JSON', async () => {
  amy.say('2;;hello');
  const { stdout } = await waitUntil('a point was taken', async () => {
    const told = await ask('top', '--once');
    return /^server .* 2 /m.test(told.stdout) ? told : undefined;
  });
  expect(stdout).toMatch(/^ROLE +ADDRESS +STATE +CONNECTIONS/);
  expect(stdout).toMatch(/^route +\S+ +well /m);
  expect(stdout).toContain('Who sends most');
  const { stdout: json } = await ask('top', '--once', '--json');
  const roles = json
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(roles.map(({ role }) => role)).toEqual(['route', 'server']);
  expect(roles[1].talkers).toContainEqual({ userId: 2, perMinute: expect.any(Number) });
});

test('cim top on a terminal: sorts, filters, fits its size, and leaves the screen as it was', async () => {
  const terminal = await startTerminal(100);
  const file = join(temporaryFolder('secret'), 'cluster');
  writeFileSync(file, secret, { mode: 0o600 });
  const args = ['--route', `${routes[0]}`, '--cluster-secret-file', file];
  await terminal.type(`clear; echo before; ${executable} top ${args.join(' ')}; echo "ended: $?"`);
  await terminal.press('Enter');
  const rows = await terminal.whenShown(/^ROLE +ADDRESS/);
  expect(rows.some((row) => /^route +\S+ +well /.test(row))).toBe(true);
  expect(rows.join()).not.toContain('before');
  await terminal.press('s');
  await terminal.whenShown(/by connections/);
  await terminal.type('/server');
  const filtered = await terminal.whenShown(/filter: server/);
  expect(filtered.filter((row) => row.startsWith('route '))).toEqual([]);
  await terminal.resize(60);
  await terminal.whenShown(/^ROLE .*…$/);
  await terminal.press('Enter', 'q');
  const after = await terminal.whenShown(/^ended: 0$/);
  expect(after).toContain('before');
  expect(after.join()).not.toContain('ROLE');
});

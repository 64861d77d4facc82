/**
 * Disks that are full, have room again, or take no writes, under `cim dev`. Goal: it says so, loses
 * nothing that it has acknowledged, and goes on by itself. Method: a small tmpfs of one's own.
 */
import { execFile } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { readyAddresses } from '../../src/processes/local-process.ts';
import { startProcess, TestProcess } from '../support/processes.ts';
import { countersOf, readiness, whenChanged, whenReadiness } from '../support/role-health.ts';
import { Client, executable } from '../support/roles.ts';
import { SmallDisk } from '../support/small-disk.ts';
import { countOf } from '../support/talk.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const run = promisify(execFile);
const clusterSecret = 'test';
const diskBytes = 8 * 1024 * 1024;

/** `cim dev` with its data on a disk; `redirect` is what bash is told of its streams. */
function developmentOn(disk: SmallDisk, redirect = '') {
  const ports = ['--port', '0', '--http-port', '0', '--route-port', '0'];
  const args = ['dev', ...ports, '--data', dataOn(disk), '--cluster-secret', clusterSecret];
  const where = disk.on('bash', ['-c', `exec "$0" "$@" ${redirect}`, executable, ...args]);
  return { name: 'cim dev', ...where, env: { CIM_LOG_LEVEL: 'info' } };
}

function dataOn(disk: SmallDisk): string {
  return join(disk.folder, 'data');
}

async function start(disk: SmallDisk, redirect?: string) {
  const dev = await startProcess({
    ...developmentOn(disk, redirect),
    ready: (process) => readyAddresses(process) !== undefined,
  });
  return { dev, route: `http://${readyAddresses(dev)?.['route']}` };
}

/** It does not start: its exit code, and what it says. */
async function failToStart(disk: SmallDisk) {
  const dev = new TestProcess(developmentOn(disk));
  onTeardown(() => dev.stop());
  return { code: await dev.exited, said: dev.output };
}

function person(userId: number, route: string): Promise<Client> {
  return Client.ready({ userId, name: `person-${userId}`, routes: [route] });
}

const isFull = (text: string) => text.includes('disk is full');

test('a full disk: nothing is acknowledged, it is said, and it goes on when there is room', async () => {
  const disk = await SmallDisk.start(diskBytes);
  const { dev, route } = await start(disk);
  const [amy, bob] = [await person(1, route), await person(2, route)];
  const texts: string[] = [];
  const say = (count: number) => {
    for (let more = 0; more < count; more += 1) {
      texts.push(`text ${texts.length + 1}`);
      amy.say(`2;;${texts.at(-1)}`);
    }
  };
  say(100);
  await amy.whenSent(10);
  disk.fill();
  say(100);

  const waiting = await amy.whenEvent('is told', ({ event }) => event === 'waiting');
  expect(waiting['reason']).toContain('disk is full');
  expect(await whenReadiness(route, isFull)).toMatchObject({
    status: 200,
    text: expect.stringContaining(
      '"degraded":["the store refuses writes: the file of the store cannot be used for now',
    ),
  });
  expect(await readiness(route, '?strict')).toMatchObject({ status: 503 });
  const sent = countOf(amy, 'sent');
  expect(sent).toBeLessThan(texts.length);
  expect(await whenChanged('store-refusals', dev, 1)).toMatchObject([
    { msg: 'not well', level: 'warn', fault: 'shared' },
  ]);
  expect((await countersOf(route, clusterSecret))['health.store-refusals']).toBe(1);
  expect(countOf(amy, 'sent')).toBe(sent);

  disk.makeRoom();
  await amy.whenSent(texts.length);
  await whenReadiness(route, (text) => !isFull(text));
  await waitUntil('bob has all', () => bob.texts.length === texts.length);
  expect(bob.texts).toEqual(texts);
  const changes = await whenChanged('store-refusals', dev, 2);
  expect(changes.map(({ msg }) => msg)).toEqual(['not well', 'well again']);
});

test('a start on a full disk says what to do, and what was acknowledged is there afterwards', async () => {
  const disk = await SmallDisk.start(diskBytes);
  const { dev, route } = await start(disk);
  await (await person(2, route)).quit();
  const amy = await person(1, route);
  for (let count = 1; count <= 50; count += 1) amy.say(`2;;text ${count}`);
  await amy.whenSent(50);
  disk.fill();
  await dev.kill();

  const { code, said } = await failToStart(disk);
  expect(code).toBe(69);
  expect(said).toContain(`${dataOn(disk)}`);
  expect(said).toContain('the disk is full: make room on it');

  disk.makeRoom();
  const again = await start(disk);
  const bob = await person(2, again.route);
  await waitUntil('bob has all', () => bob.texts.length === 50);
  expect(bob.texts).toEqual(Array.from({ length: 50 }, (_, index) => `text ${index + 1}`));
});

test.each([
  ['with a store', true],
  ['that is empty', false],
])('a start on a disk %s that takes no writes says so', async (_, hasStore) => {
  const disk = await SmallDisk.start(diskBytes);
  if (hasStore) await (await start(disk)).dev.stop();
  await disk.takeNoWrites();
  const { code, said } = await failToStart(disk);
  expect(code).toBe(69);
  expect(said).toContain(`${dataOn(disk)}`);
  expect(said).toMatch(/read-?only/);
});

test('a backup for which there is no room leaves what there was', async () => {
  const disk = await SmallDisk.start(diskBytes);
  const { route } = await start(disk);
  const [amy] = [await person(1, route), await person(2, route)];
  amy.say('2;;before');
  await amy.whenSent(1);
  // The store has more: its tables alone take a page each.
  disk.fill(96 * 1024);
  const where = ['--route', route, '--cluster-secret', clusterSecret];
  const file = join(temporaryFolder('backup'), 'file');
  await expect(run(executable, ['admin', 'backup', file, ...where])).rejects.toThrow(
    'cannot be used for now',
  );
  expect(readdirSync(join(disk.seen, 'data')).filter((name) => /backup/.test(name))).toEqual([]);
  amy.say('2;;after');
  await amy.whenSent(2);
});

test('a log on a full disk loses lines, which are counted, and none that comes when there is room', async () => {
  const disk = await SmallDisk.start(diskBytes);
  const file = join(disk.folder, 'log');
  const seen = join(disk.seen, 'log');
  const { dev, route } = await start(disk, `2>>${file}`);
  const amy = await person(1, route);
  // Of the next line a hundred bytes fit into what the disk has given to the file.
  const pageBytes = 4096;
  const padding = `${JSON.stringify({ padding: '' })}\n`.length;
  const room = 2 * pageBytes - 100 - (statSync(seen).size % pageBytes) - padding;
  appendFileSync(seen, `${JSON.stringify({ padding: ' '.repeat(room) })}\n`);
  disk.fill();
  amy.say('a text for the lobby');
  await whenReadiness(route, isFull);
  await waitUntil(
    'a line is lost',
    async () => (await countersOf(route, clusterSecret))['log.dropped'] === 1,
  );

  disk.makeRoom();
  await amy.whenSent(1);
  const lines = () => readFileSync(seen, 'utf8').split('\n');
  const line = (words: string) =>
    waitUntil(words, () => lines().find((one) => one.includes(words)));
  expect(JSON.parse(await line('lines of the log were lost'))).toMatchObject({ lines: 1 });
  expect(JSON.parse(await line('well again'))).toMatchObject({ condition: 'store-refusals' });
  expect(await dev.stop()).toBe(0);
});

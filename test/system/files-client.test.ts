/**
 * Files as people and programs send them: the packaged executable, through the death of the route that
 * takes them, and at a terminal.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type ClusterRoute, startCluster } from '../support/cluster.ts';
import { startProcess } from '../support/processes.ts';
import { Client, executable, startDevelopment } from '../support/roles.ts';
import { TestS3 } from '../support/s3.ts';
import { secretOf } from '../support/secret-of.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTerminal } from '../support/terminal.ts';
import { waitUntil } from '../support/wait-until.ts';

const [bob, amy] = [1, 2];

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Kills one route after the other in the middle of what this line does, and then starts all again. */
async function killInTheMiddle(
  routes: readonly ClusterRoute[],
  client: Client,
  line: number,
): Promise<void> {
  const ofLine = (kind: string) =>
    client.events.filter(({ event, line: of }) => event === kind && of === line);
  for (const [index, route] of routes.entries()) {
    const share = (index + 0.2) / routes.length;
    await waitUntil('so much of it is there', () =>
      ofLine('progress').some(({ bytes, total }) => Number(bytes) >= share * Number(total)),
    );
    await route.process.kill();
    expect(['sent', 'result', 'error'].flatMap(ofLine)).toEqual([]);
  }
  await Promise.all(routes.map((route) => route.start()));
}

test.each([
  ['alone, with a folder', 1],
  ['of two, with an S3', 2],
])(
  'a route that dies in the middle costs time, both when a file goes and when it comes: %s',
  async (_, count) => {
    const folder = temporaryFolder('files');
    const s3 = count > 1 ? await TestS3.start() : undefined;
    const cluster = await startCluster({
      ...{ servers: 1, routes: count },
      routeArgs: [
        '--auth',
        'secret',
        ...(s3 ? s3Args(s3) : ['--files-folder', join(folder, 'kept')]),
      ],
    });
    const { routes, routeUrls } = cluster;
    const ofBob = await Client.ready({ userId: bob, name: 'bob', routes: routeUrls });
    const ofAmy = await Client.ready({ userId: amy, name: 'amy', routes: routeUrls });
    const path = join(folder, 'film.mp4');
    const bytes = 64 * 1024 * 1024;
    writeFileSync(path, randomBytes(bytes));
    ofBob.say(JSON.stringify({ to: amy, file: path }));
    await killInTheMiddle(routes, ofBob, 1);
    const { file, id, encrypted } = await ofAmy.whenText('[film.mp4, 67 MB]');
    expect(encrypted).toBe(true);
    expect(file).toEqual({ name: 'film.mp4', bytes, type: 'video/mp4' });
    const saved = join(folder, 'saved.mp4');
    ofAmy.say(`:open ${id} ${saved}`);
    await killInTheMiddle(routes, ofAmy, 1);
    const { data } = await ofAmy.whenEvent('saves it', ({ event }) => event === 'result');
    expect(data).toEqual({ file: saved, name: 'film.mp4', bytes });
    expect(hashOf(saved)).toBe(hashOf(path));
    // Nothing is left beside it.
    const names = readdirSync(folder).filter((name) => name !== 'kept');
    expect(names.sort()).toEqual(['film.mp4', 'saved.mp4']);
  },
);

function s3Args(s3: TestS3): readonly string[] {
  return [...s3.args, '--s3-key', s3.options.key, '--s3-secret', s3.options.secret];
}

test('at a terminal, and by cim send', async () => {
  const folder = temporaryFolder('files');
  mkdirSync(join(folder, 'here'));
  writeFileSync(join(folder, 'a file.txt'), 'what is in it');
  const { addresses } = await startDevelopment(['--data', join(folder, 'data')]);
  const route = `http://${addresses['route']}`;
  const ofBob = await Client.ready({ userId: bob, name: 'bob', routes: [route] });
  const terminal = await startTerminal(100);
  const person = ['--user-id', `${amy}`, '--name', 'amy', '--state', join(folder, 'state')];
  await terminal.type(
    `cd ${folder}/here; clear; ${executable} client ${person.join(' ')} --route ${route}`,
  );
  await terminal.press('Enter');
  await terminal.whenShown(/^● amy>$/);
  await terminal.type(':file 1 ../a');
  await terminal.press('Tab');
  await terminal.whenShown(/:file 1 \.\.\/a file\.txt$/);
  await terminal.press('Enter');
  await terminal.whenShown(/you → \(1\) bob: \[a file\.txt, 13 bytes\] ✓/);
  const { id } = await ofBob.whenText('[a file.txt, 13 bytes]');
  const copy = join(folder, 'copy.txt');
  await ofBob.ask(`:open ${id} ${copy}`);
  expect(readFileSync(copy, 'utf8')).toBe('what is in it');
  const sending = await startProcess({
    name: 'cim send',
    command: executable,
    args: [
      ...['send', '--user-id', `${bob}`, '--name', 'bob', '--state', join(folder, 'sender')],
      ...['--to', `${amy}`, '--file', copy, '--route', route],
    ],
    env: { CIM_SECRET: secretOf(bob) },
  });
  expect(await sending.exited).toBe(0);
  await terminal.whenShown(/\(1\) bob → you .*: \[copy\.txt, 13 bytes\]/);
  for (const name of ['copy.txt', 'copy (2).txt']) {
    await terminal.type(':open ^');
    await terminal.press('Enter');
    const said = `copy.txt (13 bytes) is saved: ${name}`;
    await terminal.whenShown(new RegExp(said.replaceAll(/[().]/g, '\\$&')));
    expect(readFileSync(join(folder, 'here', name), 'utf8')).toBe('what is in it');
  }
});

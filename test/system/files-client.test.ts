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
import { secretOf } from '../support/secret-of.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTerminal } from '../support/terminal.ts';
import { waitUntil } from '../support/wait-until.ts';

const [bob, amy] = [1, 2];

function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Kills the route in the middle of what this line does, and starts it again. */
async function killInTheMiddle(route: ClusterRoute, client: Client, line: number): Promise<void> {
  const isOfLine = (event: string) =>
    client.events.some((each) => each.event === event && each['line'] === line);
  await waitUntil('some of it is there', () => isOfLine('progress'));
  await route.process.kill();
  expect([isOfLine('sent'), isOfLine('result'), isOfLine('error')]).toEqual([false, false, false]);
  await route.start();
}

test('a route that dies in the middle costs time, both when a file goes and when it comes', async () => {
  const folder = temporaryFolder('files');
  const cluster = await startCluster({
    ...{ servers: 1, routes: 1 },
    routeArgs: ['--auth', 'secret', '--files-folder', join(folder, 'kept')],
  });
  const [route] = cluster.routes;
  const routes = cluster.routeUrls;
  const ofBob = await Client.ready({ userId: bob, name: 'bob', routes });
  const ofAmy = await Client.ready({ userId: amy, name: 'amy', routes });
  const path = join(folder, 'film.mp4');
  writeFileSync(path, randomBytes(90 * 1024 * 1024));
  ofBob.say(JSON.stringify({ to: amy, file: path }));
  await killInTheMiddle(route!, ofBob, 1);
  const text = '[film.mp4, 94 MB]';
  const { file, id, encrypted } = await ofAmy.whenText(text);
  expect(encrypted).toBe(true);
  expect(file).toEqual({ name: 'film.mp4', bytes: 90 * 1024 * 1024, type: 'video/mp4' });
  const saved = join(folder, 'saved.mp4');
  ofAmy.say(`:open ${id} ${saved}`);
  await killInTheMiddle(route!, ofAmy, 1);
  const isSaved = (event: { event: string }) => event.event === 'result';
  const { data } = await ofAmy.whenEvent('saves it', isSaved);
  expect(data).toEqual({ file: saved, name: 'film.mp4', bytes: 90 * 1024 * 1024 });
  expect(hashOf(saved)).toBe(hashOf(path));
  // Nothing is left beside it.
  expect(readdirSync(folder).sort()).toEqual(['film.mp4', 'kept', 'saved.mp4']);
});

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

/**
 * One's data as people and operators see it: the packaged executable on two servers and two routes.
 * Somebody exports what is kept, deletes the account, and another one is deleted by an operator; those
 * with whom they talked go on.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { TestProcess } from '../support/processes.ts';
import { Client, executable } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ servers: 2, routes: 2 });
});

interface Person {
  readonly userId: number;
  readonly name: string;
}

const amy = { userId: 1, name: 'amy' };
const bob = { userId: 2, name: 'bob' };
const carl = { userId: 3, name: 'carl' };

/** `route`: what it logs in through, and what gives it a server. */
function person(who: Person, route: number): Promise<Client> {
  return Client.ready({ ...who, routes: [cluster.routeUrls[route]!] });
}

/** Devices of one user, one on each server: a route gives them in turn. */
async function devicesOf(who: Person): Promise<Client[]> {
  const devices = [await person(who, 0), await person(who, 0)];
  const servers = devices.map(({ events }) => events.find(({ event }) => event === 'ready'));
  const addresses = cluster.servers.map(({ address }) => address);
  expect(servers.map((ready) => ready?.['server']).toSorted()).toEqual(addresses.toSorted());
  return devices;
}

async function admin(...args: readonly string[]): Promise<string> {
  const process = new TestProcess({
    name: 'cim admin',
    command: executable,
    args: ['admin', ...args, '--route', cluster.routeUrls[1]!, '--json'],
    env: { CIM_CLUSTER_SECRET: 'test' },
  });
  expect(await process.exited).toBe(0);
  return process.stdout;
}

/** Says a line; resolves to what it is refused with. */
async function refusalOf(client: Client, line: string): Promise<unknown> {
  const errors = () => client.events.filter(({ event }) => event === 'error');
  const before = errors().length;
  client.say(line);
  return (await waitUntil('it is refused', () => errors().at(before)))['code'];
}

/** What each route says to an application that sends to the user, at once. */
async function answersTo(userId: number, key: string): Promise<unknown[]> {
  const ask = async (route: string) => {
    const response = await fetch(`${route}/p2pRoute`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userId: bob.userId, receiveUserId: userId, msg: 'still there?' }),
    });
    return ((await response.json()) as { code: string }).code;
  };
  return Promise.all(cluster.routeUrls.map(ask));
}

/** It was told, by the server that it was on: it has not come back to hear it. */
async function isOver(device: Client, who: Person, exitCode: number): Promise<void> {
  expect(await device.process.exited).toBe(exitCode);
  expect(device.events.find(({ event }) => event === 'closed')).toMatchObject({
    reason: `the account (${who.userId}) ${who.name} was deleted: its id is never used again, its name is free`,
  });
  expect(device.events.map(({ event }) => event)).not.toContain('offline');
}

test('somebody exports, deletes the account, and an operator another; the one who is left has what was said', async () => {
  const [phone, laptop] = await devicesOf(amy);
  const [tablet, desk] = await devicesOf(carl);
  const other = await person(bob, 1);
  const key = JSON.parse(await admin('key', 'create', '--label', 'shop', '--scope', 'push')).key;
  await phone!.ask(':create cooks');
  await tablet!.ask(':create books');
  for (const group of ['cooks', 'books']) await other.ask(`:join ${group}`);
  const said = [`${bob.userId};;hi bob`, '{"group":"cooks","text":"hi cooks"}'];
  for (const line of said) phone!.say(line);
  tablet!.say(`${bob.userId};;hi from carl`);
  other.say(`${amy.userId};;hi amy`);
  const texts = ['hi bob', 'hi from carl', 'hi cooks'];
  await waitUntil('bob has read all', () => texts.every((text) => other.texts.includes(text)));
  await laptop!.whenText('hi amy');
  expect(await answersTo(amy.userId, key)).toEqual(['9000', '9000']);
  expect(await answersTo(carl.userId, key)).toEqual(['9000', '9000']);

  const file = join(temporaryFolder('export'), 'mine.jsonl');
  await laptop!.ask(`:export ${file}`);
  const records = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records[0]).toMatchObject({
    record: 'account',
    ...{ userId: amy.userId, hasSecret: true },
  });
  expect(records).toContainEqual(
    expect.objectContaining({ record: 'group', group: 'cooks', owner: 1 }),
  );
  expect(records.at(-1)).toMatchObject({ record: 'end', messages: 5 });
  const exported = records.filter(({ record }) => record === 'message').map(({ text }) => text);
  expect(exported.toSorted()).toEqual([
    'hi amy',
    'hi bob',
    'hi cooks',
    'still there?',
    'still there?',
  ]);

  expect(await phone!.ask(`:delete-account ${amy.userId}`)).toMatchObject({ userId: amy.userId });
  expect(await answersTo(amy.userId, key)).toEqual(['7300', '7300']);
  await isOver(phone!, amy, 0);
  await isOver(laptop!, amy, 77);
  await admin('delete-user', `${carl.userId}`);
  expect(await answersTo(carl.userId, key)).toEqual(['7300', '7300']);
  for (const device of [tablet!, desk!]) await isOver(device, carl, 77);

  for (const [index, who] of [amy, carl].entries()) {
    const again = Client.start({ ...who, routes: [cluster.routeUrls[index]!] });
    expect(await again.process.exited).toBe(77);
    expect(again.process.output).toContain('was deleted');
    expect(await refusalOf(other, `${who.userId};;still there?`)).toBe('unknown-receiver');
  }
  const groups = await other.ask(':groups');
  expect(groups).toEqual([
    expect.objectContaining({ group: 'books', owner: bob.userId }),
    expect.objectContaining({ group: 'cooks', owner: bob.userId }),
  ]);
  const history = JSON.stringify(await other.ask(':history'));
  for (const text of [...texts, 'hi amy']) expect(history).toContain(text);
  expect(await other.quit()).toBe(0);
});

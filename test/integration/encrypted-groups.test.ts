/**
 * Groups that only their members can read, by the SDK against the server and route of `cim dev` in
 * this process: whoever comes and goes, the members read what is theirs, and the store holds none of it.
 */
import { expect, test } from '@jest/globals';
import {
  CimClient,
  type CimClientOptions,
  type ClientEvents,
  lobby,
  type Message,
} from '../../src/client/sdk/index.ts';
import { folderStorage, nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { type DevInProcess, startDevInProcess } from '../support/dev-in-process.ts';
import { secretOf } from '../support/secret-of.ts';
import { storedBytes } from '../support/stored-bytes.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

const [bob, amy, joe] = [1, 2, 3] as const;
const group = 'team';

interface System {
  readonly running: DevInProcess;
  readonly data: string;
}

async function startSystem(): Promise<System> {
  const data = temporaryFolder('dev');
  return { data, running: await startDevInProcess({ data, auth: 'secret' }) };
}

interface Person {
  readonly client: CimClient;
  readonly messages: Message[];
  readonly news: ClientEvents['groupNews'][];
  texts(): string[];
}

async function open(
  { running }: System,
  userId: number,
  options: Partial<CimClientOptions> = {},
): Promise<Person> {
  const client = new CimClient({
    userId,
    userName: ['', 'bob', 'amy', 'joe'][userId] ?? '',
    routes: [`http://127.0.0.1:${running.route.port}`],
    platform: nodePlatform(),
    credentials: { secret: secretOf(userId) },
    ...options,
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const messages: Message[] = [];
  const news: ClientEvents['groupNews'][] = [];
  client.on('message', (message) => void messages.push(message));
  client.on('groupNews', (change) => void news.push(change));
  await client.start();
  // Its key is made when it is first needed, and a group wants it.
  await client.send({ to: userId }, 'note to self');
  return { client, messages, news, texts: () => messages.map(({ text }) => text) };
}

async function teamOf(system: System, ...userIds: readonly number[]): Promise<Person[]> {
  const people = await Promise.all(userIds.map((userId) => open(system, userId)));
  await people[0]?.client.createGroup(group, { e2ee: true });
  for (const { client } of people.slice(1)) await client.joinGroup(group);
  return people;
}

test('whatever way a message takes, all members read it, and nobody else has it', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy, ofJoe] = (await teamOf(system, bob, amy, joe)) as [Person, Person, Person];
  const sent = await ofBob.client.send({ group }, 'plain one');
  expect(sent.encrypted).toBe(true);
  const passed = await ofBob.client.sendTransient({ group }, 'plain two');
  expect(passed).toMatchObject({ transient: true, encrypted: true });
  await ofAmy.client.send({ group }, 'plain three', { replyTo: sent.id, mentions: [joe] });
  for (const each of [ofAmy, ofJoe])
    await waitUntil('all is read', () => each.texts().includes('plain one'));
  await waitUntil('all is read', () => ofJoe.texts().includes('plain three'));
  expect(ofJoe.messages.find(({ text }) => text === 'plain three')).toMatchObject({
    ...{ from: amy, group, encrypted: true, key: 'unverified', replyTo: sent.id, mentions: [joe] },
  });
  await ofBob.client.edit(sent.id, 'plain four');
  await ofJoe.client.react(sent.id, ['👍']);
  await ofJoe.client.close();
  await ofBob.client.send({ group }, 'plain five');

  // A device that was never there before reads it all, as does another one of the sender.
  const again = await open(system, joe);
  await waitUntil('what waited is read', () => again.texts().includes('plain five'));
  for (const userId of [bob, joe]) {
    const { client } = await open(system, userId);
    const { messages } = await client.history({ group, limit: 10 });
    expect(messages.map(({ text }) => text)).toEqual(['plain four', 'plain three', 'plain five']);
    expect(messages[0]?.reactions).toEqual([{ from: joe, emoji: ['👍'] }]);
    expect(messages.every(({ encrypted }) => encrypted)).toBe(true);
    const found = await client.history({ group, keyword: 'FIVE', limit: 10 });
    expect(found.messages.map(({ text }) => text)).toEqual(['plain five']);
  }
  await ofBob.client.send({ group: lobby }, 'a word to everybody');
  const bytes = storedBytes(system.data);
  expect(bytes).toContain('a word to everybody');
  expect(bytes).not.toContain('plain');
});

test('a file is for its members alone, in this group and in no other', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = (await teamOf(system, bob, amy)) as [Person, Person];
  await ofBob.client.createGroup('open');
  await ofAmy.client.joinGroup('open');
  const bytes = Buffer.from('plain bytes of a file');
  for (const [name, isSealed] of [
    [group, true],
    ['open', false],
  ] as const) {
    const sent = await ofBob.client.sendFile({ group: name }, new Blob([bytes]), { name: 'a.txt' });
    expect(sent.file.key !== undefined).toBe(isSealed);
    await waitUntil('amy is told', () => ofAmy.messages.some(({ id }) => id === sent.id));
    const { file } = ofAmy.messages.find(({ id }) => id === sent.id) ?? {};
    if (!file) throw new Error('the message has no file');
    const pieces: Uint8Array[] = [];
    for await (const piece of ofAmy.client.openFile(file)) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(storedBytes(system.data).includes('plain bytes')).toBe(!isSealed);
  }
});

test('who joins reads from then on, who leaves or is removed nothing more', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = (await teamOf(system, bob, amy)) as [Person, Person];
  const ofJoe = await open(system, joe);
  await ofBob.client.send({ group }, 'before joe');
  await ofJoe.client.joinGroup(group);
  await ofAmy.client.send({ group }, 'hello joe');
  await waitUntil('joe reads', () => ofJoe.texts().includes('hello joe'));
  expect(ofJoe.texts()).not.toContain('before joe');
  await ofJoe.client.send({ group }, 'hello all');
  for (const each of [ofBob, ofAmy])
    await waitUntil('joe is read', () => each.texts().includes('hello all'));
  await ofBob.client.removeMember(group, joe);
  await ofAmy.client.send({ group }, 'without joe');
  await waitUntil('bob reads', () => ofBob.texts().includes('without joe'));
  await expect(ofJoe.client.history({ group, limit: 10 })).rejects.toMatchObject({
    kind: 'not-a-member',
  });
  expect(ofJoe.texts()).not.toContain('without joe');
  await waitUntil('bob is told', () => ofBob.news.some(({ kind }) => kind === 'removed'));
  const told = ofBob.news.filter(({ userId }) => userId === joe).map(({ kind }) => kind);
  // Joe was given a key, and perhaps draws one: if who gave it is the only one seen to use it.
  expect(told.filter((kind) => kind !== 'given' && kind !== 'drawn')).toEqual([
    'joined',
    'removed',
  ]);
});

test('with history all, who joins reads what was said before', async () => {
  const system = await startSystem();
  const [ofBob] = (await teamOf(system, bob)) as [Person];
  const all = 'archive';
  await ofBob.client.createGroup(all, { e2ee: true, history: 'all' });
  await ofBob.client.send({ group: all }, 'before joe');
  const ofJoe = await open(system, joe);
  await ofJoe.client.joinGroup(all);
  await waitUntil('joe was given the keys', async () => {
    const { messages } = await ofJoe.client.history({ group: all, limit: 10 });
    return messages.some(({ text }) => text === 'before joe');
  });
});

test('many at once stay in order, while people come and go', async () => {
  const system = await startSystem();
  const [ofBob, ofAmy] = (await teamOf(system, bob, amy)) as [Person, Person];
  const ofJoe = await open(system, joe);
  const texts = Array.from({ length: 200 }, (_, index) => `message ${index}`);
  const sending = texts.map((text) => ofBob.client.send({ group }, text));
  for (let round = 0; round < 3; round++) {
    await ofJoe.client.joinGroup(group);
    await ofJoe.client.leaveGroup(group);
  }
  await Promise.all(sending);
  await waitUntil('all is read', () => ofAmy.texts().length >= texts.length);
  expect(ofAmy.texts()).toEqual(expect.arrayContaining(texts));
  expect(ofAmy.texts().filter((text) => text.startsWith('message'))).toEqual(texts);
});

test('what clients without keys may do there is nothing, and they hear why', async () => {
  const system = await startSystem();
  const [ofBob] = (await teamOf(system, bob)) as [Person];
  await (await open(system, joe)).client.close();
  const without = new CimClient({
    ...{ userId: joe, userName: 'joe', platform: nodePlatform(), e2ee: 'off' },
    routes: [`http://127.0.0.1:${system.running.route.port}`],
    credentials: { secret: secretOf(joe) },
  });
  onTeardown(() => without.close({ timeoutMs: 0 }));
  await without.start();
  await expect(without.joinGroup(group)).rejects.toMatchObject({ kind: 'encrypted-group' });
  await expect(ofBob.client.schedule({ group }, 'plain later', 1)).rejects.toMatchObject({
    kind: 'encrypted-group',
  });
  const strict = await open(system, bob, { e2ee: 'require' });
  await strict.client.createGroup('open');
  for (const target of [{ group: 'open' }, { group: lobby }])
    await expect(strict.client.send(target, 'plain')).rejects.toMatchObject({ kind: 'no-key' });
  expect((await strict.client.send({ group }, 'plain')).encrypted).toBe(true);
  expect(storedBytes(system.data)).not.toContain('plain');
});

test('a device remembers that a group is encrypted, and what it was told of it', async () => {
  const system = await startSystem();
  const storage = folderStorage(temporaryFolder('bob'));
  const [first] = (await teamOf(system, bob)) as [Person];
  await first.client.close();
  const ofBob = await open(system, bob, { storage });
  await ofBob.client.send({ group }, 'plain one');
  await ofBob.client.close();
  const ofAmy = await open(system, amy);
  await ofAmy.client.joinGroup(group);
  await ofAmy.client.leaveGroup(group);
  const real = nodePlatform();
  const later = await open(system, bob, { storage, platform: real });
  await waitUntil('it is told', () => later.news.length >= 2);
  const told = later.news.filter(({ userId }) => userId === amy).map(({ kind }) => kind);
  expect(told.filter((kind) => kind !== 'given')).toEqual(['joined', 'left']);
});

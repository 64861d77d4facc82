/**
 * Replies, edits, retractions and reactions between people with the SDK, an application that calls a
 * route, and a Java client, against the server and route of `cim dev` in this process.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { CimClient, type ClientEvents, lobby, type Message } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { requestJson } from '../../src/http/client.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { JavaPeer, javaPost, javaRegister } from '../support/java-peer.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

const [bob, amy] = [1_000_001, 1_000_002];
let route: string;

beforeAll(async () => {
  const running = await startDevInProcess({ data: ':memory:', auth: 'open' });
  route = `http://127.0.0.1:${running.route.port}`;
});

/** All that an SDK client is told, in its order. */
async function open(userId: number, userName: string) {
  const client = new CimClient({ userId, userName, routes: [route], platform: nodePlatform() });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const told: [name: string, event: Partial<Message & ClientEvents['reactions']>][] = [];
  for (const name of ['message', 'edited', 'retracted', 'reactions'] as const)
    client.on(name, (event) => void told.push([name, event]));
  await client.start();
  return {
    client,
    told,
    until: (count: number) => waitUntil('all is told', () => told.length >= count),
  };
}

/** Rejects with the CimError that the route answers. */
async function call(path: string, body: object): Promise<string> {
  const headers = { 'x-cim-version': '1' };
  const options = { method: 'POST', headers, body, timeoutMs: 5_000 } as const;
  const { id } = (await requestJson(`${route}${path}`, options)) as { id: string };
  return id;
}

test('a Java client is shown in plain words what happened, live and when it was away', async () => {
  const ofBob = await open(bob, 'bob');
  const userId = await javaRegister(route, 'java');
  const peer = await JavaPeer.login(route, userId, 'java');
  const talk = async () => {
    const { id } = await ofBob.client.send({ to: userId }, 'helo', { mentions: [userId] });
    await ofBob.client.send({ to: userId }, 'you', { replyTo: id });
    await ofBob.client.edit(id, 'hello');
    await ofBob.client.react(id, ['👍']);
    await ofBob.client.react(id, []);
    await ofBob.client.retract(id);
  };
  const words = [
    'helo',
    'you',
    'edited: hello',
    'bob reacted 👍 to "helo"',
    'bob took back the reaction to "helo"',
    'bob retracted a message',
  ];
  await talk();
  await waitUntil('the Java client has it', () => peer.texts.length >= words.length);
  expect(peer.texts).toEqual(words);
  await peer.close(route);
  await talk();
  const again = await JavaPeer.login(route, userId, 'java');
  await javaPost(route, '/fetchOfflineMsgs', { receiveUserId: userId });
  const late = await again.whenReceived(({ batchResMsg }) => batchResMsg.length > 0);
  expect(late.batchResMsg).toEqual(words);
  await again.close(route);
});

test('an application says, by HTTP, what an SDK understands', async () => {
  const ofAmy = await open(amy, 'amy');
  await open(bob, 'bob');
  for (const [path, to] of [
    ['/p2pRoute', { receiveUserId: amy }],
    ['/groupRoute', { group: lobby }],
  ] as const) {
    ofAmy.told.length = 0;
    const from = { userId: bob, ...to };
    const id = await call(path, { ...from, msg: 'helo', customType: 'bot', customData: '_wA' });
    const answer = await call(path, { ...from, msg: 'you', replyTo: id, mentions: [amy] });
    await call(path, { ...from, edit: id, msg: 'hello' });
    await call(path, { ...from, react: id, emoji: ['👍'] });
    await call(path, { ...from, retract: answer });
    await ofAmy.until(5);
    const custom = { type: 'bot', data: Uint8Array.of(255, 0) };
    expect(ofAmy.told).toMatchObject([
      ['message', { id, text: 'helo', custom }],
      ['message', { id: answer, text: 'you', replyTo: id, mentions: [amy] }],
      ['edited', { id, from: bob, text: 'hello' }],
      ['reactions', { id, from: bob, emoji: ['👍'] }],
      ['retracted', { id: answer, from: bob }],
    ]);
    const query = path === '/p2pRoute' ? { peer: bob } : { group: lobby };
    const { messages } = await ofAmy.client.history({ ...query, limit: 10 });
    expect(messages).toMatchObject([
      { id, text: 'hello', reactions: [{ from: bob, emoji: ['👍'] }] },
      { id: answer, text: '', retracted: true },
    ]);
  }
});

test('an application sends a file that it has uploaded, with or without words', async () => {
  const ofAmy = await open(amy, 'amy');
  await open(bob, 'bob');
  const file = {
    ...{ id: 'AAAAAAAAAAAAAAAAAAAAAA', capability: 'c'.repeat(32), name: 'a.png' },
    ...{ bytes: 300_000, type: 'image/png', sha256: 'ab'.repeat(32), thumbnail: '_wA' },
  };
  const inPrivate = { userId: bob, receiveUserId: amy, file };
  const first = await call('/p2pRoute', inPrivate);
  const second = await call('/groupRoute', { userId: bob, file, msg: 'look' });
  await ofAmy.until(2);
  const brought = {
    ...file,
    sha256: new Uint8Array(32).fill(0xab),
    thumbnail: Uint8Array.of(255, 0),
  };
  expect(ofAmy.told).toMatchObject([
    ['message', { id: first, text: '[a.png, 300 KB]', file: brought }],
    ['message', { id: second, text: 'look', file: brought }],
  ]);
  const wrong = [
    { id: '../x' },
    { name: 'a/b' },
    { sha256: 'AB' },
    { thumbnail: '!' },
    { width: 1 },
  ];
  for (const part of wrong)
    await expect(
      call('/p2pRoute', { ...inPrivate, file: { ...file, ...part } }),
    ).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
  const userId = await javaRegister(route, 'java-file');
  const peer = await JavaPeer.login(route, userId, 'java-file');
  await call('/p2pRoute', { userId: bob, receiveUserId: userId, file });
  await waitUntil('the Java client is shown words', () => peer.texts.length > 0);
  expect(peer.texts).toEqual(['[a.png, 300 KB]']);
  await peer.close(route);
  const { name: _, ...nameless } = file;
  await expect(call('/p2pRoute', { ...inPrivate, file: nameless })).rejects.toMatchObject({
    message: 'file.name: must be given',
  });
});

test('by HTTP, too, only what is theirs can be changed', async () => {
  await open(amy, 'amy');
  await open(bob, 'bob');
  const to = { userId: bob, receiveUserId: amy };
  const id = await call('/p2pRoute', { userId: amy, receiveUserId: bob, msg: 'mine' });
  const notTheirs = { kind: 'not-the-author' };
  const invalid = { kind: 'invalid-argument' };
  for (const [path, body, error] of [
    ['/p2pRoute', { ...to, edit: id, msg: 'x' }, notTheirs],
    ['/p2pRoute', { ...to, retract: id }, notTheirs],
    ['/groupRoute', { userId: bob, react: id }, invalid],
    ['/p2pRoute', { userId: amy, receiveUserId: bob, retract: id, react: id }, invalid],
    ['/p2pRoute', { ...to, batchMsg: ['x', 'y'], replyTo: id }, invalid],
  ] as const)
    await expect(call(path, body)).rejects.toMatchObject(error);
});

/**
 * Replies, edits, retractions and reactions as people see them: the packaged executable on a real
 * cluster. Clients tell them as events; a new device reads messages back as they are now; and a Java
 * client, which knows none of it, is shown plain words, in frames of the Java system alone.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { JavaPeer, javaPost, javaRegister } from '../support/java-peer.ts';
import { Client, type ClientEvent } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

const kinds = ['message', 'edited', 'retracted', 'reactions'];

let cluster: TestCluster;
let bob: Client;
let amy: Client;

beforeAll(async () => {
  cluster = await startCluster();
  [bob, amy] = [await person(1, 'bob'), await person(2, 'amy')];
});

function person(userId: number, name: string, { routeUrls }: TestCluster = cluster) {
  return Client.ready({ userId, name, routes: routeUrls });
}

/** Types an object, and waits until it is stored; resolves to the id of what was sent. */
async function tell(client: Client, line: object): Promise<string> {
  const sent = () => client.events.filter(({ event }) => event === 'sent');
  const before = sent().length;
  client.say(JSON.stringify(line));
  const stored = await waitUntil(`${JSON.stringify(line)} is stored`, () => sent().at(before));
  return String(stored['id']);
}

/** What a client is told from now on of messages and what becomes of them. */
function listen(client: Client): (count: number) => Promise<readonly ClientEvent[]> {
  const told = () => client.events.filter(({ event }) => kinds.includes(event));
  const before = told().length;
  return async (count) => {
    await waitUntil(`${client.name} is told`, () => told().length - before >= count);
    return told().slice(before);
  };
}

/** Bob says two things and changes both; amy answers and reacts. Resolves to the ids. */
async function talk(ofBob: object, ofAmy: object) {
  const shown = listen(amy);
  const first = await tell(bob, { ...ofBob, text: 'helo' });
  const second = await tell(bob, { ...ofBob, text: 'never mind' });
  await shown(2);
  const answer = await tell(amy, { ...ofAmy, text: 'you', replyTo: first });
  const heard = listen(amy);
  await tell(bob, { edit: first, text: 'hello' });
  await tell(bob, { retract: second });
  await heard(2);
  await tell(amy, { react: first, emoji: ['👍', '🎉'] });
  await tell(amy, { react: first, emoji: ['👍'] });
  return { first, second, answer };
}

test.each([
  ['in private', { to: 2 }, { to: 1 }],
  ['in a group', { group: 'cooks' }, { group: 'cooks' }],
  ['in the lobby', { group: 'lobby' }, { group: 'lobby' }],
])('what is done to messages %s is told at once, and read back', async (_, ofBob, ofAmy) => {
  if ('group' in ofBob && ofBob.group !== 'lobby') {
    await bob.ask(`:create ${ofBob.group}`);
    await amy.ask(`:join ${ofBob.group}`);
  }
  const [toAmy, toBob] = [listen(amy), listen(bob)];
  const { first, second, answer } = await talk(ofBob, ofAmy);
  expect(await toAmy(4)).toMatchObject([
    { event: 'message', id: first, text: 'helo' },
    { event: 'message', id: second, text: 'never mind' },
    { event: 'edited', id: first, from: 1, text: 'hello', ...ofBob },
    { event: 'retracted', id: second, from: 1, ...ofBob },
  ]);
  expect(await toBob(3)).toMatchObject([
    { event: 'message', id: answer, text: 'you', replyTo: first },
    { event: 'reactions', id: first, from: 2, emoji: ['👍', '🎉'] },
    { event: 'reactions', id: first, from: 2, emoji: ['👍'] },
  ]);

  amy.say(JSON.stringify({ edit: first, text: 'hers' }));
  const refused = await amy.whenEvent('is refused', ({ event }) => event === 'error');
  expect(refused).toMatchObject({ code: 'not-the-author' });

  for (const [newDevice, to] of [
    [await person(1, 'bob'), ofBob],
    [await person(2, 'amy'), ofAmy],
  ] as const) {
    const conversation = 'group' in to ? `#${to.group}` : to.to;
    const messages = (await newDevice.ask(`:history ${conversation}`)) as readonly object[];
    expect(messages).toMatchObject([
      {
        id: first,
        text: 'hello',
        edited: expect.any(String),
        reactions: [{ from: 2, emoji: ['👍'] }],
      },
      { id: second, retracted: true },
      { id: answer, text: 'you', replyTo: first },
    ]);
    expect(JSON.stringify(messages)).not.toMatch(/never mind|helo"/);
    await newDevice.quit();
  }
});

test('a Java client reads plain words of it: in private, when it was away, and in the lobby', async () => {
  // Java clients have no secret.
  const open = await startCluster({ servers: 1, routes: 1, routeArgs: ['--auth', 'open'] });
  const [route = ''] = open.routeUrls;
  const carl = await person(3, 'carl', open);
  const peer = await JavaPeer.login(route, await javaRegister(route, 'java'), 'java');
  const changed = ['edited: hello', 'carl retracted a message', 'carl reacted 👍 to "helo"'];
  const words = ['helo', 'you', ...changed];
  const say = async (to: object) => {
    const first = await tell(carl, { ...to, text: 'helo' });
    const second = await tell(carl, { ...to, text: 'you', replyTo: first });
    await tell(carl, { edit: first, text: 'hello' });
    await tell(carl, { retract: second });
    await tell(carl, { react: first, emoji: ['👍'] });
  };
  await say({ to: peer.userId });
  await peer.whenTexts(...words);
  await say({ group: 'lobby' });
  await peer.whenTexts(...words, ...words);
  await peer.close(route);
  await say({ to: peer.userId });
  const again = await JavaPeer.login(route, peer.userId, peer.userName);
  await javaPost(route, '/fetchOfflineMsgs', { receiveUserId: peer.userId });
  const late = await again.whenReceived(({ batchResMsg }) => batchResMsg.length > 0);
  expect(late.batchResMsg).toEqual(words);
  expect([...peer.strange, ...again.strange]).toEqual([]);
});

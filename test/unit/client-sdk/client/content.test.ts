/** What messages are beside their text: how it is sent, and what the application is told of it. */
import { expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { toBase64Url } from '../../../../src/base/text/base64url.ts';
import { command } from '../../../../src/codec/commands.ts';
import { frame } from '../../../../src/codec/frame.ts';
import { decodeContent, encodeContent } from '../../../../src/codec/message-content.ts';
import { com } from '../../../../src/codec/protobuf.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { online, record, watch } from '../support/running-client.ts';
import { type ServerConnection, World } from '../support/scripted-server.ts';

const { Response } = com.crossoverjie.cim.common.protocol;
/** Of amy, to bob: her message with this number. */
const fromAmy = (sendSeq: number) => `2.0202020202020202.1.${sendSeq}`;
const custom = { type: 'poll', data: Uint8Array.of(1, 2, 3) };

/** With its content decoded. */
function taken(server: ServerConnection) {
  const { reqMsg, content, silent, sendSeq } = server.take('message');
  return { reqMsg, content: decodeContent(content), silent, sendSeq };
}

async function told() {
  const running = await online();
  const { client } = running;
  const edited = record(client, 'edited');
  const retracted = record(client, 'retracted');
  const reactions = record(client, 'reactions');
  return { ...running, edited, retracted, reactions };
}

test('what an application says beside a text is written with it', async () => {
  const { client, server } = await online();
  watch(client.send({ group: 'lobby' }, 'bob asks', { custom, mentions: [2], silent: true }));
  watch(client.send({ to: 2 }, 'yes', { replyTo: fromAmy(1) }));
  watch(client.send({ to: 2 }, 'plain'));
  const content = { custom, mentions: [2] };
  expect(taken(server)).toMatchObject({ reqMsg: 'bob asks', content, silent: true });
  expect(taken(server)).toMatchObject({ reqMsg: 'yes', content: { replyTo: fromAmy(1) } });
  expect(taken(server)).toMatchObject({ reqMsg: 'plain', content: {}, silent: false });
});

const file = {
  ...{ id: 'AAAAAAAAAAAAAAAAAAAAAA', capability: 'c'.repeat(32), name: 'a.png', bytes: 300_000 },
  ...{ type: 'image/png', sha256: new Uint8Array(32) },
};

test('a file is brought first, and then its message says so', async () => {
  const { world, client, server, messages } = await online();
  for (const path of ['/files', '/finishFile'])
    world.handlers[path] = (body) => world.files.post('https://route', path, body);
  const blob = new Blob(['what is in it'], { type: 'text/plain' });
  const sending = watch(
    client.sendFile({ group: 'lobby' }, blob, { name: 'a.txt', mentions: [2] }),
  );
  await waitUntil('its message is sent', () => server.frames.length > 0);
  expect(world.callsTo('/files')).toMatchObject([{ userId: 1, bytes: 13, type: 'text/plain' }]);
  const sent = taken(server);
  expect(sent).toMatchObject({ reqMsg: '[a.txt, 13 bytes]', silent: false });
  expect(sent.content).toMatchObject({ mentions: [2], file: { name: 'a.txt', bytes: 13 } });
  await server.ack({ sendSeq: sent.sendSeq, group: 'lobby' });
  await waitUntil('it is stored', () => sending.value !== undefined);
  const { file: brought } = sending.value ?? {};
  // To others as well, as it is.
  watch(client.send({ group: 'lobby' }, 'look', { ...(brought && { file: brought }) }));
  expect(taken(server).content).toEqual({ file: brought });
  await server.push(1, { sendSeq: 1, text: '[a.txt, 13 bytes]', content: sent.content ?? {} });
  const [message] = messages;
  expect(message?.file).toEqual(brought);
  const chunks: Uint8Array[] = [];
  for await (const chunk of client.openFile(message?.file ?? file)) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('what is in it');
});

test('a closed client brings nothing any more', async () => {
  const { world, client } = await online();
  world.handlers['/files'] = () => {
    throw new CimError('unavailable');
  };
  const sending = watch(client.sendFile({ group: 'lobby' }, new Blob(['x']), { name: 'a' }));
  await waitUntil('it is begun', () => world.callsTo('/files').length > 0);
  await client.close({ timeoutMs: 0 });
  await waitUntil('it has ended', () => sending.error !== undefined);
  expect(sending.error).toMatchObject({ kind: 'unavailable', message: 'the client is closed' });
});

test('of a file that was taken back nothing is shown', async () => {
  const { world, client, server, messages } = await online();
  await server.push(1, { sendSeq: 1, text: 'x', content: { file } });
  expect(messages).toMatchObject([{ id: fromAmy(1), file }]);
  await server.push(2, { sendSeq: 2, content: { retract: { target: fromAmy(1) } } });
  const content = toBase64Url(encodeContent({ file }));
  const past = {
    from: 2,
    fromName: 'amy',
    to: 1,
    text: 'x',
    seq: 1,
    at: 1,
    id: fromAmy(1),
    content,
  };
  world.handlers['/history'] = () => ({ messages: [past], next: null, expired: false });
  const { messages: found } = await client.history({ limit: 1 });
  expect(found).toMatchObject([{ id: fromAmy(1), retracted: true, text: '' }]);
  expect(found[0]).not.toHaveProperty('file');
});

test('changes are silent, and say plainly what they are', async () => {
  const { client, server } = await online();
  const sent = watch(client.send({ to: 2 }, 'helo'));
  await server.ack({ sendSeq: server.take('message').sendSeq });
  const { id = '' } = sent.value ?? {};
  watch(client.edit(id, 'hello'));
  watch(client.react(fromAmy(1), ['👍', '😄']));
  watch(client.react(id, []));
  watch(client.retract(id));
  expect(taken(server)).toMatchObject({
    reqMsg: 'edited: hello',
    content: { edit: { target: id, lead: 8 } },
    silent: true,
  });
  expect(taken(server)).toMatchObject({
    reqMsg: 'bob reacted 👍 😄 to a message',
    content: { reactions: { target: fromAmy(1), emoji: ['👍', '😄'] } },
  });
  expect(taken(server)).toMatchObject({
    reqMsg: 'bob took back the reaction to "helo"',
    content: { reactions: { target: id, emoji: [] } },
  });
  expect(taken(server)).toMatchObject({
    reqMsg: 'bob retracted a message',
    content: { retract: { target: id } },
  });
});

test('what was taken back is not edited any more', async () => {
  const { client, server } = await online();
  const sent = watch(client.send({ to: 2 }, 'helo'));
  await server.ack({ sendSeq: 1, seq: 1 });
  const { id = '' } = sent.value ?? {};
  const retracted = watch(client.retract(id));
  await server.ack({ sendSeq: 2, seq: 2 });
  expect(retracted.value).toBeDefined();
  await expect(client.edit(id, 'hello')).rejects.toMatchObject({
    kind: 'too-late',
    message: 'it was taken back',
  });
});

test('only what may be done is sent, and the application hears why not', async () => {
  const { client, server, clock } = await online();
  await expect(client.edit(fromAmy(1), 'x')).rejects.toMatchObject({ kind: 'not-the-author' });
  await expect(client.retract(fromAmy(1))).rejects.toMatchObject({ kind: 'not-the-author' });
  const invalid = { kind: 'invalid-argument' };
  for (const id of [
    '',
    'x',
    '3.0202020202020202.4.1',
    `${fromAmy(1)}.1`,
    '2.0202020202020202.1.~1',
  ])
    await expect(client.react(id, ['👍'])).rejects.toMatchObject(invalid);
  await expect(client.react(fromAmy(1), ['a b'])).rejects.toMatchObject(invalid);
  await expect(client.send({ to: 3 }, 'x', { replyTo: fromAmy(1) })).rejects.toMatchObject(invalid);
  expect(server.frames).toEqual([]);
  const sent = watch(client.send({ to: 2 }, 'helo'));
  await server.ack({ sendSeq: server.take('message').sendSeq });
  clock.leap(limits.editWindowMs + 1);
  const { id = '' } = sent.value ?? {};
  await expect(client.edit(id, 'hello')).rejects.toMatchObject({ kind: 'too-late' });
});

test('a server that knows no content is asked to keep the text', async () => {
  const world = new World();
  const client = world.client();
  watch(client.send({ group: 'lobby' }, 'bob asks', { custom, silent: true }));
  await world.start(client);
  const server = world.last;
  const { device } = server.take('login');
  const welcome = { cmd: command.welcome, device, serverVersion: 1, storeId: '5709e1d000000001' };
  await server.send(frame(Response.encode(Response.create(welcome)).finish()));
  const sent = server.take('message');
  expect(sent).toMatchObject({ reqMsg: 'bob asks', silent: false });
  expect(sent.content).toHaveLength(0);
});

test('a text and its content have the room of a text together', async () => {
  const { client } = await online();
  const tooMuch = { type: 'poll', data: new Uint8Array(limits.textBytesMax) };
  await expect(client.send({ to: 2 }, '', { custom: tooMuch })).rejects.toMatchObject({
    kind: 'too-long',
  });
  const room = { type: 'poll', data: new Uint8Array(limits.textBytesMax - 32) };
  expect(watch(client.send({ to: 2 }, 'x', { custom: room }))).toEqual({});
});

test('messages are shown with what they have, changes as what they are', async () => {
  const { server, messages, edited, retracted, reactions } = await told();
  await server.push(1, { sendSeq: 1, text: 'helo', content: { custom, mentions: [1] } });
  await server.push(2, { sendSeq: 2, text: 'me', content: { replyTo: fromAmy(1) } });
  const edit = { target: fromAmy(1), counter: 1, lead: 8 };
  await server.push(3, { sendSeq: 3, text: 'edited: hello', content: { edit }, at: 2_000 });
  const emoji = ['👍'];
  const reaction = { target: fromAmy(1), counter: 1, emoji };
  await server.push(4, { sendSeq: 4, content: { reactions: reaction } });
  await server.push(5, { sendSeq: 5, content: { retract: { target: fromAmy(2) } } });
  expect(messages).toMatchObject([
    { id: fromAmy(1), text: 'helo', custom, mentions: [1] },
    { id: fromAmy(2), text: 'me', replyTo: fromAmy(1) },
  ]);
  const amy = { from: 2, fromName: 'amy', to: 1 };
  expect(edited).toEqual([{ id: fromAmy(1), ...amy, text: 'hello', at: 2_000 }]);
  expect(reactions).toEqual([{ id: fromAmy(1), ...amy, emoji, at: 1_000 }]);
  expect(retracted).toEqual([{ id: fromAmy(2), ...amy, at: 1_000 }]);
});

test('what is not theirs to change stays as it is, and nobody is told', async () => {
  const { server, messages, edited, retracted, reactions } = await told();
  const mine = '1.0101010101010101.2.1';
  const elsewhere = '2.0202020202020202.#lobby.1';
  const edit = { target: mine, counter: 1, lead: 0 };
  await server.push(1, { sendSeq: 1, content: { edit } });
  await server.push(2, { sendSeq: 2, content: { retract: { target: mine } } });
  await server.push(3, { sendSeq: 3, content: { retract: { target: elsewhere } } });
  const reaction = { target: elsewhere, counter: 1, emoji: ['👍'] };
  await server.push(4, { sendSeq: 4, content: { reactions: reaction } });
  const own = { target: fromAmy(9), counter: 1, lead: 0 };
  await server.pushTransient({ sendSeq: 5, content: { edit: own } });
  // A reply to what was said elsewhere is a message that answers nothing.
  await server.push(5, { sendSeq: 6, text: 'hi', content: { replyTo: elsewhere } });
  expect([edited, retracted, reactions]).toEqual([[], [], []]);
  expect(messages).toHaveLength(1);
  expect(messages[0]).not.toHaveProperty('replyTo');
});

test('a change waits for its listener, and is acknowledged when that has taken it', async () => {
  const { client, server, clock } = await online();
  const taking = Promise.withResolvers<void>();
  client.on('retracted', () => taking.promise);
  await server.push(1, { sendSeq: 1, content: { retract: { target: fromAmy(7) } } });
  await clock.advance(1_000);
  expect(server.frames.filter(({ cmd, after }) => cmd === command.ack && after > 0)).toEqual([]);
  taking.resolve();
  await settle();
  await clock.advance(1_000);
  expect(server.take('ack')).toMatchObject({ after: 1 });
});

test("what was done on this device counts against an older word of the user's others", async () => {
  const { client, server, reactions } = await told();
  watch(client.react(fromAmy(1), ['👍']));
  const { sendSeq } = server.take('message');
  await server.ack({ sendSeq });
  const epoch = Uint8Array.from([9, 9, 9, 9, 9, 9, 9, 9]);
  const older = { target: fromAmy(1), counter: 7, emoji: ['😄'] };
  const otherDevice = { from: 1, to: 2, epoch };
  await server.push(1, { ...otherDevice, sendSeq: 1, content: { reactions: older } });
  expect(reactions).toEqual([]);
  const newer = { ...older, counter: Number.MAX_SAFE_INTEGER };
  await server.push(2, { ...otherDevice, sendSeq: 2, content: { reactions: newer } });
  expect(reactions).toMatchObject([{ id: fromAmy(1), from: 1, to: 2, emoji: ['😄'] }]);
});

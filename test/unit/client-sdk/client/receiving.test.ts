/** The whole client against a scripted server: what comes, and how the application takes it. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { command } from '../../../../src/codec/commands.ts';
import { frame } from '../../../../src/codec/frame.ts';
import { encodePush } from '../../../../src/codec/server-frame.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { MemoryStorage } from '../support/memory-storage.ts';
import { online, reconnect, record, watch } from '../support/running-client.ts';
import { framedMessage, World } from '../support/scripted-server.ts';

describe('receiving', () => {
  test('starts where the server says, and reads what waits', async () => {
    const { server, messages, clock } = await online({ welcome: { cursor: 4, head: 6 } });
    expect(server.take('read')).toMatchObject({
      group: '',
      after: 4,
      afterIdentity: '',
      limit: limits.pageMessagesMax,
    });
    await server.push(5, { sendSeq: 1, text: 'one', at: 1_234 });
    await server.push(6, { sendSeq: 2, text: 'two' });
    await server.pageEnd({ after: 4, head: 6 });
    expect(messages).toEqual([
      {
        id: '2.0202020202020202.1.1',
        from: 2,
        fromName: 'amy',
        to: 1,
        text: 'one',
        seq: 5,
        at: 1_234,
      },
      expect.objectContaining({ text: 'two', seq: 6 }),
    ]);
    expect(server.frames).toEqual([]);
    await clock.advance(200);
    expect(server.take('ack')).toMatchObject({ after: 6 });
  });

  test('reads nothing when nothing waits, and nothing of the lobby from before', async () => {
    const { server, clock } = await online({ welcome: { cursor: 6, head: 6, lobbyHead: 90 } });
    await clock.advance(5_000);
    expect(server.frames).toEqual([]);
  });

  test('a gap is asked for after 50 ms', async () => {
    const { server, texts, clock } = await online();
    await server.push(2, { sendSeq: 2 });
    await clock.advance(49);
    expect(server.frames).toEqual([]);
    await clock.advance(1);
    expect(server.take('read')).toMatchObject({ after: 0 });
    await server.push(1, { sendSeq: 1 });
    await server.push(2, { sendSeq: 2 });
    await server.pageEnd({ head: 2 });
    expect(texts()).toEqual(['text 1', 'text 2']);
    await clock.advance(1_000);
    expect(server.take('ack')).toMatchObject({ after: 2 });
    expect(server.frames).toEqual([]);
  });

  test('a hint is followed', async () => {
    const { server } = await online();
    await server.hint(3);
    expect(server.take('read')).toMatchObject({ after: 0 });
    await server.hint(8, 'lobby');
    expect(server.take('read')).toMatchObject({ group: 'lobby', after: 0 });
  });

  test('numbers that are not kept any more are told', async () => {
    const { server, client, texts } = await online({ welcome: { cursor: 1, head: 9 } });
    const gaps = record(client, 'gap');
    server.take('read');
    await server.push(8, { sendSeq: 8 });
    await server.push(9, { sendSeq: 9 });
    await server.pageEnd({ after: 1, head: 9, first: 8 });
    expect(gaps).toEqual([{ first: 2, last: 7 }]);
    expect(texts()).toEqual(['text 8', 'text 9']);
  });

  test('in another store reads from the beginning, also the lobby, and shows what is new', async () => {
    const { server, world, texts } = await online();
    for (const seq of [1, 2]) await server.push(seq, { sendSeq: seq });
    await server.push(1, { from: 3, group: 'lobby', sendSeq: 1, text: 'said to all' });
    await world.clock.advance(1_000);
    await server.end();
    const again = await reconnect(world, { storeId: 'another', head: 2, lobbyHead: 1 });
    expect(again.take('read')).toMatchObject({ group: '', after: 0, afterIdentity: '' });
    expect(again.take('read')).toMatchObject({ group: 'lobby', after: 0 });
    await again.push(1, { sendSeq: 2 });
    await again.push(2, { sendSeq: 3 });
    await again.pageEnd({ head: 2 });
    await again.push(1, { from: 3, group: 'lobby', sendSeq: 2, text: 'said to all again' });
    await again.pageEnd({ group: 'lobby', head: 1 });
    expect(texts()).toEqual(['text 1', 'text 2', 'said to all', 'text 3', 'said to all again']);
  });

  test('what was shown is not shown again after numbers were given out anew', async () => {
    const { server, world, texts } = await online();
    for (const seq of [1, 2, 3]) await server.push(seq, { sendSeq: seq });
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { cursor: 3, head: 3 });
    expect(next.take('read')).toMatchObject({ after: 3, afterIdentity: '2.0202020202020202.1.3' });
    await next.pageEnd({ after: 3, head: 3, rewound: true });
    expect(next.take('read')).toMatchObject({ after: 0, afterIdentity: '' });
    await next.push(1, { sendSeq: 1 });
    await next.push(2, { sendSeq: 3 });
    await next.push(3, { sendSeq: 4 });
    await next.pageEnd({ head: 3 });
    expect(texts()).toEqual(['text 1', 'text 2', 'text 3', 'text 4']);
  });

  test('in another store shows nothing of the lobby again that a process before has shown', async () => {
    const storage = new MemoryStorage();
    const first = await online({ storage });
    const at = first.clock.now();
    await first.server.push(1, { at, from: 3, group: 'lobby', sendSeq: 1, text: 'said to all' });
    await first.client.close();

    const { server, world, texts } = await online({
      storage,
      welcome: { storeId: '5709e1d000000001', lobbyHead: 1 },
    });
    expect(server.frames).toEqual([]);
    await world.clock.advance(1_000);
    await server.end();
    const again = await reconnect(world, { storeId: 'another', lobbyHead: 2 });
    expect(again.take('read')).toMatchObject({ group: 'lobby', after: 0 });
    await again.push(1, { at, from: 3, group: 'lobby', sendSeq: 1, text: 'said to all' });
    await again.push(2, { at, from: 3, group: 'lobby', sendSeq: 2, text: 'said since' });
    await again.pageEnd({ group: 'lobby', head: 2 });
    expect(texts()).toEqual(['said since']);
  });

  test('the lobby goes on from where this instance was', async () => {
    const { server, world, messages } = await online({ welcome: { lobbyHead: 10 } });
    await server.push(11, { group: 'lobby', sendSeq: 1, text: 'hello all' });
    expect(messages).toMatchObject([{ group: 'lobby', text: 'hello all', seq: 11 }]);
    expect(messages[0]).not.toHaveProperty('to');
    await world.clock.advance(1_000);
    expect(server.frames).toEqual([]);
    await server.end();
    const next = await reconnect(world, { lobbyHead: 12 });
    expect(next.take('read')).toMatchObject({
      group: 'lobby',
      after: 11,
      afterIdentity: '2.0202020202020202.#lobby.1',
    });
    await next.push(12, { group: 'lobby', sendSeq: 2, text: 'missed' });
    await next.pageEnd({ group: 'lobby', after: 11, head: 12 });
    expect(messages.at(-1)).toMatchObject({ text: 'missed' });
  });

  test('my own line in the lobby is not shown to me', async () => {
    const { client, server, texts } = await online();
    const sent = watch(client.send({ group: 'lobby' }, 'hello'));
    await server.push(1, { from: 1, epoch: new Uint8Array(8).fill(1), group: 'lobby', sendSeq: 1 });
    expect(texts()).toEqual([]);
    expect(sent.value).toEqual({ id: '1.0101010101010101.#lobby.1', seq: 1 });
  });
});

describe('the application', () => {
  test('gets one message at a time; none is acknowledged before it was taken', async () => {
    const world = new World();
    const client = world.client();
    const started: string[] = [];
    const taken: (() => void)[] = [];
    client.on('message', ({ text }) => {
      started.push(text);
      return new Promise<void>((resolve) => taken.push(resolve));
    });
    const server = await world.ready(client);
    for (const seq of [1, 2, 3]) await server.push(seq, { sendSeq: seq });
    expect(started).toEqual(['text 1']);
    await world.clock.advance(1_000);
    expect(server.frames).toEqual([]);
    taken[0]?.();
    await world.clock.advance(200);
    expect(started).toEqual(['text 1', 'text 2']);
    expect(server.take('ack')).toMatchObject({ after: 1 });
  });

  test('gets nothing before it listens, and then everything', async () => {
    const world = new World();
    const client = world.client();
    const server = await world.ready(client);
    await server.push(1, { sendSeq: 1 });
    await world.clock.advance(1_000);
    expect(server.frames).toEqual([]);
    const messages = record(client, 'message');
    await settle();
    expect(messages).toHaveLength(1);
    await world.clock.advance(1_000);
    expect(server.take('ack')).toMatchObject({ after: 1 });
  });

  test('is read nothing for, before it listens', async () => {
    const world = new World();
    const client = world.client();
    const server = await world.ready(client, { head: 3 });
    await world.clock.advance(5_000);
    expect(server.frames).toEqual([]);
    client.on('message', () => undefined);
    expect(server.take('read')).toMatchObject({ after: 0 });
  });

  test('that fails to take a message closes the client; the message is not acknowledged', async () => {
    const world = new World();
    const client = world.client();
    const closed = record(client, 'closed');
    client.on('message', ({ seq }) => {
      if (seq === 2) throw new Error('the disk is full');
    });
    const server = await world.ready(client);
    for (const seq of [1, 2, 3]) await server.push(seq, { sendSeq: seq });
    await settle();
    expect(closed).toMatchObject([{ reason: 'the disk is full', error: { kind: 'internal' } }]);
    expect(server.take('ack')).toMatchObject({ after: 1 });
    expect(server.frames).toEqual([]);
    expect(server.closedByClient).toBe(true);
  });

  test('may stop listening', async () => {
    const { client, server, texts } = await online();
    const seen: string[] = [];
    const stop = client.on('message', ({ text }) => void seen.push(text));
    await server.push(1, { sendSeq: 1 });
    stop();
    await server.push(2, { sendSeq: 2 });
    expect(seen).toEqual(['text 1']);
    expect(texts()).toEqual(['text 1', 'text 2']);
  });
});

describe('acknowledgements', () => {
  test('come at most every 200 ms', async () => {
    const { server, clock } = await online();
    for (const seq of [1, 2, 3]) {
      await server.push(seq, { sendSeq: seq });
      await clock.advance(50);
    }
    expect(server.frames).toEqual([]);
    await clock.advance(50);
    expect(server.take('ack')).toMatchObject({ after: 3 });
    await clock.advance(1_000);
    expect(server.frames).toEqual([]);
  });

  test('or after 100 messages', async () => {
    const { server } = await online();
    for (let seq = 1; seq <= 250; seq++) await server.push(seq, { sendSeq: seq });
    expect(server.take('ack')).toMatchObject({ after: 100 });
    expect(server.take('ack')).toMatchObject({ after: 200 });
    expect(server.frames).toEqual([]);
  });

  test('never pass a gap', async () => {
    const { server, clock } = await online();
    await server.push(1, { sendSeq: 1 });
    await server.push(3, { sendSeq: 3 });
    await clock.advance(300);
    expect(server.take('read')).toMatchObject({ after: 1 });
    expect(server.take('ack')).toMatchObject({ after: 1 });
    expect(server.frames).toEqual([]);
  });

  test('of what was taken while offline follow the next login', async () => {
    const { server, world } = await online();
    await world.clock.advance(2_000);
    await server.push(1, { sendSeq: 1 });
    world.reachable = false;
    await server.end();
    await world.clock.advance(1_000);
    world.reachable = true;
    await world.clock.advance(1_000);
    const next = await world.welcomeNext({ cursor: 0, head: 1 });
    next.take('read');
    await world.clock.advance(200);
    expect(next.take('ack')).toMatchObject({ after: 1 });
  });
});

describe('a message that cannot be read', () => {
  // A length in six bytes, as servers once took it; the server's number behind it.
  const broken = (seq: number) =>
    frame(
      Uint8Array.from([
        ...[0x0a, 0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 0x68, 0x69, 0x18, 0x01],
        ...[...encodePush(new Uint8Array(), seq)].slice(1),
      ]),
    );

  async function following() {
    const { server, client, ...rest } = await online();
    return { server, client, unreadable: record(client, 'unreadable'), ...rest };
  }

  test('has a stand-in at its place, counts as taken, and the next are shown', async () => {
    const { server, messages, unreadable, world, clock } = await following();
    await server.push(1, { sendSeq: 1 });
    await server.send(broken(2));
    // Whose it was, a page tells.
    expect(server.take('read')).toMatchObject({ group: '', after: 1 });
    expect(server.take('read')).toMatchObject({ group: 'lobby', after: 0 });
    await server.pageEnd({ group: 'lobby', head: 0 });
    await server.send(broken(2), framedMessage(3, { sendSeq: 3 }));
    await server.pageEnd({ after: 1, head: 3 });
    // Whatever came might have been the lobby's.
    await server.pageEnd({ group: 'lobby', head: 0 });
    expect(server.frames.splice(0)).toMatchObject([{ cmd: command.read, group: 'lobby' }]);
    expect(unreadable).toEqual([{ seq: 2, count: 1 }]);
    expect(messages.map(({ seq }) => seq)).toEqual([1, 3]);
    await clock.advance(200);
    expect(server.take('ack')).toMatchObject({ after: 3 });
    expect(server.frames).toEqual([]);
    expect(world.connections).toHaveLength(1);
  });

  test('at the end of what there is, and after another login, is told once', async () => {
    const { server, unreadable, world, clock } = await following();
    await server.send(broken(1));
    server.frames.length = 0;
    await server.send(broken(1));
    await server.pageEnd({ head: 1 });
    for (let read = 0; read < 2; read++) await server.pageEnd({ group: 'lobby', head: 0 });
    expect(unreadable).toEqual([{ seq: 1, count: 1 }]);
    // Pushed again, late.
    await server.send(broken(1));
    await server.pageEnd({ group: 'lobby', head: 0 });
    await clock.advance(15_000);
    await server.end();
    const next = await reconnect(world, { cursor: 1, head: 1 });
    expect(next.frames).toEqual([]);
    expect(unreadable).toHaveLength(1);
  });

  test('in the lobby, while its numbers are those of nobody else, moves nothing else', async () => {
    const { server, unreadable, texts } = await following();
    await server.push(1, { group: 'lobby', sendSeq: 1 });
    await server.send(broken(2));
    expect([server.take('read'), server.take('read')]).toMatchObject([
      { group: '', after: 0 },
      { group: 'lobby', after: 1 },
    ]);
    await server.pageEnd({ head: 0 });
    await server.send(broken(2));
    await server.pageEnd({ group: 'lobby', after: 1, head: 2 });
    await server.push(1, { sendSeq: 1, text: 'mine' });
    await server.push(3, { group: 'lobby', sendSeq: 3 });
    expect(unreadable).toEqual([{ group: 'lobby', seq: 2, count: 1 }]);
    expect(texts()).toEqual(['text 1', 'mine', 'text 3']);
  });

  test.each([
    ['is of a group of another form', { group: '\ufefflobby' }],
    ['is of a group that is not followed', { group: 'cooks' }],
    ['says that it is not stored', { group: 'lobby', transient: true }],
    ['is of one’s own timeline', { to: 1 }],
    ['was accepted beyond all time', { group: 'lobby', at: 9e15 }],
  ])('or one in the lobby that %s, is not waited for', async (_, told) => {
    const { server, unreadable, texts, clock } = await following();
    await server.hint(3, 'lobby');
    server.take('read');
    await server.push(1, { group: 'lobby', sendSeq: 1 });
    await server.push(2, { ...told, sendSeq: 2, text: 'odd' });
    await server.push(3, { group: 'lobby', sendSeq: 3 });
    await server.pageEnd({ group: 'lobby', head: 3 });
    expect(texts().filter((text) => text !== 'odd')).toEqual(['text 1', 'text 3']);
    const isRead = texts().includes('odd');
    expect(unreadable).toEqual(isRead ? [] : [{ group: 'lobby', seq: 2, count: 1 }]);
    // One that was taken for another timeline's is asked for there, and then no more.
    for (let round = 0; round < 3; round++) {
      await clock.advance(1_000);
      for (const read of server.frames.splice(0))
        if (read.cmd === command.read)
          await server.pageEnd({ group: read.group, after: read.after, head: read.group ? 3 : 0 });
    }
    await clock.advance(5_000);
    expect(server.frames).toEqual([]);
  });

  test('but is no message, ends the connection', async () => {
    const { server, world, client } = await following();
    const offline = record(client, 'offline');
    await server.send(frame(Uint8Array.of(0x18, 0x10, 0x0a, 0x82, 0x80, 0x80, 0x80, 0x80, 0x00)));
    expect(offline).toMatchObject([{ reason: expect.stringContaining('makes no sense') }]);
    expect(world.connections).toHaveLength(1);
  });
});

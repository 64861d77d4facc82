/** One connection against a scripted server: login, heartbeat and every way to end. */
import { describe, expect, test } from '@jest/globals';
import {
  Connection,
  type ConnectionEnd,
} from '../../../../src/client/sdk/connection/connection.ts';
import { command } from '../../../../src/codec/commands.ts';
import type { ServerFrame } from '../../../../src/codec/sdk-frame.ts';
import {
  encodeClose,
  encodeCloseCode,
  encodeHint,
  encodeWelcome,
  pong,
} from '../../../../src/codec/server-frame.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { World } from '../support/scripted-server.ts';

async function connect(world = new World()) {
  const ends: ConnectionEnd[] = [];
  const welcomes: ServerFrame[] = [];
  const frames: ServerFrame[] = [];
  const unreadable: number[] = [];
  const waiting = { since: Infinity };
  const connection = new Connection({
    platform: world.platform,
    server: { host: '10.0.0.1', port: 9000, tls: false },
    userId: 1,
    login: {
      requestId: 1,
      reqMsg: 'bob',
      protocolVersion: 1,
      device: 'd',
      connectionNumber: 5,
      epoch: new Uint8Array(8),
    },
    onWelcome: (welcome) => welcomes.push(welcome),
    onFrame: (frame) => frames.push(frame),
    onUnreadable: (seq) => unreadable.push(seq),
    onEnd: (end) => ends.push(end),
    waitingSince: () => waiting.since,
  });
  await settle();
  return { world, connection, ends, welcomes, frames, unreadable, waiting };
}

async function ready() {
  const client = await connect();
  await client.world.welcomeNext();
  return { ...client, server: client.world.last, clock: client.world.clock };
}

describe('login', () => {
  test('is the first frame; what comes after the welcome is handed on', async () => {
    const { world, welcomes, frames } = await connect();
    await world.last.hint(1);
    const login = await world.last.welcome({ cursor: 3, head: 4, lobbyHead: 9 });
    expect(login).toMatchObject({
      requestId: 1,
      reqMsg: 'bob',
      protocolVersion: 1,
      device: 'd',
      connectionNumber: 5,
    });
    expect(welcomes).toMatchObject([{ cursor: 3, head: 4, groupHead: 9 }]);
    expect(frames).toEqual([]);
    await world.last.hint(2);
    expect(frames).toMatchObject([{ cmd: command.hint, head: 2 }]);
  });

  test('that is not answered ends after 10 s', async () => {
    const { world, ends } = await connect();
    await world.clock.advance(9_900);
    expect(ends).toEqual([]);
    await world.clock.advance(100);
    expect(ends).toEqual([
      {
        serverFailed: true,
        advice: 'come-back',
        closeCode: 0,
        reason: 'the server did not answer the login',
      },
    ]);
    expect(world.last.closedByClient).toBe(true);
  });

  test('at a server that cannot be reached', async () => {
    const world = new World();
    world.reachable = false;
    const { ends } = await connect(world);
    expect(ends).toMatchObject([
      { serverFailed: true, advice: 'come-back', reason: 'connection refused' },
    ]);
    expect(world.clock.timerCount).toBe(0);
  });
});

describe('heartbeat', () => {
  test('a ping after 10 s without a write, and again 10 s after its pong', async () => {
    const { server, clock, ends } = await ready();
    await clock.advance(9_900);
    expect(server.frames).toEqual([]);
    await clock.advance(100);
    expect(server.take('ping')).toMatchObject({ requestId: 1, reqMsg: 'ping' });
    await server.send(pong);
    await clock.advance(9_900);
    expect(server.frames).toEqual([]);
    await clock.advance(1_000);
    server.take('ping');
    await server.send(pong);
    await clock.advance(9_000);
    expect(ends).toEqual([]);
  });

  test('a ping, too, when we write and hear nothing', async () => {
    const { server, clock, connection } = await ready();
    for (let second = 0; second < 10; second++) {
      connection.write({ cmd: command.ack, after: second });
      await clock.advance(1_000);
    }
    expect(server.frames.some(({ cmd }) => cmd === command.ping)).toBe(true);
  });

  test('a ping, too, when we hear and write nothing: the server must hear us', async () => {
    const { server, clock } = await ready();
    for (let second = 0; second < 10; second++) {
      await server.hint(1);
      await clock.advance(1_000);
    }
    server.take('ping');
  });

  test('dead when nothing was heard for 15 s', async () => {
    const { server, clock, ends } = await ready();
    await clock.advance(14_900);
    expect(ends).toEqual([]);
    await clock.advance(100);
    expect(ends).toMatchObject([
      { serverFailed: true, advice: 'come-back', reason: 'the server does not answer' },
    ]);
    expect(server.closedByClient).toBe(true);
    expect(clock.timerCount).toBe(0);
  });

  test('anything heard is a sign of life', async () => {
    const { server, clock, ends } = await ready();
    await clock.advance(12_000);
    server.take('ping');
    await server.hint(1);
    await clock.advance(7_000);
    expect(ends).toEqual([]);
  });

  test('an answer that does not come for 30 s ends a connection that is alive otherwise', async () => {
    const { server, clock, ends, waiting } = await ready();
    waiting.since = clock.monotonic();
    for (let second = 0; second < 29; second++) {
      await clock.advance(1_000);
      await server.hint(1);
    }
    expect(ends).toEqual([]);
    await clock.advance(1_000);
    expect(ends).toMatchObject([{ serverFailed: false, advice: 'come-back' }]);
  });
});

describe('the end', () => {
  test.each([
    ['silent', 'come-back', false],
    ['moving', 'elsewhere', true],
    ['replaced', 'final', false],
  ] as const)('told by the server: %s means %s', async (name, advice, serverFailed) => {
    const { server, ends, clock } = await ready();
    await server.send(encodeClose(name, 'because'), encodeHint('', 1));
    await server.end();
    expect(ends).toMatchObject([{ advice, serverFailed, reason: 'because' }]);
    expect(clock.timerCount).toBe(0);
  });

  test('told instead of a welcome; what comes in the same breath is not looked at', async () => {
    const { world, ends, welcomes } = await connect();
    const places = { cursor: 0, head: 0, lobbyHead: 0, groups: [], marksVersion: 0 };
    const welcome = encodeWelcome({ device: 'd', storeId: 'one', ...places });
    await world.last.send(Buffer.concat([encodeClose('not-allowed'), welcome]));
    expect(ends).toMatchObject([{ advice: 'final', closeCode: 301 }]);
    expect(welcomes).toEqual([]);
  });

  test('with a code that this client does not know yet obeys its range', async () => {
    const { server, ends } = await ready();
    await server.send(encodeCloseCode(250, 'new'));
    expect(ends).toMatchObject([{ advice: 'elsewhere', closeCode: 250 }]);
  });

  test('without a word: come back, also to this server', async () => {
    const { server, ends } = await ready();
    await server.end('reset');
    expect(ends).toEqual([
      { serverFailed: false, advice: 'come-back', closeCode: 0, reason: 'reset' },
    ]);
  });

  test('by bytes that make no sense', async () => {
    for (const bytes of [
      [0xff, 0xff, 0xff, 0xff, 0xff],
      [2, 0x0f, 0xff],
    ]) {
      const { server, ends, frames } = await ready();
      await server.send(Uint8Array.from(bytes));
      expect(ends).toMatchObject([
        { advice: 'come-back', reason: expect.stringContaining('makes no sense') },
      ]);
      expect(frames).toEqual([]);
      expect(server.closedByClient).toBe(true);
    }
  });

  test('from this side is silent and final', async () => {
    const { server, connection, ends, clock } = await ready();
    connection.close();
    connection.close();
    connection.write({ cmd: command.ack, after: 1 });
    expect(server.closedByClient).toBe(true);
    expect(server.frames).toEqual([]);
    await clock.advance(60_000);
    expect(ends).toEqual([]);
    expect(clock.timerCount).toBe(0);
  });
});

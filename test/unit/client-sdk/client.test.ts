/**
 * The whole client against a scripted server: what an application sees, and what goes over the
 * wire.
 */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import type {
  CimClient,
  ClientEventName,
  ClientEvents,
  Message,
  SentMessage,
} from '../../../src/client/sdk/index.ts';
import { encodeClose } from '../../../src/codec/server-frame.ts';
import { settle } from '../../support/virtual-clock.ts';
import { MemoryStorage } from './support/memory-storage.ts';
import { amyEpoch, bob, type ServerConnection, World } from './support/scripted-server.ts';

function record<Name extends ClientEventName>(
  client: CimClient,
  event: Name,
): ClientEvents[Name][] {
  const events: ClientEvents[Name][] = [];
  client.on(event, (payload) => void events.push(payload));
  return events;
}

/** The outcome of a promise so far. */
function watch<T>(promise: Promise<T>): { value?: T; error?: CimError } {
  const outcome: { value?: T; error?: CimError } = {};
  promise.then(
    (value) => {
      outcome.value = value;
    },
    (error) => {
      outcome.error = error;
    },
  );
  return outcome;
}

/** A client that is logged in; its texts are recorded as they are shown. */
async function online({
  storage = undefined as MemoryStorage | undefined,
  world = new World(),
  welcome = {},
} = {}) {
  const client = world.client(storage ? { storage } : {});
  const messages: Message[] = [];
  client.on('message', (message) => void messages.push(message));
  const server = await world.ready(client, welcome);
  return {
    world,
    client,
    server,
    messages,
    clock: world.clock,
    texts: () => messages.map(({ text }) => text),
  };
}

/** Lets the first reconnect happen. */
async function reconnect(world: World, welcome = {}): Promise<ServerConnection> {
  await world.clock.advance(100);
  return world.welcomeNext(welcome);
}

describe('logging in', () => {
  test('registers, asks a route for a server, and introduces itself there', async () => {
    const world = new World();
    const client = world.client({ storage: new MemoryStorage() });
    const states = record(client, 'state');
    const readies = record(client, 'ready');
    const started = watch(client.start());
    await settle();
    expect(world.calls.map(({ path, body }) => [path, body])).toEqual([
      ['/registerAccount', { userId: 1, userName: 'bob' }],
      ['/login', { userId: 1, userName: 'bob' }],
    ]);
    expect(world.last).toMatchObject({ host: '10.0.0.1', port: 9000 });
    expect(client.state).toBe('connecting');
    expect(started).toEqual({});
    const login = await world.last.welcome();
    expect(login).toMatchObject({
      requestId: 1,
      reqMsg: 'bob',
      protocolVersion: 1,
      connectionNumber: world.clock.now(),
    });
    expect(login.ephemeral).toBe(false);
    expect(login.epoch).toHaveLength(8);
    expect('value' in started).toBe(true);
    expect(readies).toEqual([{ ...bob, device: login.device, server: '10.0.0.1:9000' }]);
    expect(states.map(({ previous, state }) => `${previous} ${state}`)).toEqual([
      'idle connecting',
      'connecting ready',
    ]);
  });

  test.each(['name-taken', 'id-taken', 'account-mismatch', 'not-allowed'] as const)(
    '%s is final',
    async (kind) => {
      const world = new World();
      world.handlers['/registerAccount'] = () => {
        throw new CimError(kind);
      };
      const client = world.client();
      const closed = record(client, 'closed');
      const started = watch(client.start());
      await settle();
      expect(started.error).toMatchObject({ kind });
      expect(closed).toMatchObject([{ code: new CimError(kind).code, error: { kind } }]);
      expect(client.state).toBe('closed');
      expect(world.clock.timerCount).toBe(0);
    },
  );

  test.each(['no-server', 'busy', 'unavailable'] as const)(
    '%s is tried again, ever more slowly',
    async (kind) => {
      const world = new World();
      world.handlers['/login'] = () => {
        throw new CimError(kind);
      };
      const client = world.client();
      const warnings = record(client, 'warning');
      await world.start(client);
      await world.clock.advance(60_000);
      // 150, 300, … 4 800, 7 500, 7 500, … ms apart
      expect(world.callsTo('/login')).toHaveLength(13);
      expect(world.callsTo('/registerAccount')).toHaveLength(1);
      expect(warnings[0]).toMatchObject({ kind: 'login-failed' });
      await client.close();
      expect(world.clock.timerCount).toBe(0);
    },
  );

  test('registers once more where its account is not known any more', async () => {
    const { world, server } = await online();
    let known = false;
    world.handlers['/registerAccount'] = ({ userId, userName }) => {
      known = true;
      return { userId, userName };
    };
    world.handlers['/login'] = () => {
      if (!known) throw new CimError('account-mismatch');
      return { ip: '10.0.0.2', cimServerPort: 9001, httpPort: 1 };
    };
    await server.end();
    await world.clock.advance(200);
    expect(world.last).toMatchObject({ host: '10.0.0.2', port: 9001 });
  });

  test('an account of another name is refused for good', async () => {
    const world = new World();
    world.handlers['/login'] = () => {
      throw new CimError('account-mismatch');
    };
    const started = watch(world.client().start());
    await settle();
    expect(started.error).toMatchObject({ kind: 'account-mismatch' });
  });

  test('start() again is the same start', async () => {
    const { client, world } = await online();
    await client.start();
    expect(world.connections).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  test('comes back at once, as the same epoch with a higher number', async () => {
    const world = new World();
    const client = world.client();
    const states = record(client, 'state');
    const offline = record(client, 'offline');
    await world.start(client);
    const first = await world.last.welcome();
    await world.clock.advance(5_000);
    await world.last.end('reset');
    expect(offline).toEqual([{ reason: 'reset' }]);
    expect(client.state).toBe('reconnecting');
    await world.clock.advance(100);
    const second = await world.last.welcome();
    expect(second.epoch).toEqual(first.epoch);
    expect(second.device).toBe(first.device);
    expect(second.connectionNumber).toBeGreaterThan(first.connectionNumber);
    expect(states.map(({ state }) => state)).toEqual([
      'connecting',
      'ready',
      'reconnecting',
      'ready',
    ]);
    expect(world.callsTo('/registerAccount')).toHaveLength(1);
  });

  test('sent elsewhere, goes there at once and avoids where it was', async () => {
    const { world, server } = await online();
    await server.send(encodeClose('full'));
    await world.clock.advance(0);
    expect(world.connections).toHaveLength(2);
    expect(world.callsTo('/login').at(-1)).toMatchObject({ avoid: ['10.0.0.1:9000'] });
    await world.last.welcome();
    await world.clock.advance(2_000);
    await world.last.end();
    await world.clock.advance(100);
    expect(world.callsTo('/login').at(-1)).not.toHaveProperty('avoid');
  });

  test('a server that cannot be reached is avoided', async () => {
    const { world, server } = await online();
    await world.clock.advance(2_000);
    world.reachable = false;
    await server.end();
    await world.clock.advance(300);
    expect(world.callsTo('/login').at(-1)).toMatchObject({ avoid: ['10.0.0.1:9000'] });
    world.reachable = true;
    await world.clock.advance(1_000);
    await world.last.welcome();
  });

  test.each([
    ['replaced', 'not-allowed'],
    ['kicked', 'not-allowed'],
    ['wrong-version', 'internal'],
  ] as const)('%s: does not come back', async (name, kind) => {
    const { world, server, client } = await online();
    const closed = record(client, 'closed');
    const offline = record(client, 'offline');
    const sending = watch(client.send({ to: 2 }, 'hi'));
    await server.send(encodeClose(name, 'because'));
    expect(closed).toEqual([
      { reason: 'because', code: name, error: expect.objectContaining({ kind }) },
    ]);
    expect(offline).toEqual([]);
    expect(sending.error).toMatchObject({ kind: 'unconfirmed' });
    await world.clock.advance(60_000);
    expect(world.connections).toHaveLength(1);
    expect(world.clock.timerCount).toBe(0);
  });

  test('a read that was under way is asked again', async () => {
    const { world, server } = await online();
    await world.clock.advance(2_000);
    await server.hint(1);
    server.take('read');
    await server.end();
    const next = await reconnect(world, { head: 1 });
    expect(next.take('read')).toMatchObject({ after: 0 });
  });

  test('a server that is dead is noticed within 15 s', async () => {
    const { client, clock } = await online();
    await clock.advance(15_000);
    expect(client.state).toBe('reconnecting');
  });
});

describe('sending', () => {
  test('resolves with identity and number when it is stored', async () => {
    const { client, server } = await online();
    const sent = watch<SentMessage>(client.send({ to: 2 }, 'hi'));
    const said = watch<SentMessage>(client.send({ group: 'lobby' }, 'hello'));
    expect(server.take('message')).toMatchObject({
      to: 2,
      group: '',
      sendSeq: 1,
      reqMsg: 'hi',
      restart: false,
    });
    expect(server.take('message')).toMatchObject({
      to: 0,
      group: 'lobby',
      sendSeq: 1,
      reqMsg: 'hello',
    });
    expect(sent).toEqual({});
    await server.ack({ sendSeq: 1, seq: 1 });
    await server.ack({ group: 'lobby', sendSeq: 1, seq: 5 });
    expect(sent.value).toEqual({ id: '1.0101010101010101.2.1', seq: 1 });
    expect(said.value).toEqual({ id: '1.0101010101010101.#lobby.1', seq: 5 });
  });

  test('an own number fills its place in the timeline; it is not a gap', async () => {
    const { client, server, texts, clock } = await online();
    void client.send({ to: 2 }, 'hi');
    server.take('message');
    await server.ack({ sendSeq: 1, seq: 1 });
    await server.push(2, { sendSeq: 1 });
    expect(texts()).toEqual(['text 1']);
    await clock.advance(100);
    expect(server.frames).toEqual([]);
  });

  test('what cannot be sent now waits for the login', async () => {
    const world = new World();
    const client = world.client();
    const sent = watch(client.send({ to: 2 }, 'early'));
    const server = await world.ready(client);
    expect(server.takeTexts()).toEqual(['early']);
    await server.ack({ sendSeq: 1, seq: 1 });
    expect(sent.value).toMatchObject({ seq: 1 });
  });

  test('after a reconnect everything unanswered goes again, in order', async () => {
    const { client, server, world } = await online();
    for (const text of ['a', 'b', 'c']) watch(client.send({ to: 2 }, text));
    await server.ack({ sendSeq: 1, seq: 1 });
    await world.clock.advance(1_000);
    await server.end();
    watch(client.send({ to: 2 }, 'd'));
    const next = await reconnect(world, { cursor: 0, head: 1 });
    next.take('read');
    expect(next.takeTexts()).toEqual(['b', 'c', 'd']);
  });

  test('busy: again in order after a while', async () => {
    const { client, server, clock } = await online();
    for (const text of ['a', 'b']) watch(client.send({ to: 2 }, text));
    server.takeTexts();
    await server.ack({ sendSeq: 1, code: 8100 });
    await server.ack({ sendSeq: 2, code: 8200, expected: 1 });
    await clock.advance(70);
    expect(server.frames).toEqual([]);
    await clock.advance(10);
    expect(server.takeTexts()).toEqual(['a', 'b']);
  });

  test('a message seen in the only timeline it belongs to confirms itself and is not shown', async () => {
    const { client, server, world, texts } = await online();
    const sent = watch(client.send({ to: 1 }, 'note'));
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { head: 2 });
    next.take('read');
    const epoch = new Uint8Array(8).fill(1);
    await next.push(1, { from: 1, epoch, to: 1, sendSeq: 1 });
    await next.push(2, { sendSeq: 1, text: 'answer' });
    await next.pageEnd({ head: 2 });
    expect(sent.value).toEqual({ id: '1.0101010101010101.1.1', seq: 1 });
    expect(texts()).toEqual(['answer']);
  });

  test('one’s own copy of a message says nothing of the receiver’s: it is sent until it is acknowledged', async () => {
    const { client, server, world, texts } = await online();
    const sent = watch(client.send({ to: 2 }, 'hi'));
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { head: 1 });
    next.take('read');
    const epoch = new Uint8Array(8).fill(1);
    await next.push(1, { from: 1, epoch, to: 2, sendSeq: 1 });
    await next.pageEnd({ head: 1 });
    expect(sent.value).toBeUndefined();
    expect(next.takeTexts()).toEqual(['hi']);
    await next.ack({ sendSeq: 1, seq: 1 });
    expect(sent.value).toEqual({ id: '1.0101010101010101.2.1', seq: 1 });
    expect(texts()).toEqual([]);
  });

  test('what another device of mine sent is shown', async () => {
    const { server, messages } = await online();
    await server.push(1, {
      from: 1,
      epoch: amyEpoch,
      to: 2,
      sendSeq: 1,
      text: 'from my other device',
    });
    expect(messages).toMatchObject([{ from: 1, to: 2, text: 'from my other device' }]);
  });

  test('is refused before it takes a number if it is too long or to nobody', async () => {
    const { client, server } = await online();
    const longest = 'x'.repeat(limits.textBytesMax);
    await expect(client.send({ to: 2 }, `${longest}x`)).rejects.toMatchObject({ kind: 'too-long' });
    await expect(
      client.send({ to: 2 }, 'é'.repeat(limits.textBytesMax / 2 + 1)),
    ).rejects.toMatchObject({ kind: 'too-long' });
    for (const to of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
      await expect(client.send({ to }, 'hi')).rejects.toMatchObject({ kind: 'invalid-argument' });
    }
    await expect(client.send({ group: '' }, 'hi')).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
    watch(client.send({ to: 2 }, longest));
    expect(server.take('message')).toMatchObject({ sendSeq: 1 });
  });

  test('half a character does not end the connection', async () => {
    const { client, server } = await online();
    watch(client.send({ to: 2 }, 'a\ud83d'));
    expect(server.take('message').reqMsg).toBe('a\ufffd');
  });

  test('a final refusal is an error of its kind', async () => {
    const { client, server } = await online();
    const sent = watch(client.send({ to: 404 }, 'hi'));
    await server.ack({ to: 404, sendSeq: 1, code: 7300 });
    expect(sent.error).toMatchObject({ kind: 'unknown-receiver' });
  });
});

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

describe('the state', () => {
  test('takes up where the last process was', async () => {
    const storage = new MemoryStorage();
    const first = await online({ storage });
    for (const seq of [1, 2]) await first.server.push(seq, { sendSeq: seq });
    await first.client.close();
    expect(storage.state.cursor).toEqual({ seq: 2, identity: '2.0202020202020202.1.2' });
    expect(storage.isOpen).toBe(false);

    const second = await online({ storage, welcome: { cursor: 1, head: 3 } });
    expect(second.server.take('read')).toMatchObject({
      after: 2,
      afterIdentity: '2.0202020202020202.1.2',
    });
    await second.server.push(3, { sendSeq: 3 });
    await second.server.pageEnd({ after: 2, head: 3 });
    expect(second.texts()).toEqual(['text 3']);
  });

  test('does not pass what the application has not taken', async () => {
    const storage = new MemoryStorage();
    const world = new World();
    const client = world.client({ storage });
    client.on('message', ({ seq }) => (seq === 2 ? new Promise<void>(() => undefined) : undefined));
    const server = await world.ready(client);
    for (const seq of [1, 2, 3]) await server.push(seq, { sendSeq: seq });
    await client.close();
    expect(storage.state.cursor).toMatchObject({ seq: 1 });
    expect(storage.state.window).toHaveLength(1);
  });

  test('does not change any more when the application finishes after the end', async () => {
    const storage = new MemoryStorage();
    const world = new World();
    const client = world.client({ storage });
    const { promise, resolve } = Promise.withResolvers<void>();
    client.on('message', () => promise);
    const server = await world.ready(client);
    await server.push(1, { sendSeq: 1 });
    await client.close();
    resolve();
    await settle();
    expect(world.clock.timerCount).toBe(0);
    expect(storage.state.cursor).toMatchObject({ seq: 0 });
  });

  test('tells what was shown before from what is new, also in the next process', async () => {
    const storage = new MemoryStorage();
    const first = await online({ storage });
    for (const seq of [1, 2]) await first.server.push(seq, { sendSeq: seq });
    await first.client.close();
    const { server, texts } = await online({ storage, welcome: { cursor: 2, head: 2 } });
    server.take('read');
    await server.pageEnd({ after: 2, head: 2, rewound: true });
    expect(server.take('read')).toMatchObject({ after: 0 });
    await server.push(1, { sendSeq: 1 });
    await server.push(2, { sendSeq: 7 });
    await server.pageEnd({ head: 2 });
    expect(texts()).toEqual(['text 7']);
  });

  test('is saved soon, not with every message', async () => {
    const storage = new MemoryStorage();
    const { server, clock } = await online({ storage });
    const saves = storage.saves;
    for (let seq = 1; seq <= 150; seq++) await server.push(seq, { sendSeq: seq });
    expect(storage.saves).toBe(saves);
    await clock.advance(200);
    expect(storage.saves).toBe(saves + 1);
    expect(storage.state.cursor).toMatchObject({ seq: 150 });
  });

  test('in use elsewhere makes this an ephemeral device, with a warning', async () => {
    const storage = new MemoryStorage();
    await online({ storage });
    const world = new World();
    const client = world.client({ storage });
    const warnings = record(client, 'warning');
    await world.start(client);
    expect(warnings).toMatchObject([{ kind: 'state-in-use' }]);
    expect(world.last.take('login')).toMatchObject({ ephemeral: true });
  });
});

describe('calls to a route', () => {
  test('who is online', async () => {
    const { world, client } = await online();
    world.handlers['/onlineUser'] = () => [bob];
    await expect(client.onlineUsers()).resolves.toEqual([bob]);
  });

  test('history', async () => {
    const { world, client } = await online();
    const messages: Message[] = [
      { id: 'i', from: 2, fromName: 'amy', to: 1, text: 'hi', seq: 3, at: 4 },
    ];
    world.handlers['/history'] = () => messages;
    await expect(client.history({ peer: 2, keyword: 'h', limit: 10 })).resolves.toEqual(messages);
    expect(world.callsTo('/history')).toEqual([{ userId: 1, peer: 2, keyword: 'h', limit: 10 }]);
  });

  test('a schedule', async () => {
    const { world, client } = await online();
    world.handlers['/delay'] = () => null;
    const { id } = await client.schedule({ group: 'lobby' }, 'later', 60);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(world.callsTo('/delay')).toEqual([
      { id, from: 1, group: 'lobby', text: 'later', delaySeconds: 60 },
    ]);
    await expect(
      client.schedule({ to: 2 }, 'x'.repeat(limits.textBytesMax + 1), 1),
    ).rejects.toMatchObject({ kind: 'too-long' });
  });
});

describe('closing', () => {
  test('waits for what is unanswered, then acknowledges, leaves and says so', async () => {
    const { client, server, clock } = await online();
    const closed = record(client, 'closed');
    const sent = watch(client.send({ to: 2 }, 'last words'));
    await server.push(1, { sendSeq: 1 });
    const closing = watch(client.close());
    await clock.advance(1_000);
    expect(server.takeTexts()).toEqual(['last words']);
    expect(server.closedByClient).toBe(false);
    await expect(client.send({ to: 2 }, 'too late')).rejects.toMatchObject({ kind: 'unavailable' });
    await server.ack({ sendSeq: 1, seq: 2 });
    expect(sent.value).toMatchObject({ seq: 2 });
    expect('value' in closing).toBe(true);
    expect(server.take('ack')).toMatchObject({ after: 1 });
    expect(server.take('ack')).toMatchObject({ after: 2 });
    expect(server.closedByClient).toBe(true);
    expect(closed).toEqual([{ reason: 'closed by the application', code: 'closed', error: null }]);
    expect(clock.timerCount).toBe(0);
  });

  test('waits no longer than its bound; what is unanswered then is unconfirmed', async () => {
    const { client, clock } = await online();
    const sent = watch(client.send({ to: 2 }, 'hi'));
    const closing = watch(client.close({ timeoutMs: 3_000 }));
    await clock.advance(2_900);
    expect(sent).toEqual({});
    await clock.advance(100);
    expect(sent.error).toMatchObject({ kind: 'unconfirmed' });
    expect('value' in closing).toBe(true);
  });

  test('waits through a reconnect', async () => {
    const { client, server, world } = await online();
    const sent = watch(client.send({ to: 2 }, 'hi'));
    await world.clock.advance(1_000);
    void client.close();
    await server.end();
    const next = await reconnect(world);
    expect(next.takeTexts()).toEqual(['hi']);
    await next.ack({ sendSeq: 1, seq: 1 });
    expect(sent.value).toMatchObject({ seq: 1 });
    expect(client.state).toBe('closed');
  });

  test('is the same close, however often; and start() after it fails', async () => {
    const { client } = await online();
    const closed = record(client, 'closed');
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(closed).toHaveLength(1);
    const fresh = new World().client();
    await fresh.close();
    await expect(fresh.start()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('before the login is done ends start()', async () => {
    const world = new World();
    const client = world.client({ storage: new MemoryStorage() });
    const started = watch(client.start());
    await settle();
    await client.close();
    expect(started.error).toMatchObject({ kind: 'unavailable' });
    expect(world.last.closedByClient).toBe(true);
    expect(world.clock.timerCount).toBe(0);
  });

  test('leaves no timer for what was still to be read', async () => {
    const { client, server, clock } = await online();
    await server.push(2, { sendSeq: 2 });
    await client.close();
    expect(clock.timerCount).toBe(0);
  });

  test('while the state is being opened asks no route', async () => {
    const world = new World();
    const storage = new MemoryStorage();
    const client = world.client({ storage });
    client.start().catch(() => undefined);
    await client.close();
    await settle();
    expect(world.calls).toEqual([]);
    expect(storage.isOpen).toBe(false);
  });

  test('while a route is being asked connects to nothing', async () => {
    const world = new World();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    world.handlers['/login'] = () => promise;
    const storage = new MemoryStorage();
    const client = world.client({ storage });
    await world.start(client);
    await client.close();
    resolve({ ip: '10.0.0.1', cimServerPort: 9000, httpPort: 1 });
    await world.clock.advance(1_000);
    expect(world.connections).toHaveLength(0);
    expect(storage.isOpen).toBe(false);
    expect(world.clock.timerCount).toBe(0);
  });
});

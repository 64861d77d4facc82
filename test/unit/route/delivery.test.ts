/**
 * The heart of a route over a real store (SQLite in memory), with servers that only note what they
 * are told.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne, immediately } from '../../../src/api/batch-call.ts';
import type { PushEntry, PushGroupEntry, ServerApi } from '../../../src/api/server-api.ts';
import { strategies } from '../../../src/balance/strategies.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { limits } from '../../../src/base/limits.ts';
import { createLogger } from '../../../src/base/log.ts';
import { encodeClientMessage } from '../../../src/codec/message-body.ts';
import { decodeText, scanMessage } from '../../../src/codec/message-scan.ts';
import { createLocalRegistry } from '../../../src/registry/open-registry.ts';
import { createRouteCore, type RouteCore } from '../../../src/route/core.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { onTeardown } from '../../support/teardown.ts';
import { waitUntil } from '../../support/wait-until.ts';

const amy = { userId: 1, name: 'amy' };
const bob = { userId: 2, name: 'bob' };
const epochHex = '01'.repeat(8);
const instance = 'server-1';
const address = '10.0.0.1:9000:8081';

let store: Store;
let core: RouteCore;
let pushes: PushEntry[];
let groupPushes: PushGroupEntry[];
/** Session ids that the server knows. */
let connected: Set<number>;

beforeEach(async () => {
  pushes = [];
  groupPushes = [];
  connected = new Set();
  const log = createLogger('test', 'silent');
  store = await openStore({
    kind: 'sqlite',
    path: ':memory:',
    retention: { messagesMax: 1_000, ageMs: 1e9 },
    log,
  });
  onTeardown(() => store.close());
  const hub = await createLocalRegistry();
  const registry = hub.join();
  await registry.announceServer({
    instance,
    ip: '10.0.0.1',
    tcpPort: 9000,
    httpPort: 8081,
    version: '1',
    connections: 0,
  });
  const server: ServerApi = {
    push: immediately((entry) => {
      pushes.push(entry);
      return { missing: entry.sessionIds.filter((sessionId) => !connected.has(sessionId)) };
    }),
    pushGroup: immediately((entry) => {
      groupPushes.push(entry);
      return { foreign: false };
    }),
    transient: immediately(() => ({ code: 0 })),
    membership: immediately(() => ({ code: 0 })),
    drain: immediately(() => ({ code: 0 })),
    end: immediately(() => ({ code: 0 })),
    wake: immediately(() => ({ code: 0 })),
    online: immediately(() => ({ userIds: [], userNames: [], next: 0 })),
  };
  core = createRouteCore({
    store,
    registry,
    servers: { at: () => server },
    strategy: strategies['round-robin'](),
    clock: systemClock,
    log,
  });
  onTeardown(() => core.stop());
  for (const account of [amy, bob]) await core.operations.register(account);
});

async function connect(
  { userId, name }: typeof amy,
  sessionId: number,
  device = `device-${sessionId}`,
) {
  connected.add(sessionId);
  return callOne(core.api.open, {
    userId,
    userName: name,
    device,
    connectionNumber: sessionId,
    ephemeral: false,
    instance,
    address,
    sessionId,
  });
}

function submission(sendSeq: number, text: string, to: number | string = bob.userId) {
  const receiver = typeof to === 'number' ? { to } : { group: to };
  const body = encodeClientMessage({ ...receiver, sendSeq, text });
  return { from: amy.userId, fromName: amy.name, epochHex, instance, sessionId: 1, body };
}

/** Results of one batch, in the order of its entries. */
function submit(...entries: ReturnType<typeof submission>[]) {
  return new Promise<{ code: number; seq: number; expected: number }[]>((resolve) => {
    const results: { code: number; seq: number; expected: number }[] = [];
    let waiting = entries.length;
    core.api.submit(entries, (index, result) => {
      results[index] = result;
      waiting -= 1;
      if (waiting === 0) resolve(results);
    });
  });
}

function textOf(body: Uint8Array): string {
  const { textStart, textEnd } = scanMessage(body);
  return decodeText(body, textStart, textEnd);
}

async function timelineOf(userId: number): Promise<string[]> {
  const { messages } = await store.timelines.read({
    timeline: `u:${userId}`,
    after: 0,
    limit: 1_000,
  });
  return messages.map(({ body }) => textOf(body));
}

describe('a private message', () => {
  test('is in both timelines when it is acknowledged, with the origin that the route gave it', async () => {
    expect(await submit(submission(1, 'hi'))).toEqual([{ code: 0, seq: 1, expected: 0 }]);
    expect(await timelineOf(bob.userId)).toEqual(['hi']);
    expect(await timelineOf(amy.userId)).toEqual(['hi']);
    const { messages } = await store.timelines.read({ timeline: 'u:2', after: 0, limit: 1 });
    expect(scanMessage(messages[0]?.body as Uint8Array)).toMatchObject({
      from: 1,
      fromName: 'amy',
      epochHex: '01'.repeat(8),
      to: 2,
    });
  });

  test('is pushed to every connection of both but the one that sent it', async () => {
    await connect(amy, 1);
    await connect(amy, 2);
    await connect(bob, 3);
    await connect(bob, 4);
    await submit(submission(1, 'hi'));
    await waitUntil('pushes', () => pushes.length === 2);
    expect(pushes.map(({ sessionIds }) => [...sessionIds].sort())).toEqual(
      expect.arrayContaining([[3, 4], [2]]),
    );
    expect(
      pushes.every(({ seq, bodies }) => seq === 1 && textOf(bodies[0] as Uint8Array) === 'hi'),
    ).toBe(true);
  });

  test('sent twice is stored once, and its receiver gets a hint', async () => {
    await connect(bob, 3);
    await submit(submission(1, 'hi'));
    expect(await submit(submission(1, 'hi'))).toEqual([{ code: 0, seq: 1, expected: 0 }]);
    expect(await timelineOf(bob.userId)).toEqual(['hi']);
    await waitUntil('a push and a hint', () => pushes.length === 2);
    expect(pushes[1]?.bodies).toEqual([]);
  });

  test('that runs ahead of its number is refused, with the number that would be taken', async () => {
    expect(await submit(submission(3, 'third'))).toEqual([{ code: 8200, seq: 0, expected: 1 }]);
    expect(await timelineOf(bob.userId)).toEqual([]);
  });

  test('runs of one conversation are taken whole, the repeated part of one too', async () => {
    await submit(submission(1, 'a'), submission(2, 'b'));
    const results = await submit(submission(2, 'b'), submission(3, 'c'), submission(4, 'd'));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(results.slice(1).map(({ seq }) => seq)).toEqual([3, 4]);
    expect(await timelineOf(bob.userId)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('to somebody without an account is refused for good, and takes its number', async () => {
    const [refused, next] = [
      await submit(submission(1, 'x', 99)),
      await submit(submission(2, 'y', 99)),
    ];
    expect([...refused, ...next].map(({ code }) => code)).toEqual([7300, 7300]);
    await core.operations.register({ userId: 99, name: 'late' });
    expect((await submit(submission(3, 'z', 99)))[0]?.code).toBe(0);
    expect(await timelineOf(99)).toEqual(['z']);
  });

  test('that is too long is refused for good, and those behind it in the batch are not', async () => {
    const long = 'x'.repeat(limits.textBytesMax + 1);
    const results = await submit(submission(1, 'a'), submission(2, long), submission(3, 'c'));
    expect(results.map(({ code }) => code)).toEqual([0, 3001, 0]);
    expect(await timelineOf(bob.userId)).toEqual(['a', 'c']);
  });

  test('to oneself is stored once and not pushed back', async () => {
    await connect(amy, 1);
    expect(await submit(submission(1, 'note', amy.userId))).toEqual([
      { code: 0, seq: 1, expected: 0 },
    ]);
    expect(await timelineOf(amy.userId)).toEqual(['note']);
    await submit(submission(1, 'to bob'));
    expect(pushes).toEqual([]);
  });
});

describe('a group message', () => {
  test('is stored once, and pushed once to each interested server', async () => {
    await callOne(core.api.interest, { group: 'lobby', instance, address, gone: false });
    expect(await submit(submission(1, 'hello', 'lobby'))).toEqual([
      { code: 0, seq: 1, expected: 0 },
    ]);
    await waitUntil('the push', () => groupPushes.length === 1);
    expect(groupPushes[0]).toMatchObject({ group: 'lobby', instance, seq: 1 });
    expect(await timelineOf(amy.userId)).toEqual([]);
  });

  test('sent twice is stored once, and its group gets a hint', async () => {
    await callOne(core.api.interest, { group: 'lobby', instance, address, gone: false });
    await submit(submission(1, 'hello', 'lobby'));
    await submit(submission(1, 'hello', 'lobby'));
    await waitUntil('a push and a hint', () => groupPushes.length === 2);
    expect(groupPushes[1]).toMatchObject({ seq: 1, bodies: [] });
  });

  test('to a group that does not exist is refused', async () => {
    expect((await submit(submission(1, 'x', 'no-such-group')))[0]?.code).toBe(7300);
  });
});

describe('a session', () => {
  test('that its server no longer knows is struck off', async () => {
    await connect(bob, 3);
    connected.delete(3);
    await submit(submission(1, 'hi'));
    await waitUntil(
      'the record is corrected',
      async () => (await store.sessions.of([bob.userId]))[0]?.length === 0,
    );
  });

  test('has a place although sessions of dead servers fill them all', async () => {
    for (let sessionId = 1; sessionId <= limits.devicesPerUserMax; sessionId++) {
      const entry = {
        userId: bob.userId,
        userName: bob.name,
        device: `old-${sessionId}`,
        connectionNumber: 1,
        ephemeral: false,
      };
      const dead = { instance: 'crashed', address: '10.0.0.9:9000:8081', sessionId };
      expect((await callOne(core.api.open, { ...entry, ...dead })).code).toBe(0);
    }
    expect((await connect(bob, 40, 'new')).code).toBe(0);
  });

  test('under a wrong name, or for nobody, is not opened', async () => {
    expect((await connect({ userId: 1, name: 'bob' }, 5)).code).toBe(301);
    expect((await connect({ userId: 77, name: 'nobody' }, 6)).code).toBe(301);
  });

  test('opened again through another route because the answer was lost is the same session', async () => {
    const first = await connect(bob, 3);
    expect(await connect(bob, 3)).toEqual(first);
  });
});

describe('history', () => {
  test('finds what one wrote and got, and the lobby, ignoring case, oldest first', async () => {
    await submit(
      submission(1, 'Lunch?'),
      submission(1, 'lunch, everybody', 'lobby'),
      submission(2, 'no'),
    );
    const found = await core.operations.history({
      userId: amy.userId,
      keyword: 'lunch',
      limit: 10,
    });
    expect(found.map(({ text }) => text)).toEqual(['Lunch?', 'lunch, everybody']);
    expect(found[0]).toMatchObject({
      from: 1,
      fromName: 'amy',
      to: 2,
      seq: 1,
      id: `1.${'01'.repeat(8)}.2.1`,
    });
    const withBob = await core.operations.history({
      userId: amy.userId,
      peer: bob.userId,
      limit: 1,
    });
    expect(withBob.map(({ text }) => text)).toEqual(['no']);
  });
});

describe('a scheduled message', () => {
  test('is sent once when it is due, however often it is created', async () => {
    const message = {
      id: 'reminder-1',
      from: amy.userId,
      to: bob.userId,
      text: 'tea',
      delaySeconds: 0,
    };
    await core.operations.schedule(message);
    await core.operations.schedule(message);
    await waitUntil('it is sent', async () => (await timelineOf(bob.userId)).length === 1);
    await core.operations.schedule(message);
    await submit(submission(1, 'after'));
    expect(await timelineOf(bob.userId)).toEqual(['tea', 'after']);
  });
});

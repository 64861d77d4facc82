/**
 * What callers of a route are held to over HTTP: how often an address logs in and registers, how
 * often a secret is guessed, how much a user sends. Through proxies that are trusted, and others.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import { type CallerLimitSettings, CallerLimits } from '../../../src/limits/caller-limits.ts';
import { PortLimits } from '../../../src/limits/port-limits.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { routeFiguresOf } from '../../support/figures.ts';
import { onTeardown } from '../../support/teardown.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { recordingLog } from '../http/recording-log.ts';
import { FakeOperations } from './fake-operations.ts';
import { cim, operator } from './route-caller.ts';

const generous: CallerLimitSettings = {
  trustProxy: ['10.0.0.0/8'],
  limitLoopback: false,
  loginRate: 1_000,
  loginFailureRate: 1_000,
  registrationRate: 1_000,
  sendRate: 1_000,
  sendBytesRate: 1024 * 1024,
  readBytesRate: 4 * 1024 * 1024,
};
const amy = '192.0.2.1';
const bob = '192.0.2.2';
const proxy = '10.0.0.1';
const login = { userId: 1547028929407, userName: 'zhangsan' };
const message = { userId: 1, receiveUserId: 2, msg: 'hi' };

class LimitedRoute {
  readonly operations = new FakeOperations();
  readonly counters = new Counters();
  readonly #app;

  constructor(settings: Partial<CallerLimitSettings>) {
    const all = { ...generous, ...settings, connectionsPerIp: 1_000 };
    this.#app = buildRouteApp(this.operations, {
      mode: 'open',
      proofs: { clusterKeys: clusterKeysOf('cluster') },
      warnings: [],
      ...routeFiguresOf(this.counters),
      portLimits: new PortLimits(all, 1_000, this.counters),
      callerLimits: new CallerLimits(all, this.counters, () => 0),
      log: recordingLog().log,
      version: '9.9.9',
    });
    onTeardown(() => this.#app.close());
  }

  async post(path: string, body: object, from: string, headers: Record<string, string> = {}) {
    const {
      statusCode,
      headers: answered,
      body: text,
    } = await this.#app.inject({
      method: 'POST',
      url: path,
      remoteAddress: from,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return {
      status: statusCode,
      code: JSON.parse(text).code as string,
      retryAfter: answered['retry-after'],
    };
  }

  /** Statuses of the same request, so many times. */
  async statuses(times: number, ...request: Parameters<LimitedRoute['post']>): Promise<number[]> {
    const statuses = [];
    for (let time = 0; time < times; time++) statuses.push((await this.post(...request)).status);
    return statuses;
  }

  refused(name: string): number | undefined {
    return this.counters.list().find((counter) => counter.name === `http.refused.${name}`)?.value;
  }
}

test('an address logs in so often, and is told when to come again; others go on', async () => {
  const route = new LimitedRoute({ loginRate: 2 });
  expect(await route.statuses(3, '/login', login, amy, cim)).toEqual([200, 200, 429]);
  const refused = await route.post('/login', login, amy, cim);
  expect(refused).toEqual({ status: 429, code: '8101', retryAfter: expect.anything() });
  expect(Number(refused.retryAfter)).toBeGreaterThan(50);
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(60);
  expect((await route.post('/login', login, bob, cim)).status).toBe(200);
  expect((await route.post('/registerAccount', { userName: 'amy' }, amy)).status).toBe(200);
  expect(route.refused('login')).toBe(2);
});

test('an address registers so often', async () => {
  const route = new LimitedRoute({ registrationRate: 1 });
  const account = { userName: 'amy' };
  expect(await route.statuses(2, '/registerAccount', account, amy)).toEqual([200, 429]);
  expect(await route.statuses(1, '/login', login, amy, cim)).toEqual([200]);
  expect(route.refused('registration')).toBe(1);
});

test('a user sends so much, each of a batch counted; operators as much as they like', async () => {
  const route = new LimitedRoute({ sendRate: 1 });
  const burst = limits.sendBurstSeconds;
  const batch = { ...message, batchMsg: Array.from({ length: burst - 1 }, () => 'hi') };
  expect((await route.post('/p2pRoute', batch, amy)).status).toBe(200);
  expect(await route.statuses(2, '/p2pRoute', message, amy)).toEqual([200, 429]);
  const more = await route.post('/groupRoute', { userId: 1, msg: 'hi' }, amy);
  expect(more).toEqual({ status: 429, code: '8101', retryAfter: '1' });
  const later = { from: 1, to: 2, text: 'hi', delaySeconds: 1, id: 'x' };
  expect((await route.post('/delay', later, amy)).status).toBe(429);
  expect(await route.statuses(2, '/p2pRoute', message, amy, operator)).toEqual([200, 200]);
  expect((await route.post('/p2pRoute', { ...message, userId: 3 }, amy)).status).toBe(200);
  expect(route.refused('send')).toBe(3);
});

test('a user sends so many bytes, however few texts they are in', async () => {
  const route = new LimitedRoute({ sendBytesRate: 100_000 });
  const text = 'x'.repeat(60_000);
  const burst = Math.floor(limits.frameBytesMax / 60_000);
  const batch = { ...message, batchMsg: Array.from({ length: burst - 1 }, () => text) };
  expect(await route.statuses(1, '/p2pRoute', batch, amy)).toEqual([200]);
  expect(await route.statuses(2, '/p2pRoute', { ...message, msg: text }, amy)).toEqual([200, 429]);
  expect((await route.post('/groupRoute', { userId: 1, msg: text }, amy)).status).toBe(429);
  const later = { from: 1, to: 2, sealed: 'x'.repeat(60_000), delaySeconds: 1, id: 'x' };
  expect((await route.post('/delay', later, amy)).status).toBe(429);
  // Small ones fit in what is left.
  expect((await route.post('/p2pRoute', message, amy)).status).toBe(200);
});

test('a user reads so much, and is told when to come again; operators as much as they like', async () => {
  const route = new LimitedRoute({ readBytesRate: 16 * 1024 });
  const burst = 16 * 1024 * limits.readBurstSeconds;
  const history = { userId: 1 };
  // What was looked through counts beside what is answered.
  route.operations.scannedBytes = burst / 2;
  expect(await route.statuses(3, '/history', history, amy)).toEqual([200, 200, 429]);
  const refused = await route.post('/groups', history, amy);
  expect(refused).toEqual({ status: 429, code: '8101', retryAfter: expect.anything() });
  expect(Number(refused.retryAfter)).toBeGreaterThanOrEqual(1);
  expect(Number(refused.retryAfter)).toBeLessThanOrEqual(limits.readBurstSeconds);
  expect(await route.statuses(2, '/history', history, amy, operator)).toEqual([200, 200]);
  expect((await route.post('/history', { userId: 2 }, amy)).status).toBe(200);
  expect(route.refused('read')).toBe(2);
});

test('a list of conversations counts by all that it was made from', async () => {
  const route = new LimitedRoute({ readBytesRate: 16 * 1024 });
  route.operations.scannedBytes = 8 * 1024 * limits.readBurstSeconds;
  expect(await route.statuses(3, '/conversations', { userId: 1 }, amy)).toEqual([200, 200, 429]);
});

test('many reads of a user at the same moment are no way around it: those that wait are refused', async () => {
  const route = new LimitedRoute({ readBytesRate: 16 * 1024 });
  route.operations.scannedBytes = 16 * 1024 * limits.readBurstSeconds;
  const { operations } = route;
  const history = operations.history.bind(operations);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let underWay = 0;
  operations.history = async (query) => {
    underWay += 1;
    await released;
    return history(query);
  };
  const asked = Array.from({ length: 50 }, () => route.post('/history', { userId: 1 }, amy));
  await waitUntil('some are read', () => underWay === limits.httpReadsUnderWayMax);
  // The others have come by then, and wait.
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  release();
  const all = await Promise.all(asked);
  const answered = all.filter(({ status }) => status === 200).length;
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThanOrEqual(limits.httpReadsUnderWayMax);
  expect(all.filter(({ status }) => status === 429)).toHaveLength(all.length - answered);
});

test('the bytes of answers count, and small ones too', async () => {
  const route = new LimitedRoute({ readBytesRate: 16 * 1024 });
  route.operations.scannedBytes = 0;
  const reads = (16 * 1024 * limits.readBurstSeconds) / limits.readBytesMin;
  // Each counts once for what was looked through and once for what was answered.
  const statuses = await route.statuses(reads, '/history', { userId: 1 }, amy);
  const answered = statuses.filter((status) => status === 200).length;
  expect(answered).toBeLessThanOrEqual(reads / 2 + 1);
  expect(answered).toBeGreaterThan(reads / 4);
  expect(statuses.lastIndexOf(200)).toBe(answered - 1);
});

test('a batch larger than a burst is one', async () => {
  const route = new LimitedRoute({ sendRate: 1 });
  const batch = { ...message, batchMsg: Array.from({ length: limits.batchTextsMax }, () => 'hi') };
  expect(await route.statuses(2, '/p2pRoute', batch, amy)).toEqual([200, 429]);
});

test('through a trusted proxy the address is the one that it adds, whatever the caller says', async () => {
  const route = new LimitedRoute({ loginRate: 1 });
  const from = (forwarded: string) => ({ ...cim, 'x-forwarded-for': forwarded });
  expect((await route.post('/login', login, proxy, from(amy))).status).toBe(200);
  expect((await route.post('/login', login, proxy, from(bob))).status).toBe(200);
  expect((await route.post('/login', login, proxy, from(`198.51.100.9, ${amy}`))).status).toBe(429);
  // A proxy may pass on anything; all of that is one address.
  expect((await route.post('/login', login, proxy, from('anything'))).status).toBe(200);
  expect((await route.post('/login', login, proxy, from('x'.repeat(5_000)))).status).toBe(429);
});

test('the word of others on their address is not taken', async () => {
  const route = new LimitedRoute({ loginRate: 1 });
  for (const [forwarded, status] of [
    ['198.51.100.1', 200],
    ['198.51.100.2', 429],
    ['127.0.0.1', 429],
  ] as const) {
    const headers = { ...cim, 'x-forwarded-for': forwarded };
    expect((await route.post('/login', login, amy, headers)).status).toBe(status);
  }
});

test('this machine is held to nothing, unless it is to be', async () => {
  const settings = { loginRate: 1, loginFailureRate: 1, registrationRate: 1, sendRate: 1 };
  const open = new LimitedRoute(settings);
  expect(await open.statuses(3, '/login', login, '127.0.0.1', cim)).toEqual([200, 200, 200]);
  expect(new Set(await open.statuses(20, '/p2pRoute', message, '::1'))).toEqual(new Set([200]));
  const closed = new LimitedRoute({ ...settings, limitLoopback: true });
  expect(await closed.statuses(2, '/login', login, '127.0.0.1', cim)).toEqual([200, 429]);
});

describe('what stays in the store for days', () => {
  const group = { userId: 1, group: 'cooks' };
  const drawn = { ...group, epoch: 1, draw: 'd'.repeat(43), slots: [], commit: false };
  const given = { ...group, slots: [] };
  const later = { from: 1, to: 2, text: 'hi', delaySeconds: 1, id: 'x' };

  test.each([
    ['groups made', '/createGroup', group, { ...group, userId: 2 }, limits.groupChangesPerHourMax],
    ['groups left', '/leaveGroup', group, { ...group, userId: 2 }, limits.groupChangesPerHourMax],
    ['schedules', '/delay', later, { ...later, from: 2 }, limits.schedulesPerHourMax],
    [
      'draws of keys',
      '/drawGroupKey',
      drawn,
      { ...drawn, userId: 2 },
      limits.groupKeyCallsPerHourMax,
    ],
    ['keys given', '/giveGroupKey', given, { ...given, userId: 2 }, limits.groupKeyCallsPerHourMax],
  ] as const)('%s: so many of one user in an hour', async (_, path, body, ofAnother, most) => {
    const route = new LimitedRoute({ sendRate: 1_000 });
    const statuses = await route.statuses(most + 2, path, body, amy);
    expect(statuses.filter((status) => status === 200)).toHaveLength(most);
    expect(statuses.slice(-2)).toEqual([429, 429]);
    // From another address it is the same user; another user has a rate of their own.
    expect((await route.post(path, body, bob)).status).toBe(429);
    expect((await route.post(path, ofAnother, amy)).status).toBe(200);
    expect((await route.post(path, body, amy, operator)).status).toBe(200);
    expect(route.refused('kept')).toBe(3);
  });

  test('keys of requests: so many; without one it goes on', async () => {
    const route = new LimitedRoute({ sendRate: 1_000 });
    const most = limits.idempotencyKeysPerHourMax;
    const statuses = await route.statuses(most + 1, '/p2pRoute', message, amy, {
      'idempotency-key': 'a',
    });
    expect(statuses.at(-2)).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    expect((await route.post('/p2pRoute', message, amy)).status).toBe(200);
  });
});

test('the cluster secret is guessed so often; whoever was right from there before is let in', async () => {
  const route = new LimitedRoute({});
  const ask = (from: string, secret: string) =>
    route.post('/kick', { userId: 1 }, from, { ...cim, authorization: `Bearer ${secret}` });
  const max = limits.clusterGuessesPerMinuteMax;
  const statuses = [];
  for (let time = 0; time < max + 2; time++) statuses.push((await ask(bob, 'a guess')).status);
  expect(statuses).toEqual([...Array.from({ length: max }, () => 401), 429, 429]);
  // Not even the right one is compared: it would be a guess as well.
  expect((await ask(bob, 'cluster')).status).toBe(429);
  expect((await ask(amy, 'cluster')).status).toBe(200);
  for (let index = 3; index < 40; index++)
    for (let time = 0; time < max; time++) await ask(`192.0.2.${index}`, 'a guess');
  expect((await ask('192.0.2.200', 'cluster')).status).toBe(429);
  expect((await ask(amy, 'cluster')).status).toBe(200);
  expect(route.refused('cluster-secret')).toBeGreaterThan(2);
});

test('a token or a key that is not good any more is no guess at the cluster secret', async () => {
  const route = new LimitedRoute({});
  for (let time = 0; time < 2 * limits.clusterGuessesPerMinuteMax; time++)
    for (const bearer of ['a.b.c', `cimk_${'0'.repeat(16)}_${'A'.repeat(43)}`]) {
      const headers = { ...cim, authorization: `Bearer ${bearer}` };
      expect((await route.post('/kick', { userId: 1 }, amy, headers)).status).toBe(401);
    }
  expect((await route.post('/kick', { userId: 1 }, amy, operator)).status).toBe(200);
});

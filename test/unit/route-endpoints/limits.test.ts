/**
 * What callers of a route are held to over HTTP: how often an address logs in and registers, how
 * often a secret is guessed, how much a user sends. Through proxies that are trusted, and others.
 */
import { expect, test } from '@jest/globals';
import { Counters } from '../../../src/base/counters.ts';
import { CimError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { type CallerLimitSettings, CallerLimits } from '../../../src/limits/caller-limits.ts';
import { PortLimits } from '../../../src/limits/port-limits.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import { onTeardown } from '../../support/teardown.ts';
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
      proofs: { clusterSecrets: () => ['cluster'] },
      warnings: [],
      counters: this.counters,
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

test('a secret is guessed so often, also at once; whoever knows it is not held up', async () => {
  const route = new LimitedRoute({ loginFailureRate: 3 });
  for (let time = 0; time < 10; time++)
    expect((await route.post('/login', login, bob, cim)).status).toBe(200);
  route.operations.failure = new CimError('account-mismatch');
  const guesses = await Promise.all(
    Array.from({ length: 8 }, () => route.post('/login', login, amy, cim)),
  );
  expect(guesses.filter(({ code }) => code === '9100')).toHaveLength(3);
  expect(guesses.filter(({ status }) => status === 429)).toHaveLength(5);
  expect(route.refused('guess')).toBe(5);
  expect((await route.post('/login', { ...login, userId: 2 }, amy, cim)).code).toBe('9100');
  expect((await route.post('/login', login, bob, cim)).code).toBe('9100');
});

test('a secret is guessed no more often under other ways to write the name', async () => {
  const route = new LimitedRoute({ loginFailureRate: 2 });
  route.operations.failure = new CimError('account-mismatch');
  const statuses = [];
  for (const userName of ['amy', 'Amy', 'AMY', 'ａｍｙ'])
    statuses.push((await route.post('/registerAccount', { userName }, amy)).status);
  expect(statuses.slice(2)).toEqual([429, 429]);
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

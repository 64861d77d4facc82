/** Calls to routes: which one is asked, and what becomes of its answer. */
import { describe, expect, test } from '@jest/globals';
import { CimError, type ErrorName } from '../../../src/base/errors.ts';
import type { HttpRequest, Platform } from '../../../src/client/sdk/platform.ts';
import { Routes } from '../../../src/client/sdk/routes.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function refuse(kind: ErrorName): never {
  throw new CimError(kind);
}

/** Each route by its host: what it answers; one that is not there does not answer. */
function network(answers: Record<string, () => unknown>, fraction = 0) {
  const requests: (HttpRequest & { url: string })[] = [];
  const clock = new VirtualClock();
  const platform: Pick<Platform, 'http' | 'random' | 'clock'> = {
    clock,
    random: { bytes: (count) => new Uint8Array(count), fraction: () => fraction },
    http: {
      request: async (url, request) => {
        requests.push({ url, ...request });
        const answer = answers[new URL(url).hostname];
        if (!answer) throw new CimError('unavailable', 'refused');
        return answer();
      },
    },
  };
  const asked = () => requests.splice(0).map(({ url }) => new URL(url).hostname);
  return { platform, requests, clock, asked };
}

describe('which route', () => {
  test('any to begin with, then the one that answered', async () => {
    const { platform, asked } = network({ a: () => null, b: () => null, c: () => null }, 0.4);
    const routes = new Routes({ routes: ['http://a', 'http://b', 'http://c'], platform });
    await routes.onlineUsers();
    await routes.onlineUsers();
    expect(asked()).toEqual(['b', 'b']);
  });

  test('the next one when it does not answer, in turn', async () => {
    const answers: Record<string, () => unknown> = { c: () => null };
    const { platform, asked } = network(answers, 0.4);
    const routes = new Routes({ routes: ['http://a', 'http://b', 'http://c'], platform });
    await routes.onlineUsers();
    expect(asked()).toEqual(['b', 'c']);
    delete answers['c'];
    answers['a'] = () => null;
    await routes.onlineUsers();
    await routes.onlineUsers();
    expect(asked()).toEqual(['c', 'a', 'a']);
  });

  test('none: unavailable; the next call looks for routes anew', async () => {
    const { platform } = network({ late: () => null });
    const found = [['http://gone'], ['http://late']];
    const routes = new Routes({ routes: async () => found.shift() ?? [], platform });
    await expect(routes.onlineUsers()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(routes.onlineUsers()).resolves.toEqual([]);
    expect(found).toEqual([]);
  });

  test('that refuses is kept: its answer is an answer', async () => {
    const { platform, asked } = network({
      a: () => refuse('account-mismatch'),
    });
    const routes = new Routes({ routes: ['http://a', 'http://b'], platform });
    const login = routes.login(1, 'bob', []);
    await expect(login).rejects.toMatchObject({ kind: 'account-mismatch' });
    expect(asked()).toEqual(['a']);
  });
});

describe('what is asked', () => {
  test('bodies, headers and paths', async () => {
    const { platform, requests } = network({ a: () => ({ userId: 1, userName: 'bob' }) });
    const routes = new Routes({ routes: ['http://a/'], platform });
    await routes.register(1, 'bob');
    await routes.login(1, 'bob', []);
    await routes.login(1, 'bob', ['10.0.0.1:9000']);
    expect(requests.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', 'http://a/registerAccount', { userName: 'bob', userId: 1 }],
      ['POST', 'http://a/login', { userId: 1, userName: 'bob' }],
      ['POST', 'http://a/login', { userId: 1, userName: 'bob', avoid: ['10.0.0.1:9000'] }],
    ]);
    expect(requests[0]?.headers).toEqual({ 'x-cim-version': '1' });
  });

  test('nobody online is an empty list', async () => {
    const { platform } = network({ a: () => null });
    await expect(new Routes({ routes: ['http://a'], platform }).onlineUsers()).resolves.toEqual([]);
  });
});

describe('a schedule', () => {
  const schedule = { id: 'f00', from: 1, to: 2, text: 'later', delaySeconds: 60 };

  test('is created again with the same id when the answer does not come', async () => {
    let attempts = 0;
    const { platform, requests, clock } = network({
      a: () => {
        attempts += 1;
        if (attempts < 3) throw new CimError('unavailable');
        return null;
      },
    });
    const created = new Routes({ routes: ['http://a'], platform }).schedule(schedule);
    await clock.advance(2_000);
    await created;
    expect(requests.map(({ body }) => body)).toEqual([schedule, schedule, schedule]);
  });

  test('is unconfirmed when no answer ever comes', async () => {
    const { platform, requests, clock } = network({});
    const created = new Routes({ routes: ['http://a'], platform }).schedule(schedule);
    const outcome = expect(created).rejects.toMatchObject({ kind: 'unconfirmed' });
    await clock.advance(10_000);
    await outcome;
    expect(requests).toHaveLength(5);
    expect(clock.timerCount).toBe(0);
  });

  test('that is refused is not tried again', async () => {
    const { platform, requests } = network({
      a: () => refuse('unknown-receiver'),
    });
    const created = new Routes({ routes: ['http://a'], platform }).schedule(schedule);
    await expect(created).rejects.toMatchObject({ kind: 'unknown-receiver' });
    expect(requests).toHaveLength(1);
  });
});

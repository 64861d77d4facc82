/** Calls to routes: which one is asked, as whom, and what becomes of its answer. */
import { describe, expect, test } from '@jest/globals';
import { CimError, type ErrorName } from '../../../../src/base/errors.ts';
import type { HttpRequest, Platform } from '../../../../src/client/sdk/platform.ts';
import { RouteCaller } from '../../../../src/client/sdk/routes/route-caller.ts';
import { Routes, type TokenSource } from '../../../../src/client/sdk/routes/routes.ts';
import { protocolVersion } from '../../../../src/codec/commands.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

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
  const open = (
    routes: readonly string[] | (() => Promise<readonly string[]>),
    tokens: TokenSource = noTokens,
  ) => new Routes({ caller: new RouteCaller({ routes, platform }), tokens, platform });
  return { open, requests, clock, asked };
}

const noTokens: TokenSource = { token: async () => undefined, refused() {} };

describe('which route', () => {
  test('none that has no such path: that is told, and another one is asked', async () => {
    const answers = { a: () => refuse('not-found'), b: () => [] };
    const { open, asked } = network(answers);
    await expect(open(['http://a:8081']).onlineUsers({})).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('http://a:8081 is no route, as it has no /onlineUsers'),
    });
    expect(await open(['http://a:8081', 'http://b']).onlineUsers({})).toEqual([]);
    expect(asked()).toEqual(['a', 'a', 'b']);
  });

  test('any to begin with, then the one that answered', async () => {
    const { open, asked } = network({ a: () => null, b: () => null, c: () => null }, 0.4);
    const routes = open(['http://a', 'http://b', 'http://c']);
    await routes.onlineUsers({});
    await routes.onlineUsers({});
    expect(asked()).toEqual(['b', 'b']);
  });

  test('the next one when it does not answer, in turn', async () => {
    const answers: Record<string, () => unknown> = { c: () => null };
    const { open, asked } = network(answers, 0.4);
    const routes = open(['http://a', 'http://b', 'http://c']);
    await routes.onlineUsers({});
    expect(asked()).toEqual(['b', 'c']);
    delete answers['c'];
    answers['a'] = () => null;
    await routes.onlineUsers({});
    await routes.onlineUsers({});
    expect(asked()).toEqual(['c', 'a', 'a']);
  });

  test('none: unavailable; the next call looks for routes anew', async () => {
    const { open } = network({ late: () => null });
    const found = [['http://gone'], ['http://late']];
    const routes = open(async () => found.shift() ?? []);
    await expect(routes.onlineUsers({})).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(routes.onlineUsers({})).resolves.toBeNull();
    expect(found).toEqual([]);
  });

  test('that refuses is kept: its answer is an answer', async () => {
    const { open, asked } = network({
      a: () => refuse('account-mismatch'),
    });
    const routes = open(['http://a', 'http://b']);
    await expect(routes.groups(1)).rejects.toMatchObject({ kind: 'account-mismatch' });
    expect(asked()).toEqual(['a']);
  });
});

describe('what is asked', () => {
  test('bodies, headers and paths', async () => {
    const { open, requests } = network({ a: () => null });
    const routes = open(['http://a/']);
    await routes.onlineUsers({});
    await routes.joinGroup(1, 'cooks', false);
    await routes.joinGroup(1, 'cooks', true);
    expect(requests.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', 'http://a/onlineUsers', {}],
      ['POST', 'http://a/joinGroup', { userId: 1, group: 'cooks' }],
      ['POST', 'http://a/joinGroup', { userId: 1, group: 'cooks', e2ee: true }],
    ]);
    expect(requests[0]?.headers).toEqual({ 'x-cim-version': String(protocolVersion) });
  });
});

describe('as whom', () => {
  /** Gives one token after the other, each until it is refused. */
  function tokensOf(...tokens: string[]): TokenSource {
    return {
      token: async () => tokens[0],
      refused: (token) => {
        if (tokens[0] === token) tokens.shift();
      },
    };
  }

  /** A route that takes one token only. */
  function taking(token: string) {
    const shown: (string | undefined)[] = [];
    const { open, requests } = network({
      a: () => {
        const { authorization } = requests.at(-1)?.headers ?? {};
        shown.push(authorization);
        return authorization === `Bearer ${token}` ? null : refuse('unauthenticated');
      },
    });
    return { open: (tokens: TokenSource) => open(['http://a'], tokens), shown };
  }

  test('with the token', async () => {
    const { open, shown } = taking('good');
    await open(tokensOf('good')).leaveGroup(1, 'cooks');
    expect(shown).toEqual(['Bearer good']);
  });

  test('with another one when it is refused', async () => {
    const { open, shown } = taking('good');
    await open(tokensOf('void', 'good')).leaveGroup(1, 'cooks');
    expect(shown).toEqual(['Bearer void', 'Bearer good']);
  });

  test('once: what is refused again is refused', async () => {
    const { open, shown } = taking('good');
    const left = open(tokensOf('void', 'void too', 'good')).leaveGroup(1, 'cooks');
    await expect(left).rejects.toMatchObject({ kind: 'unauthenticated' });
    expect(shown).toEqual(['Bearer void', 'Bearer void too']);
  });

  test('where there are no tokens, a refusal is the answer', async () => {
    const { open, shown } = taking('good');
    await expect(open(noTokens).leaveGroup(1, 'cooks')).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
    expect(shown).toEqual([undefined]);
  });
});

describe('a schedule', () => {
  const schedule = { id: 'f00', from: 1, to: 2, text: 'later', delaySeconds: 60 };

  test('is created again with the same id when the answer does not come', async () => {
    let attempts = 0;
    const { open, requests, clock } = network({
      a: () => {
        attempts += 1;
        if (attempts < 3) throw new CimError('unavailable');
        return null;
      },
    });
    const created = open(['http://a']).schedule(schedule);
    await clock.advance(2_000);
    await created;
    expect(requests.map(({ body }) => body)).toEqual([schedule, schedule, schedule]);
  });

  test('is unconfirmed when no answer ever comes', async () => {
    const { open, requests, clock } = network({});
    const created = open(['http://a']).schedule(schedule);
    const outcome = expect(created).rejects.toMatchObject({ kind: 'unconfirmed' });
    await clock.advance(10_000);
    await outcome;
    expect(requests).toHaveLength(5);
    expect(clock.timerCount).toBe(0);
  });

  test('that is refused is not tried again', async () => {
    const { open, requests } = network({
      a: () => refuse('unknown-receiver'),
    });
    const created = open(['http://a']).schedule(schedule);
    await expect(created).rejects.toMatchObject({ kind: 'unknown-receiver' });
    expect(requests).toHaveLength(1);
  });
});

import { describe, expect, test } from '@jest/globals';
import { ReconnectPolicy } from '../../../../src/client/sdk/connection/reconnect-policy.ts';

const lost = { advice: 'come-back', serverFailed: false } as const;
const failed = { advice: 'come-back', serverFailed: true } as const;
const moved = { advice: 'elsewhere', serverFailed: true } as const;

describe('how long to wait', () => {
  test('not long after a good connection', () => {
    const policy = new ReconnectPolicy(() => 0.5);
    policy.loginFailed();
    expect(policy.connectionEnded('a:1', lost, 60_000)).toBe(500);
    expect(policy.connectionEnded('a:1', lost, 0)).toBe(150);
  });

  test('a crowd that lost its server comes back over a whole second', () => {
    const waits = Array.from({ length: 100 }, (_, each) =>
      new ReconnectPolicy(() => each / 100).connectionEnded('a:1', failed, 60_000),
    );
    for (let tenth = 0; tenth < 10; tenth++)
      expect(waits.filter((ms) => Math.floor(ms / 100) === tenth)).toHaveLength(10);
  });

  test('longer each time, from 200 ms to 10 s, when it does not work', () => {
    const policy = new ReconnectPolicy(() => 1);
    const waits = Array.from({ length: 8 }, () => policy.loginFailed());
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  test.each([
    [20, [200, 400, 800, 1_600]],
    // What ends it every other second is no accident.
    [1_500, [1_000, 1_000, 1_000, 200, 400, 800]],
    [9_999, [1_000, 1_000, 1_000, 200, 400, 800]],
  ])('longer, too, when each connection is lost %i ms after its login', (readyMs, waits) => {
    const policy = new ReconnectPolicy(() => 1);
    const ended = (ms: number) => policy.connectionEnded('a:1', lost, ms);
    expect(waits.map(() => ended(readyMs))).toEqual(waits);
    expect(ended(10_000)).toBe(1_000);
    expect(ended(readyMs)).toBe(waits[0]);
  });

  test('longer, too, when every server sends elsewhere right after the login', () => {
    const policy = new ReconnectPolicy(() => 1);
    const waits = ['a:1', 'b:1', 'c:1', 'a:1', 'b:1', 'c:1'].map((server) => {
      policy.ready();
      return policy.connectionEnded(server, moved, 50);
    });
    expect(waits).toEqual([0, 0, 0, 200, 400, 800]);
  });

  test('not at all when sent elsewhere, unless by a server that we had been sent away from', () => {
    const policy = new ReconnectPolicy(() => 1);
    expect(policy.connectionEnded('a:1', moved, 0)).toBe(0);
    expect(policy.connectionEnded('b:1', moved, 0)).toBe(0);
    expect(policy.connectionEnded('a:1', moved, 0)).toBe(200);
  });
});

describe('servers to avoid', () => {
  test('are those that failed or sent us away, until a login works', () => {
    const policy = new ReconnectPolicy(() => 1);
    policy.connectionEnded('a:1', failed, 0);
    policy.connectionEnded('b:1', moved, 500);
    policy.connectionEnded('c:1', lost, 500);
    expect(policy.avoid).toEqual(['a:1', 'b:1']);
    policy.ready();
    expect(policy.avoid).toEqual([]);
  });

  test('are bounded, the last ones count', () => {
    const policy = new ReconnectPolicy(() => 1);
    for (let port = 1; port <= 20; port++) policy.connectionEnded(`a:${port}`, failed, 0);
    expect(policy.avoid).toHaveLength(16);
    expect(policy.avoid.at(0)).toBe('a:5');
    policy.connectionEnded('a:5', failed, 0);
    policy.connectionEnded('a:21', failed, 0);
    expect(policy.avoid.at(0)).toBe('a:7');
    expect(policy.avoid).toContain('a:5');
  });
});

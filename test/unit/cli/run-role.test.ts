// Goal: a role's life as an operator sees it: one ready line, an orderly end, an end at any price.
// Method: roles that do nothing, and a clock that stands still until told.
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../src/base/errors.ts';
import type { HostPort } from '../../../src/base/network/host-port.ts';
import { runRole } from '../../../src/cli/run-role.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeHost } from './fake-host.ts';

interface Running {
  readonly http: HostPort;
  stop(): Promise<void>;
  reload?(): Promise<void>;
}

function run(start: () => Promise<Running>) {
  const fake = new FakeHost();
  const clock = new VirtualClock();
  const code = runRole({
    role: 'route',
    settings: { logLevel: 'silent' },
    host: fake.host,
    start,
    addresses: ({ http }) => ({ http }),
    clock,
  });
  return { fake, clock, code };
}

const http = { host: '127.0.0.1', port: 8083 };

describe('a role that comes up', () => {
  test.each([
    ['127.0.0.1', 'cim route ready http=127.0.0.1:8083\n'],
    ['::1', 'cim route ready http=[::1]:8083\n'],
  ])('says so in one line, and stops at a signal with code 0 (%s)', async (host, line) => {
    let stops = 0;
    const stop = async () => {
      stops += 1;
    };
    const { fake, clock, code } = run(async () => ({ http: { host, port: 8083 }, stop }));
    await clock.advance(60_000);
    expect(stops).toBe(0);
    fake.signal('SIGTERM');
    expect(await code).toBe(0);
    expect(stops).toBe(1);
    expect(await fake.written()).toEqual({ stdout: line, stderr: '' });
    // Nothing is left behind of the waiting.
    expect([fake.listenerCount, clock.timerCount]).toEqual([0, 0]);
  });

  test('and does not stop in time is cut off with code 1', async () => {
    const { fake, clock, code } = run(async () => ({ http, stop: () => new Promise(() => {}) }));
    fake.signal('SIGINT');
    let ended = false;
    void code.then(() => {
      ended = true;
    });
    await clock.advance(9_999);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await code).toBe(1);
  });

  test('and stops without waiting for all its steps exits with code 1', async () => {
    const stop = () => Promise.reject(new Error('stopping was cut off by its deadline'));
    const { fake, clock, code } = run(async () => ({ http, stop }));
    fake.signal('SIGTERM');
    expect(await code).toBe(1);
    expect(clock.timerCount).toBe(0);
  });

  test('and gets a second signal while it stops exits at once with code 1', async () => {
    const { fake, clock, code } = run(async () => ({ http, stop: () => new Promise(() => {}) }));
    fake.signal('SIGTERM');
    await clock.advance(0);
    fake.signal('SIGINT');
    expect(await code).toBe(1);
    expect(clock.timerCount).toBe(0);
  });
});

describe('SIGHUP', () => {
  test('has a role read again what it can, when it is up, and ends none', async () => {
    let reloads = 0;
    const reload = async () => {
      reloads += 1;
    };
    const started = Promise.withResolvers<void>();
    const { fake, clock, code } = run(async () => {
      await started.promise;
      return { http, stop: async () => {}, reload };
    });
    expect(fake.signal('SIGHUP')).toBe(true);
    started.resolve();
    await clock.advance(0);
    expect([fake.signal('SIGHUP'), reloads]).toEqual([true, 1]);
    fake.signal('SIGTERM');
    expect(await code).toBe(0);
    expect(fake.listenerCount).toBe(0);
  });

  test('is harmless where there is nothing to read', async () => {
    const { fake, clock, code } = run(async () => ({ http, stop: async () => {} }));
    await clock.advance(0);
    expect(fake.signal('SIGHUP')).toBe(true);
    fake.signal('SIGTERM');
    expect(await code).toBe(0);
  });
});

describe('a role that does not come up', () => {
  test('fails with what it threw, without a ready line', async () => {
    const { fake, code } = run(async () => {
      throw new CimError('port-taken', 'port 8083 is taken');
    });
    await expect(code).rejects.toThrow('port 8083 is taken');
    expect(await fake.written()).toEqual({ stdout: '', stderr: '' });
    expect(fake.listenerCount).toBe(0);
  });

  test('ends at once when it is told to while starting', async () => {
    const { fake, code } = run(() => new Promise(() => {}));
    fake.signal('SIGTERM');
    expect(await code).toBe(0);
    expect((await fake.written()).stdout).toBe('');
  });
});

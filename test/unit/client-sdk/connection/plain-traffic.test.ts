import { describe, expect, test } from '@jest/globals';
import { ignore } from '../../../../src/base/ignore.ts';
import { watchPlainTraffic } from '../../../../src/client/sdk/connection/plain-traffic.ts';
import type { ByteStreamEvents } from '../../../../src/client/sdk/platform.ts';
import { World } from '../support/scripted-server.ts';

const events: ByteStreamEvents = { opened: () => {}, received: () => {}, ended: () => {} };

const plainly = ['http://10.0.0.1:8083'];

function watched(routes: Parameters<typeof watchPlainTraffic>[0]['routes'], told: string[] = []) {
  const { platform } = new World();
  return watchPlainTraffic({ platform, routes, onPlain: (host) => told.push(host) });
}

function noticed(use: (platform: ReturnType<typeof watched>) => unknown): string[] {
  const told: string[] = [];
  use(watched(plainly, told));
  return told;
}

test.each([
  ['http://10.0.0.1:8083/login', ['10.0.0.1']],
  ['http://route.example/login', ['route.example']],
  ['https://route.example/login', []],
  ['http://127.0.0.1:8083/login', []],
  ['http://[::1]:8083/login', []],
  ['http://localhost:8083/login', []],
])('a call to %s', (url, told) => {
  const call = { method: 'POST', headers: {}, timeoutMs: 1 } as const;
  expect(
    noticed(({ http }) => http.request(url, call).catch(ignore('what is told is the question'))),
  ).toEqual(told);
});

test.each([
  ['10.0.0.1', false, ['10.0.0.1']],
  ['10.0.0.1', true, []],
  ['127.0.0.1', false, []],
])('a connection to %s, TLS: %s', (host, tls, told) => {
  const open = { host, port: 9000, tls };
  expect(noticed(({ transport }) => transport.open(open, events))).toEqual(told);
});

test('a transport that goes elsewhere says itself whether it speaks TLS', () => {
  const told: string[] = [];
  const { platform } = new World();
  const transport = { ...platform.transport, isTls: ({ tls }: { tls: boolean }) => !tls };
  const onPlain = (host: string) => told.push(host);
  const watching = watchPlainTraffic({ platform: { ...platform, transport }, routes: [], onPlain });
  watching.transport.open({ host: '10.0.0.1', port: 9000, tls: false }, events);
  expect(told).toEqual([]);
  watching.transport.open({ host: '10.0.0.2', port: 9000, tls: true }, events);
  expect(told).toEqual(['10.0.0.2']);
});

test('it is told once', () => {
  const told = noticed(({ transport }) => {
    for (const host of ['10.0.0.1', '10.0.0.2'])
      transport.open({ host, port: 9000, tls: false }, events);
  });
  expect(told).toEqual(['10.0.0.1']);
});

describe('a server that is said to speak no TLS', () => {
  const tls = 'https://chat.example';

  test.each([
    ['is not dialled where all routes do', [tls, 'https://10.0.0.1:8083'], false],
    ['is where one is named that does not', [tls, ...plainly], true],
    ['is where routes are looked up', async () => [tls], true],
  ])('%s', async (_what, routes, isDialled) => {
    const world = new World();
    const outcome = Promise.withResolvers<string>();
    const platform = watchPlainTraffic({
      platform: {
        ...world.platform,
        transport: {
          open: () => {
            outcome.resolve('dialled');
            return { write: () => {}, bufferedBytes: 0, close: async () => {} };
          },
        },
      },
      routes,
      onPlain: () => {},
    });
    const to = { host: '10.0.0.1', port: 9000, tls: false };
    platform.transport.open(to, { ...events, ended: outcome.resolve });
    await world.clock.advance(1);
    expect(await outcome.promise).toMatch(
      isDialled ? 'dialled' : /10.0.0.1:9000 is said to speak no TLS/,
    );
  });
});

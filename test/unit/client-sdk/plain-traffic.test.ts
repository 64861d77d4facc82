import { expect, test } from '@jest/globals';
import { noticePlainTraffic } from '../../../src/client/sdk/plain-traffic.ts';
import type { ByteStreamEvents } from '../../../src/client/sdk/platform.ts';
import { World } from './support/scripted-server.ts';

const events: ByteStreamEvents = { opened: () => {}, received: () => {}, ended: () => {} };

function noticed(use: (platform: ReturnType<typeof noticePlainTraffic>) => unknown): string[] {
  const told: string[] = [];
  use(noticePlainTraffic(new World().platform, (host) => told.push(host)));
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
  expect(noticed(({ http }) => http.request(url, call).catch(() => {}))).toEqual(told);
});

test.each([
  ['10.0.0.1', false, ['10.0.0.1']],
  ['10.0.0.1', true, []],
  ['127.0.0.1', false, []],
])('a connection to %s, TLS: %s', (host, tls, told) => {
  const open = { host, port: 9000, tls };
  expect(noticed(({ transport }) => transport.open(open, events))).toEqual(told);
});

test('it is told once', () => {
  const told = noticed(({ transport }) => {
    for (const host of ['10.0.0.1', '10.0.0.2'])
      transport.open({ host, port: 9000, tls: false }, events);
  });
  expect(told).toEqual(['10.0.0.1']);
});

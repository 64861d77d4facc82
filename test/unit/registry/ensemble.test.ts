import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { ignore } from '../../../src/base/ignore.ts';
import {
  diagnose,
  parseEnsemble,
  resolveEnsemble,
} from '../../../src/registry/zookeeper/ensemble.ts';
import { onTeardown } from '../../support/teardown.ts';

test.each([
  ['zoo', [{ host: 'zoo', port: 2181 }], ''],
  ['127.0.0.1:2182', [{ host: '127.0.0.1', port: 2182 }], ''],
  [
    'a:1,b,c:3',
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 2181 },
      { host: 'c', port: 3 },
    ],
    '',
  ],
  [
    'a:1, b:2/one/two',
    [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ],
    '/one/two',
  ],
  [
    '[::1]:2181,[FE80::0:1]',
    [
      { host: '::1', port: 2181 },
      { host: 'fe80::1', port: 2181 },
    ],
    '',
  ],
])('%s is understood', (text, servers, chroot) => {
  expect(parseEnsemble(text)).toEqual({ servers, chroot });
});

test.each([
  '',
  ',',
  'a,',
  '/chroot',
  'a:b',
  'a:1/',
  'a b:1',
  '::1:2181',
  'h1/x,h2/x',
  'h1:2181/cim,h2:2181/cim',
  'a/x,',
  'a/x,b',
  'a:0',
  'a:65536',
  'a/../b',
  'a/.',
  'a/x\u0000',
  'zk://a/x',
])('%j is refused', (text) => {
  expect(() => parseEnsemble(text)).toThrow(expect.objectContaining({ kind: 'bad-config' }));
});

test('numeric addresses come out, of every server whose name is known', async () => {
  const ensemble = parseEnsemble('127.0.0.1:1,no-such-host.invalid:2,[::1]:3');
  expect((await resolveEnsemble(ensemble)).toSorted()).toEqual(['127.0.0.1:1', '::1:3']);
});

test.each<[string, (socket: Socket) => void, unknown]>([
  ['closes at once', (socket) => socket.destroy(), expect.stringContaining('maxClientCnxns')],
  ['ends at once', (socket) => socket.end(), expect.stringContaining('maxClientCnxns')],
  [
    'has no quorum',
    (socket) => socket.end('This ZooKeeper instance is not currently serving requests\n'),
    expect.stringContaining('quorum'),
  ],
  ['serves', (socket) => socket.end('Zookeeper version: 3.8.0\nClients:\n'), null],
  ['says nothing', () => {}, null],
])('a server that %s', async (_, serve, expected) => {
  const server = createServer((socket) => {
    socket.on('error', ignore('the event close follows'));
    socket.resume();
    serve(socket);
  }).listen(0, '127.0.0.1');
  onTeardown(() => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(await diagnose(`127.0.0.1:${port}`, 1_000)).toEqual(expected);
  server.close();
  await once(server, 'close');
  expect(await diagnose(`127.0.0.1:${port}`, 1_000)).toBeNull();
});

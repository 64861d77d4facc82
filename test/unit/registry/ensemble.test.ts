import { expect, test } from '@jest/globals';
import { parseEnsemble, resolveEnsemble } from '../../../src/registry/zookeeper/ensemble.ts';

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
    '[::1]:2181,[fe80::1]',
    [
      { host: '::1', port: 2181 },
      { host: 'fe80::1', port: 2181 },
    ],
    '',
  ],
])('%s is understood', (text, servers, chroot) => {
  expect(parseEnsemble(text)).toEqual({ servers, chroot });
});

test.each(['', ',', 'a,', '/chroot', 'a:b', 'a:1/', 'a b:1', '::1:2181'])(
  '%j is refused',
  (text) => {
    expect(() => parseEnsemble(text)).toThrow(expect.objectContaining({ kind: 'bad-config' }));
  },
);

test('numeric addresses come out, of every server whose name is known', async () => {
  const ensemble = parseEnsemble('127.0.0.1:1,no-such-host.invalid:2,[::1]:3');
  expect((await resolveEnsemble(ensemble)).toSorted()).toEqual(['127.0.0.1:1', '::1:3']);
});

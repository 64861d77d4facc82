import { describe, expect, test } from '@jest/globals';
import {
  canonicalHost,
  formatHostPort,
  mayBeTold,
  parseHostPort,
} from '../../../../src/base/network/host-port.ts';
import { isLoopback } from '../../../../src/base/network/loopback.ts';

test.each([
  ['fd00::1', 'fd00::1'],
  ['[fd00::1]', 'fd00::1'],
  ['FD00:0:0::0001', 'fd00::1'],
  ['::', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:0207', '192.0.2.7'],
  ['[::ffff:192.0.2.7]', '192.0.2.7'],
  ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['FE80:0::1%eth0.7', 'fe80::1%eth0.7'],
  ['192.0.2.7', '192.0.2.7'],
  ['255.255.255.255', '255.255.255.255'],
  ['localhost', 'localhost'],
  ['chat-1.Example.org', 'chat-1.Example.org'],
])('%s is the host %s', (text, host) => {
  expect(canonicalHost(text)).toBe(host);
});

test.each([
  ...['', ':', ':::', '1:2', '[::1', '::1]', '[]', '[a]', '[127.0.0.1]', 'a b', 'a/b', 'a@b'],
  ...['1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4.', '0x7f.1', '2130706433'],
  ...['::1%', '::1%a b', '::g', '1::2::3', '::1/64', '-a', 'a'.repeat(254), '::ffff:1.2.3.256'],
])('%j is no host', (text) => {
  // 0x7f.1 is a name as far as its form goes.
  expect(canonicalHost(text)).toBe(text === '0x7f.1' ? text : undefined);
});

describe('host and port', () => {
  test.each([
    ['[fd00::1]:9000', { host: 'fd00::1', port: 9000 }],
    ['[FD00::0:1]:9000', { host: 'fd00::1', port: 9000 }],
    ['10.0.0.1:9000', { host: '10.0.0.1', port: 9000 }],
    ['[::ffff:10.0.0.1]:9000', { host: '10.0.0.1', port: 9000 }],
    ['chat.example:1', { host: 'chat.example', port: 1 }],
  ])('%s', (text, address) => {
    expect(parseHostPort(text)).toEqual(address);
    expect(parseHostPort(formatHostPort(address))).toEqual(address);
  });

  test('with a port that is taken if there is none', () => {
    expect(parseHostPort('[::1]', 7)).toEqual({ host: '::1', port: 7 });
    expect(parseHostPort('one', 7)).toEqual({ host: 'one', port: 7 });
    expect(parseHostPort('[::1]')).toBeUndefined();
  });

  test.each([
    ...['::1:9000', 'fd00::1', '[::1]9000', '[::1]:', '[::1]:0', '[::1]:65536', '[one]:9000'],
    ...['[10.0.0.1]:9000', 'one:', 'one:x', ':9000', 'one:-1', 'one:9000:8081', '[[::1]]:1'],
  ])('%j is none', (text) => {
    expect(parseHostPort(text, 1)).toBeUndefined();
  });
});

test.each([
  ['fd00::1', true],
  ['2001:db8::1', true],
  ['::1', true],
  ['10.0.0.1', true],
  ['chat.example', true],
  ['::', false],
  ['0.0.0.0', false],
  ['fe80::1', false],
  ['febf::1', false],
  ['fec0::1', true],
  ['fe80::1%eth0', false],
  ['fd00::1%eth0', false],
])('others may be told %s: %s', (host, isGood) => {
  expect(mayBeTold(host)).toBe(isGood);
});

test.each([
  ['::1', true],
  ['[::1]', true],
  ['0:0::1', true],
  ['[::ffff:7f00:1]', true],
  ['127.3.2.1', true],
  ['localhost', true],
  ['fd00::1', false],
  ['127.example', false],
])('%s stays on this machine: %s', (host, isLocal) => {
  expect(isLoopback(host)).toBe(isLocal);
});

import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import {
  formatRoleAddress,
  originOf,
  parseRoleAddress,
  roleAddressOfJson,
  webSocketUrlOf,
} from '../../../../src/base/network/role-address.ts';

const plain = { kind: 'tcp', host: 'fd00::1', port: 9000, tls: false };
const secure = { kind: 'http', host: 'cim.example', port: 8081, tls: true };
const published = { ...secure, kind: 'ws', url: 'wss://chat.example.org/ws?a=b;c' };
const text =
  'kind=tcp host=fd00::1 port=9000 kind=http host=cim.example port=8081 tls=true kind=ws host=cim.example port=8081 tls=true url=wss://chat.example.org/ws?a=b;c';

test('as text, and back', () => {
  expect(formatRoleAddress([plain, secure, published])).toBe(text);
  expect(parseRoleAddress(text)).toEqual([plain, secure, published]);
});

test('where browsers reach it', () => {
  expect(webSocketUrlOf([plain, published])).toBe('wss://chat.example.org/ws?a=b;c');
  expect(webSocketUrlOf([{ ...plain, kind: 'ws' }])).toBe('ws://[fd00::1]:9000/ws');
  expect(webSocketUrlOf([{ ...secure, kind: 'ws' }])).toBe('wss://cim.example:8081/ws');
  expect(webSocketUrlOf([plain, secure])).toBeUndefined();
});

test('what a newer version says besides is passed over', () => {
  expect(parseRoleAddress('kind=quic weight=3 port=1 host=FD00:0::1 via=a=b tls=false')).toEqual([
    { kind: 'quic', host: 'fd00::1', port: 1, tls: false },
  ]);
});

const many = Array.from({ length: limits.roleEndpointsMax + 1 }, () => plain);
const longUrl = `https://a/${'x'.repeat(limits.publicUrlCharactersMax)}`;

describe('refused', () => {
  test.each([
    ...['', ' ', 'kind', 'kind=tcp', '10.0.0.1:9000:8081', 'host=a port=1', '{"kind":"tcp"}'],
    ...['kind=tcp host=a', 'kind=tcp port=1', 'kind= host=a port=1', 'kind=TCP host=a port=1'],
    ...['kind=tcp host=a port=0', 'kind=tcp host=a port=65536', 'kind=tcp host=a port=01'],
    ...['kind=tcp host=a port=1e3', 'kind=tcp host=a port=1 tls=yes', 'kind=tcp host=a port=1 '],
    ...['kind=tcp host=a host=b port=1', 'a=b kind=tcp host=a port=1', 'kind=tcp  host=a port=1'],
    ...['kind=tcp host=[::1 port=1', 'kind=tcp host=fe80::1%eth0 port=1', 'kind=tcp host= port=1'],
    ...['kind=tcp host=a port=1 url=', 'kind=tcp host=a port=1 url=nonsense'],
    ...['kind=tcp host=a port=1 url=https://me:secret@b/', 'kind=tcp host=a port=1 url=mailto:a@b'],
    'kind=tcp host=a port=1 =x',
    'kind=tcp host=a\nport=1',
    `kind=tcp host=a port=1 url=${longUrl}`,
    `kind=tcp host=a port=1 x=${'y'.repeat(limits.roleAddressCharactersMax)}`,
    formatRoleAddress(many),
  ])('%j', (hostile) => {
    expect(parseRoleAddress(hostile)).toBeUndefined();
  });

  test.each([
    [undefined],
    [null],
    ['kind=tcp host=a port=1'],
    [{ length: 1, 0: plain }],
    [[]],
    [many],
    [[null]],
    [[plain, {}]],
    [[{ ...plain, port: '9000' }]],
    [[{ ...plain, port: 1.5 }]],
    [[{ ...plain, tls: 'true' }]],
    [[{ ...plain, host: ['a'] }]],
    [[{ ...plain, host: 'a b' }]],
    [[{ ...plain, url: longUrl }]],
  ])('as JSON: %j', (hostile) => {
    expect(roleAddressOfJson(hostile)).toBeUndefined();
  });
});

test('as JSON, of which only what is known is kept', () => {
  expect(roleAddressOfJson([{ ...plain, weight: 1 }, published])).toEqual([plain, published]);
});

test('an origin has brackets around an IPv6 address', () => {
  expect(originOf(plain)).toBe('http://[fd00::1]:9000');
  expect(originOf(secure)).toBe('https://cim.example:8081');
});

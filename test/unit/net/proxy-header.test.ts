import { describe, expect, test } from '@jest/globals';
import { commandOf } from '../../../src/codec/command-of.ts';
import { FrameDecoder } from '../../../src/codec/frame-decoder.ts';
import { ProtocolError } from '../../../src/codec/protocol-error.ts';
import { readProxyHeader } from '../../../src/net/proxy-header.ts';

const longest =
  'PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n';

test.each([
  ['PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\n', '192.0.2.7'],
  ['PROXY TCP6 2001:db8::7 2001:db8::1 56324 9000\r\n', '2001:db8::7'],
  ['PROXY UNKNOWN\r\n', ''],
  ['PROXY UNKNOWN 192.0.2.7 10.0.0.1 56324 9000\r\n', ''],
  [longest, 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
])('%j tells of %j, and what follows is not its', (line, address) => {
  const bytes = Buffer.from(`${line}abc\r\n`);
  expect(readProxyHeader(bytes)).toEqual({ address, bytes: line.length });
});

test('however little has come, it is not taken for something else', () => {
  const line = 'PROXY TCP4 192.0.2.7 10.0.0.1 56324 9000\r\n';
  for (let length = 1; length < line.length; length++)
    expect(readProxyHeader(Buffer.from(line.slice(0, length)))).toBe('incomplete');
});

test.each(['\x10abc', 'PROXYTCP4', 'PRO1', 'proxy TCP4 192.0.2.7 10.0.0.1 1 2\r\n'])(
  '%j is something else',
  (text) => {
    expect(readProxyHeader(Buffer.from(text))).toBe('absent');
  },
);

describe('refused', () => {
  test.each([
    'PROXY \r\n',
    'PROXY TCP5 192.0.2.7 10.0.0.1 1 2\r\n',
    'PROXY TCP4 2001:db8::7 10.0.0.1 1 2\r\n',
    'PROXY TCP4 192.0.2.700 10.0.0.1 1 2\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 1\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 1 2 3\r\n',
    'PROXY TCP4 192.0.2.7 10.0.0.1 1 70000\r\n',
    'PROXY TCP4  192.0.2.7 10.0.0.1 1 2\r\n',
    'PROXY constructor 192.0.2.7 10.0.0.1 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(200)}`,
    `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`,
  ])('%j', (line) => {
    expect(() => readProxyHeader(Buffer.from(line))).toThrow(ProtocolError);
  });
});

function binary(head: string, addresses: string, more = ''): Buffer {
  const rest = Buffer.from(addresses + more, 'hex');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(rest.length);
  return Buffer.concat([Buffer.from(`0d0a0d0a000d0a515549540a${head}`, 'hex'), length, rest]);
}

const ports = 'dc042328';
const tcp4 = `c00002070a000001${ports}`;
const tcp6 = `20010db8000000000000000000000007${'fd'.padEnd(32, '0')}${ports}`;
const mapped = `${'0'.repeat(20)}ffffc0000207${'0'.repeat(20)}ffff0a000001${ports}`;

describe('version 2', () => {
  test.each([
    ['TCP over IPv4', binary('2111', tcp4), '192.0.2.7'],
    ['TCP over IPv6', binary('2121', tcp6), '2001:db8::7'],
    ['an IPv4 address mapped to IPv6', binary('2121', mapped), '192.0.2.7'],
    ['extensions behind the addresses', binary('2121', tcp6, '0400020000'), '2001:db8::7'],
    ['a check of its own', binary('2000', ''), ''],
    ['a check of its own, with addresses', binary('2011', tcp4), ''],
    ['what it does not know', binary('2100', ''), ''],
    ['a socket of a machine', binary('2131', '61'.padEnd(432, '0')), ''],
  ])('%s', (_, header, address) => {
    const bytes = Buffer.concat([header, Buffer.from('abc\r\n')]);
    expect(readProxyHeader(bytes)).toEqual({ address, bytes: header.length });
    for (let length = 1; length < header.length; length++)
      expect(readProxyHeader(header.subarray(0, length))).toBe('incomplete');
  });

  test.each([
    ['of another version', binary('1111', tcp4)],
    ['of another version', binary('3111', tcp4)],
    ['with another command', binary('2211', tcp4)],
    ['too short for IPv4', binary('2111', 'c00002070a000001')],
    ['too short for IPv6', binary('2121', tcp4)],
    ['too long', binary('2121', tcp6, '00'.repeat(2_048)).subarray(0, 100)],
  ])('refused: %s', (_, header) => {
    expect(() => readProxyHeader(header)).toThrow(ProtocolError);
  });

  test.each(['\r\n\r\nGET', '\r\nabc', '\r\n\r\n\0\r\nQUIT\r'])('%j is something else', (text) => {
    expect(readProxyHeader(Buffer.from(text, 'latin1'))).toBe('absent');
  });

  test('as a frame of a client it is none', () => {
    const frames: Uint8Array[] = [];
    new FrameDecoder(1_000).push(binary('2111', tcp4), (frame) => frames.push(frame));
    expect(() => commandOf(frames[0] ?? new Uint8Array())).toThrow(ProtocolError);
  });
});

test('as a frame of a client it is none', () => {
  const frames: Uint8Array[] = [];
  new FrameDecoder(1_000).push(Buffer.from(`${longest}${'x'.repeat(80)}`), (frame) =>
    frames.push(frame),
  );
  expect(() => commandOf(frames[0] ?? new Uint8Array())).toThrow(ProtocolError);
});

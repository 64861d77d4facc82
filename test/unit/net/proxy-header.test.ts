import { describe, expect, test } from '@jest/globals';
import { commandOf } from '../../../src/codec/client-frame.ts';
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

test('as a frame of a client it is none', () => {
  const frames: Uint8Array[] = [];
  new FrameDecoder(1_000).push(Buffer.from(`${longest}${'x'.repeat(80)}`), (frame) =>
    frames.push(frame),
  );
  expect(() => commandOf(frames[0] ?? new Uint8Array())).toThrow(ProtocolError);
});

/** Runs: any bodies come back as they were, whole and in part; and are found in what a client sent. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { appendOrigin, appendOriginToAll, OriginTail } from '../../src/codec/message-body.ts';
import { ProtocolError } from '../../src/codec/protocol-error.ts';
import { bodiesOf, hasLengthBefore, runOf, withoutFirst } from '../../src/codec/run.ts';
import { varintLength } from '../../src/codec/varint.ts';

const body = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  // Lengths around those at which the length takes a byte more.
  fc.constantFrom(127, 128, 16_383, 16_384).map((length) => new Uint8Array(length).fill(7)),
);
const plain = (bodies: readonly Uint8Array[]) =>
  bodies.map((each) => Buffer.from(each).toString('hex'));

test('bodies of any number, size and content', () => {
  fc.assert(
    fc.property(fc.array(body), (bodies) => {
      const run = runOf(bodies);
      expect(run.count).toBe(bodies.length);
      expect(plain(bodiesOf(run.bodies))).toEqual(plain(bodies));
    }),
  );
});

test('without the first some, the others are left', () => {
  fc.assert(
    fc.property(fc.array(body), fc.nat(20), (bodies, first) => {
      const rest = withoutFirst(runOf(bodies), first);
      expect(rest.count).toBe(Math.max(0, bodies.length - first));
      expect(plain(bodiesOf(rest.bodies))).toEqual(plain(bodies.slice(first)));
    }),
  );
});

test('frames as clients write them are a run, where they lie', () => {
  fc.assert(
    fc.property(fc.array(body, { minLength: 1 }), (bodies) => {
      const sent = runOf(bodies).bodies;
      let end = 0;
      new FrameDecoder(20_000).push(sent, (bytes, start, frameEnd) => {
        expect(bytes).toBe(sent);
        expect(hasLengthBefore(bytes, start, frameEnd)).toBe(true);
        expect(start - varintLength(frameEnd - start)).toBe(end);
        end = frameEnd;
      });
      expect(end).toBe(sent.length);
    }),
  );
});

test('a length that was cut off, or written at more length than needed, is not taken for one', () => {
  expect(hasLengthBefore(Uint8Array.of(7, 7), 0, 2)).toBe(false);
  // 2 as two bytes.
  expect(hasLengthBefore(Uint8Array.of(0x82, 0x00, 7, 7), 2, 4)).toBe(false);
  // 130 is 0x82 0x01, the first byte of which came before.
  expect(hasLengthBefore(Uint8Array.of(0x01, ...new Uint8Array(130)), 1, 131)).toBe(false);
  expect(hasLengthBefore(Uint8Array.of(0x82, 0x01, ...new Uint8Array(130)), 2, 132)).toBe(true);
});

const origin = fc.record({
  from: fc.nat(),
  fromName: fc.string({ maxLength: 20 }),
  epochHex: fc.constant('0123456789abcdef'),
  // Times that take from one byte to six.
  at: fc.oneof(fc.nat(200), fc.nat(), fc.nat({ max: 4_000_000_000_000 })),
});

test('an origin is put behind every message of a run', () => {
  fc.assert(
    fc.property(fc.array(body), origin, (bodies, from) => {
      const stored = appendOriginToAll(runOf(bodies), from);
      expect(stored.count).toBe(bodies.length);
      expect(plain(bodiesOf(stored.bodies))).toEqual(
        plain(bodies.map((each) => appendOrigin(each, from))),
      );
    }),
  );
});

test('what is no run of so many messages is refused', () => {
  const from = { from: 1, fromName: 'amy', epochHex: '0123456789abcdef', at: 1 };
  const { bodies } = runOf([Uint8Array.of(1), Uint8Array.of(2)]);
  for (const run of [
    { count: 1, bodies },
    { count: 3, bodies },
    { count: 2, bodies: bodies.subarray(1) },
  ])
    expect(() => appendOriginToAll(run, from)).toThrow(ProtocolError);
});

test('an origin that is kept is the one of the time that is asked for', () => {
  fc.assert(
    fc.property(origin, fc.array(fc.nat({ max: 4_000_000_000_000 })), (from, times) => {
      const tail = new OriginTail(from);
      for (const at of times)
        expect([...tail.at(at)]).toEqual([...appendOrigin(new Uint8Array(), { ...from, at })]);
    }),
    { examples: [[{ from: 1, fromName: 'amy', epochHex: '0123456789abcdef', at: 0 }, [0, 200]]] },
  );
});

test('the largest run crosses a link, with the longest name behind every message', () => {
  const { runMessagesMax, runBytesMax, nameCharactersMax, linkEntryBytesMax } = limits;
  const size = Math.floor(runBytesMax / runMessagesMax);
  const run = runOf(Array.from({ length: runMessagesMax }, () => new Uint8Array(size)));
  const stored = appendOriginToAll(run, {
    from: Number.MAX_SAFE_INTEGER,
    fromName: '😀'.repeat(nameCharactersMax),
    epochHex: 'ff'.repeat(8),
    at: Number.MAX_SAFE_INTEGER,
  });
  expect(stored.bodies.length).toBeLessThan(linkEntryBytesMax / 2);
});

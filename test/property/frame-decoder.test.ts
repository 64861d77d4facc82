import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertClientFields, decodeLogin } from '../../src/codec/client-frame.ts';
import { commandOf } from '../../src/codec/command-of.ts';
import { frame } from '../../src/codec/frame.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { scanMessage } from '../../src/codec/message-scan.ts';
import { ProtocolError } from '../../src/codec/protocol-error.ts';
import { decodeServerFrame } from '../../src/codec/sdk-frame.ts';

const frameBytesMax = 1_000;

/** The frames that a decoder makes of these chunks; a copy each, as views die with their chunk. */
function decode(chunks: readonly Uint8Array[], max = frameBytesMax): Uint8Array[] {
  const decoder = new FrameDecoder(max);
  const frames: Uint8Array[] = [];
  for (const chunk of chunks)
    decoder.push(chunk, (bytes, start, end) => frames.push(bytes.slice(start, end)));
  return frames;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** The bytes, cut at arbitrary places. */
function cutAnywhere(bytes: Uint8Array): fc.Arbitrary<Uint8Array[]> {
  return fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 }).map((places) => {
    const cuts = [0, ...places.sort((a, b) => a - b), bytes.length];
    return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
  });
}

const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });

describe('FrameDecoder', () => {
  test('any split of the bytes gives the same frames', () => {
    const input = bodies.chain((frames) =>
      fc.record({ frames: fc.constant(frames), chunks: cutAnywhere(concat(frames.map(frame))) }),
    );
    fc.assert(
      fc.property(input, ({ frames, chunks }) => {
        expect(decode(chunks)).toEqual(frames.map((body) => Uint8Array.from(body)));
      }),
    );
  });

  test('a sink that stops it is given the rest later, and nothing twice', () => {
    const input = bodies.chain((frames) =>
      fc.record({ frames: fc.constant(frames), chunks: cutAnywhere(concat(frames.map(frame))) }),
    );
    fc.assert(
      fc.property(input, fc.integer({ min: 1, max: 4 }), ({ frames, chunks }, each) => {
        const decoder = new FrameDecoder(frameBytesMax);
        const decoded: Uint8Array[] = [];
        for (const chunk of chunks)
          for (let offset = 0; offset < chunk.length; ) {
            const before = decoded.length;
            const end = decoder.push(chunk.subarray(offset), (bytes, start, end) => {
              decoded.push(bytes.slice(start, end));
              if (decoded.length % each === 0) decoder.stop();
            });
            expect(decoded.length - before).toBeLessThanOrEqual(each);
            offset += end;
          }
        expect(decoded).toEqual(frames.map((body) => Uint8Array.from(body)));
      }),
    );
  });

  test('byte by byte too', () => {
    const stream = concat([
      frame(new Uint8Array(200).fill(7)),
      frame(new Uint8Array()),
      frame(new Uint8Array([1])),
    ]);
    const chunks = Array.from(stream, (byte) => Uint8Array.of(byte));
    expect(decode(chunks).map(({ length }) => length)).toEqual([200, 0, 1]);
  });

  test('a frame may have exactly the limit, and not one byte more', () => {
    expect(decode([frame(new Uint8Array(frameBytesMax))])[0]?.length).toBe(frameBytesMax);
    expect(() => decode([frame(new Uint8Array(frameBytesMax + 1)).subarray(0, 2)])).toThrow(
      ProtocolError,
    );
  });

  test.each([
    ['a negative length', [0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a length of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['a length of two gigabytes', [0xff, 0xff, 0xff, 0xff, 0x07]],
  ])('%s is refused before anything is buffered', (_, bytes) => {
    const decoder = new FrameDecoder(frameBytesMax);
    expect(() => decoder.push(Uint8Array.from(bytes), () => undefined)).toThrow(ProtocolError);
    expect(decoder.bufferedBytes).toBe(0);
  });

  test('after an error nothing is decoded any more', () => {
    const decoder = new FrameDecoder(frameBytesMax);
    expect(() => decoder.push(Uint8Array.of(0xff, 0xff, 0x7f), () => undefined)).toThrow(
      ProtocolError,
    );
    expect(() => decoder.push(frame(new Uint8Array()), () => undefined)).toThrow(ProtocolError);
  });
});

describe('arbitrary bytes', () => {
  const readers = { assertClientFields, commandOf, decodeLogin, scanMessage, decodeServerFrame };

  test.each(Object.entries(readers))('%s gives a result or a ProtocolError', (_name, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

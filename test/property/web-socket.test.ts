/**
 * Whatever frames of WebSocket a peer sends, and however they are split on their way, our reader says of
 * them what the library `ws` does: it gives the same bytes, or refuses with the same code.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Receiver, Sender } from 'ws';
import { limits } from '../../src/base/limits.ts';
import {
  binaryHeaderLength,
  type WebSocketControls,
  WebSocketError,
  WebSocketReader,
  writeBinaryHeader,
} from '../../src/codec/web-socket.ts';

interface Course {
  readonly bytes: string;
  readonly pings: number;
  /** Of a peer that closes, or what it is closed with. */
  readonly closed: number;
  readonly refused: number;
}

function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  return [0, ...places].map((place, index) =>
    Buffer.from(bytes.subarray(place, places[index] ?? bytes.length)),
  );
}

/** In chunks of one length, so that pings are answered for each. */
function ours(chunks: readonly Buffer[]): Course {
  const reader = new WebSocketReader();
  const controls: WebSocketControls = { ping: null, closeCode: 0 };
  let bytes = '';
  let pings = 0;
  let refused = 0;
  try {
    for (const chunk of chunks) {
      bytes += Buffer.from(reader.read(chunk, controls)).toString('hex');
      if (controls.ping) pings += 1;
      if (controls.closeCode !== 0) break;
    }
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
    refused = error.code;
  }
  return { bytes, pings, closed: controls.closeCode, refused };
}

/** Bytes of messages that have not ended are not told by it. */
function theirs(chunks: readonly Buffer[]): Course {
  const receiver = new Receiver({
    isServer: true,
    maxPayload: limits.webSocketMessageBytesMax,
    maxFragments: limits.webSocketFragmentsMax,
  });
  const course = { bytes: '', pings: 0, closed: 0, refused: 0 };
  receiver.on('message', (data: Buffer) => {
    course.bytes += data.toString('hex');
  });
  receiver.on('ping', () => {
    course.pings += 1;
  });
  receiver.on('conclude', (code: number) => {
    course.closed = code;
  });
  receiver.on('error', (error) => {
    const status = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === 'status-code',
    );
    course.refused = status ? (Reflect.get(error, status) as number) : -1;
  });
  for (const chunk of chunks)
    if (!receiver.writableEnded && !receiver.destroyed) receiver.write(chunk);
  return course;
}

const payload = fc.uint8Array({ maxLength: 300 });
const frame = fc.record({
  opcode: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 2, 8, 9, 10) },
    { weight: 1, arbitrary: fc.nat(15) },
  ),
  fin: fc.boolean(),
  mask: fc.oneof({ weight: 20, arbitrary: fc.constant(true) }, fc.constant(false)),
  rsv1: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)),
  data: payload,
});

function encode({
  opcode,
  fin,
  mask,
  rsv1,
  data,
}: typeof frame extends fc.Arbitrary<infer F> ? F : never): Buffer {
  const options = { opcode, fin, mask, rsv1, readOnly: true };
  return Buffer.concat(Sender.frame(Buffer.from(data), options) as Buffer[]);
}

test('whole messages in any fragments, with pings between, split anywhere', () => {
  const message = fc.record({
    parts: fc.array(payload, { minLength: 1, maxLength: 5 }),
    ping: fc.option(fc.uint8Array({ maxLength: 125 })),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), fc.array(fc.nat(4_000)), (messages, cuts) => {
      const frames = messages.flatMap(({ parts, ping }) => [
        ...parts.map((data, index) => {
          const [opcode, fin] = [index === 0 ? 2 : 0, index === parts.length - 1];
          return encode({ opcode, fin, data, mask: true, rsv1: false });
        }),
        ...(ping ? [encode({ opcode: 9, fin: true, data: ping, mask: true, rsv1: false })] : []),
      ]);
      const all = Buffer.concat(messages.flatMap(({ parts }) => parts));
      const course = ours(chunksOf(Buffer.concat(frames), cuts));
      expect(course).toMatchObject({ bytes: all.toString('hex'), closed: 0, refused: 0 });
    }),
  );
});

test('frames in any order are taken and refused as by ws', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(2_000)), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(encode));
      const [mine, other] = [ours(chunksOf(bytes, cuts)), theirs(chunksOf(bytes, cuts))];
      // It reads text, and refuses later than at the first bytes of a frame.
      if (mine.refused === 1003) return;
      // What came before in the chunk that is refused is not given any more: its connection ends.
      const isCut = mine.refused !== 0 && other.bytes.startsWith(mine.bytes);
      expect(isCut || mine.bytes.startsWith(other.bytes)).toBe(true);
      if (mine.refused === 0 || other.refused !== 0) expect(mine.refused).toBe(other.refused);
      expect(mine.closed).toBe(other.closed);
      expect(mine.pings).toBeLessThanOrEqual(other.pings);
    }),
  );
});

test('any bytes are taken or refused, and never more is given than came', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      const reader = new WebSocketReader();
      const controls: WebSocketControls = { ping: null, closeCode: 0 };
      try {
        for (const chunk of chunks)
          expect(reader.read(chunk, controls).length).toBeLessThanOrEqual(chunk.length);
      } catch (error) {
        expect(error).toBeInstanceOf(WebSocketError);
      }
    }),
  );
});

test('what is written is read by ws as one message', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(200), fc.constantFrom(65_535, 65_536, 300_000)), (length) => {
      const message = Buffer.alloc(binaryHeaderLength(length) + length, 7);
      writeBinaryHeader(message, length);
      const received: number[] = [];
      const receiver = new Receiver({ isServer: false });
      receiver.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) received.push(data.length);
      });
      receiver.write(message);
      expect(received).toEqual([length]);
    }),
  );
});

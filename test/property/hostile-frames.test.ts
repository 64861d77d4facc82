// Goal: whatever bytes come, a decoder gives what they mean or a ProtocolError, holds no more than a
// frame, and agrees with protobuf about what it lets pass: what one part checks is what another
// reads. Method: streams and messages as clients write them, damaged in the ways that matter, and
// compared with a decoder that is simple instead of fast, and with the generated one.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { decodeAcknowledgement } from '../../src/codec/acknowledgement.ts';
import {
  assertClientFields,
  decodeLogin,
  decodeRead,
  decodeWatch,
} from '../../src/codec/client-frame.ts';
import { commandOf } from '../../src/codec/command-of.ts';
import { command } from '../../src/codec/commands.ts';
import { frame } from '../../src/codec/frame.ts';
import { FrameDecoder, type FrameSink } from '../../src/codec/frame-decoder.ts';
import { isOtherThan } from '../../src/codec/identity.ts';
import { appendOrigin } from '../../src/codec/message-body.ts';
import { MessageReader } from '../../src/codec/message-reader.ts';
import { decodeText, scanMessage } from '../../src/codec/message-scan.ts';
import { com } from '../../src/codec/protobuf.ts';
import { ProtocolError } from '../../src/codec/protocol-error.ts';
import { decodeServerFrame } from '../../src/codec/sdk-frame.ts';
import { encodePush } from '../../src/codec/server-frame.ts';
import { type AnyFrame, decodeAnyFrame } from '../support/any-frame.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

const frameBytesMax = 300;

/** A varint as nobody should write it: too long, or cut off. */
const oddVarint: fc.Arbitrary<number[]> = fc.oneof(
  fc.constantFrom<number[][]>(
    [0x80, 0x00],
    [0xff, 0xff, 0xff, 0xff, 0x07],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x80],
  ),
  fc.array(fc.integer({ min: 0x80, max: 0xff }), { maxLength: 11 }),
);
const number = fc.oneof(
  fc.nat({ max: 300 }),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.maxSafeNat(),
);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}

// ---- frames -------------------------------------------------------------------------------------

/** What the bytes hold, read all at once. */
function framesIn(bytes: readonly number[]): { frames: number[][]; isBroken: boolean } {
  const frames: number[][] = [];
  let offset = 0;
  while (offset < bytes.length) {
    let length = 0n;
    let index = 0;
    for (;;) {
      const byte = bytes[offset + index];
      if (byte === undefined) return { frames, isBroken: false };
      // A signed number of 32 bits, in five bytes at most.
      if (index === 4 && byte > 0x07) return { frames, isBroken: true };
      length |= BigInt(byte & 0x7f) << BigInt(7 * index);
      index += 1;
      if (byte < 0x80) break;
    }
    if (length > frameBytesMax) return { frames, isBroken: true };
    const end = offset + index + Number(length);
    if (end > bytes.length) return { frames, isBroken: false };
    frames.push(bytes.slice(offset + index, end));
    offset = end;
  }
  return { frames, isBroken: false };
}

const streamBytes = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 200 }).map((body) => [...frame(body)]) },
      { weight: 1, arbitrary: fc.constantFrom(299, 300, 301).map((length) => varint(length)) },
      { weight: 1, arbitrary: oddVarint },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 10 }).map((bytes) => [...bytes]) },
      { weight: 1, arbitrary: fc.constant([...frame(new Uint8Array(frameBytesMax))]) },
    ),
    { maxLength: 12, size: 'max' },
  )
  .map((parts) => parts.flat());
const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 });

function chunksOf(bytes: readonly number[], lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] as number;
    chunks.push(Uint8Array.from(bytes.slice(offset, offset + length)));
    offset += length;
  }
  return chunks;
}

test(
  'a stream of whatever is cut into the frames that are in it, and no more is held than one',
  async () => {
    // Reading goes on behind a frame at which the reader has stopped.
    const stops = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 });
    const property = fc.property(streamBytes, cuts, stops, (bytes, lengths, isStop) => {
      const decoder = new FrameDecoder(frameBytesMax);
      const frames: number[][] = [];
      let isBroken = false;
      const take: FrameSink = (held, start, end) => {
        if (isStop[frames.length % isStop.length]) decoder.stop();
        frames.push([...held.subarray(start, end)]);
      };
      for (const chunk of chunksOf(bytes, lengths)) {
        try {
          for (let offset = 0; offset < chunk.length; )
            offset += decoder.push(chunk.subarray(offset), take);
          expect(isBroken).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          isBroken = true;
        }
        expect(decoder.bufferedBytes).toBeLessThanOrEqual(frameBytesMax);
      }
      expect({ frames, isBroken }).toEqual(framesIn(bytes));
    });
    await fuzz('frames', property, 1_000);
  },
  fuzzTimeoutMs,
);

// ---- messages -----------------------------------------------------------------------------------

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map((value) => [...Buffer.from(value)]),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => [...bytes]),
);
const lengthDelimited = fc.oneof(
  { weight: 8, arbitrary: text.map((bytes) => [...varint(bytes.length), ...bytes]) },
  // A length that is not the truth.
  {
    weight: 1,
    arbitrary: fc.tuple(number, text).map(([length, bytes]) => [...varint(length), ...bytes]),
  },
);
const valuesByWireType: Readonly<Record<number, fc.Arbitrary<number[]>>> = {
  0: fc.oneof({ weight: 6, arbitrary: number.map(varint) }, { weight: 1, arbitrary: oddVarint }),
  1: fc.uint8Array({ minLength: 7, maxLength: 8 }).map((bytes) => [...bytes]),
  2: lengthDelimited,
  5: fc.uint8Array({ minLength: 3, maxLength: 4 }).map((bytes) => [...bytes]),
};

function field(tagNumber: fc.Arbitrary<number>, wireType: fc.Arbitrary<number>) {
  return fc
    .tuple(tagNumber, wireType)
    .chain(([fieldNumber, type]) =>
      (valuesByWireType[type] ?? fc.constant([])).map((value) => [
        ...varint(fieldNumber * 8 + type),
        ...value,
      ]),
    );
}

/** Those of a client's message in their own types, so that many pass. */
const messageField = fc.oneof(
  field(fc.constantFrom(1, 22, 30, 31), fc.constant(2)),
  field(fc.constantFrom(3, 21, 23, 24, 28, 64), fc.constant(0)),
);
const clientField = fc.oneof(
  messageField,
  field(fc.constantFrom(17, 19, 26, 29, 66, 80, 81), fc.constant(2)),
  field(fc.constantFrom(2, 16, 18, 20, 25, 27), fc.constant(0)),
);
const anyField = fc.oneof(
  { weight: 4, arbitrary: clientField },
  { weight: 1, arbitrary: field(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 7 })) },
  { weight: 1, arbitrary: field(fc.nat({ max: 2 ** 29 - 1 }), fc.constantFrom(0, 2)) },
  { weight: 1, arbitrary: oddVarint },
);

/** Fields in any order, some twice; then perhaps a byte changed, or the end cut off. */
function message(fields: fc.Arbitrary<number[]>, fieldsMax: number): fc.Arbitrary<Uint8Array> {
  const damage = fc.option(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { freq: 3 });
  const cut = fc.option(fc.nat(), { freq: 4 });
  return fc
    .tuple(fc.array(fields, { maxLength: fieldsMax, size: 'max' }), damage, cut)
    .map(([parts, damaged, end]) => {
      const bytes = parts.flat();
      if (damaged && bytes.length > 0) bytes[damaged[0] % bytes.length] = damaged[1];
      return Uint8Array.from(end === null ? bytes : bytes.slice(0, end % (bytes.length + 1)));
    });
}

const anyMessage = fc.oneof(
  message(anyField, 12),
  message(messageField, 6),
  fc.uint8Array({ maxLength: 100 }),
);

/** The result; undefined for a refusal. */
function resultOf<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return undefined;
  }
}

/** The server's own: one for all. */
const reader = new MessageReader();

/** As a server reads a message, among other bytes. */
function readMessage(bytes: Uint8Array): MessageReader {
  const surrounded = Buffer.concat([Buffer.of(0xff, 0xff), bytes, Buffer.of(0xff)]);
  reader.read(surrounded, 2, 2 + bytes.length);
  return reader;
}

/** What a route reads of a message that a server has let pass. */
function scanPassed(bytes: Uint8Array) {
  readMessage(bytes);
  return scanMessage(bytes);
}

describe('a message of whatever', () => {
  const readers = {
    assertClientFields,
    commandOf: (bytes: Uint8Array) => commandOf(bytes),
    decodeAcknowledgement,
    decodeLogin,
    decodeRead,
    decodeServerFrame,
    decodeWatch,
    isOtherThan: (bytes: Uint8Array) => isOtherThan('7.0123456789abcdef.1.1', bytes),
    readMessage,
    scanMessage,
  };

  test.each(Object.entries(readers))(
    'gives a result or a ProtocolError: %s',
    async (name, read) => {
      const property = fc.property(anyMessage, (bytes) => {
        const before = bytes.slice();
        resultOf(() => read(bytes));
        expect(bytes).toEqual(before);
      });
      await fuzz(name, property, 1_000);
    },
    fuzzTimeoutMs,
  );

  test(
    'that is a Java login has any properties, but not too many',
    async () => {
      const properties = fc.dictionary(fc.string(), fc.string(), { maxKeys: 40, size: 'max' });
      const property = fc.property(properties, (given) => {
        const login = Request.create({ cmd: command.login, requestId: 7, properties: given });
        const read = resultOf(() => decodeLogin(Request.encode(login).finish()));
        const count = Object.keys(given).length;
        expect(read !== undefined).toBe(count <= limits.propertiesMax);
      });
      await fuzz('Java logins', property, 200);
    },
    fuzzTimeoutMs,
  );

  test(
    'is, if a server lets it pass, to all who read it the same',
    async () => {
      let passed = 0;
      const property = fc.property(anyMessage, (bytes) => {
        const scanned = resultOf(() => scanPassed(bytes));
        if (!scanned) return;
        passed += 1;
        const request = Request.decode(bytes);
        const { to, group, sendSeq, restart, transient, reqMsg, sealed } = request;
        expect(scanned).toMatchObject({ to, group, sendSeq, restart, transient });
        expect(readMessage(bytes)).toMatchObject({ to, group, sendSeq, restart, transient });
        expect(reader.textBytes).toBe(scanned.textEnd - scanned.textStart);
        expect(reader.sealedBytes).toBe(sealed.length);
        expect(reader.contentBytes).toBe(request.content.length);
        expect(scanned).toMatchObject({ from: 0, fromName: '', epochHex: '', at: 0, seq: 0 });
        expect(decodeText(bytes, scanned.textStart, scanned.textEnd)).toBe(reqMsg);
        expect([...bytes.subarray(scanned.sealedStart, scanned.sealedEnd)]).toEqual([...sealed]);
      });
      await fuzz('messages that pass', property, 2_000);
      expect(passed).toBeGreaterThan(0);
    },
    fuzzTimeoutMs,
  );

  test(
    'does not say who sent it: what the servers append is what everybody reads',
    async () => {
      const origin = { from: 7, fromName: 'amy', epochHex: '0123456789abcdef', at: 5 };
      const property = fc.property(anyMessage, (bytes) => {
        if (!resultOf(() => scanPassed(bytes))) return;
        const pushed = encodePush(appendOrigin(bytes, origin), 9);
        let received: AnyFrame | undefined;
        new FrameDecoder(1_000).push(pushed, (bytes, start, end) => {
          const body = bytes.subarray(start, end);
          expect(scanMessage(body)).toMatchObject({ ...origin, seq: 9 });
          received = decodeAnyFrame(body);
          const { from, fromName, at, seq } = decodeServerFrame(body);
          expect({ from, fromName, at, seq }).toEqual({ from: 7, fromName: 'amy', at: 5, seq: 9 });
        });
        expect(received).toMatchObject({ from: 7, fromName: 'amy', at: 5, seq: 9, code: 0 });
        expect(received?.properties).toEqual({});
      });
      await fuzz('origins', property, 2_000);
    },
    fuzzTimeoutMs,
  );

  test(
    'has the command that protobuf finds in it, if it passes',
    async () => {
      const property = fc.property(anyMessage, (bytes) => {
        const found = resultOf(() => {
          assertClientFields(bytes);
          // A text that is not UTF-8 is found here.
          decodeRead(bytes);
          return commandOf(bytes);
        });
        if (found === undefined) return;
        // Beyond 31 bits there is no command, whatever the rest of it says.
        if (found < 2 ** 31) expect(Request.decode(bytes).cmd).toBe(found);
      });
      await fuzz('commands', property, 2_000);
    },
    fuzzTimeoutMs,
  );
});

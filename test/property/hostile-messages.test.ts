// Goal: what a server accepts of a client, every client can read, and reads the same: the server's
// reader may be stricter than the decoders of others, never laxer. Method: frames as clients write
// them, damaged in the ways that one decoder takes and another does not (numbers in more bytes than
// they need, fields in another form, numbers that are cut, texts that are none), given to the
// server's reader; what it accepts goes on as it does between roles, over both links and with all
// that routes and servers append, and is compared as the SDK, a Java client and a history read it.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { routeMethods } from '../../src/api/route-api.ts';
import { serverMethods } from '../../src/api/server-api.ts';
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
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { marksTag } from '../../src/codec/generated/wire.ts';
import { identityOf, sourceOf } from '../../src/codec/identity.ts';
import { encodeJavaMessage, javaTextOf } from '../../src/codec/java-frame.ts';
import { appendOrigin, appendOriginToAll, OriginTail } from '../../src/codec/message-body.ts';
import { MessageReader } from '../../src/codec/message-reader.ts';
import { decodeText, scanMessage, toHex } from '../../src/codec/message-scan.ts';
import { com } from '../../src/codec/protobuf.ts';
import { ProtocolError } from '../../src/codec/protocol-error.ts';
import { bodiesOf, hasLengthBefore, runOf } from '../../src/codec/run.ts';
import { decodeServerFrame } from '../../src/codec/sdk-frame.ts';
import { encodePush } from '../../src/codec/server-frame.ts';
import { type AnyFrame, decodeAnyFrame, sameFields } from '../support/any-frame.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

// ---- frames, as clients write them and as they do not --------------------------------------------

/** A field in its parts, so that each can be written in another way. */
interface Field {
  tag: number[];
  /** Of what has one; else empty. */
  length: number[];
  value: number[];
}

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 0x80);
  return [...bytes, Number(rest)];
}

/** The same number in more bytes. */
function padded(bytes: readonly number[], by: number): number[] {
  const last = (bytes.at(-1) ?? 0) | 0x80;
  return [...bytes.slice(0, -1), last, ...new Array<number>(by - 1).fill(0x80), 0];
}

const number = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
);
/** What JavaScript, or the type of the field, has no room for. */
const largeNumber = fc.oneof(
  fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const textBytes = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      'lobby',
      '\u{feff}lobby',
      '\u{feff}',
      'cafe\u0301',
      'caf\u00e9',
      'a\u200bb',
      '\0',
    ),
    // Longer than what readers look at byte by byte.
    fc.string({ unit: 'binary', minLength: 90, maxLength: 140 }),
  )
  .map((text) => [...Buffer.from(text)]);
const noText = fc.constantFrom(
  [0xc3, 0x28],
  [0xff],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xc0, 0x80],
  [0xe2, 0x82],
  [...Buffer.from('x'.repeat(120)), 0x80],
);

type Kind = 'number' | 'flag' | 'text' | 'bytes';

function fieldOf(fieldNumber: number, kind: Kind): fc.Arbitrary<Field> {
  const tagBytes = varint(fieldNumber * 8 + (kind === 'number' || kind === 'flag' ? 0 : 2));
  switch (kind) {
    case 'number':
      return number.map((value) => ({ tag: tagBytes, length: [], value: varint(value) }));
    case 'flag':
      return fc.boolean().map((value) => ({ tag: tagBytes, length: [], value: [value ? 1 : 0] }));
    default:
      return (
        kind === 'text' ? textBytes : fc.uint8Array({ maxLength: 40 }).map((bytes) => [...bytes])
      ).map((value) => ({ tag: tagBytes, length: varint(value.length), value }));
  }
}

function commandField(value: number): Field {
  return { tag: [0x18], length: [], value: varint(value) };
}

/** Some of these fields, in any order. */
function fieldsOf(kinds: Readonly<Record<number, Kind>>): fc.Arbitrary<Field[]> {
  const fields = Object.entries(kinds).map(([fieldNumber, kind]) =>
    fc.option(fieldOf(Number(fieldNumber), kind), { freq: 2 }),
  );
  return fc
    .tuple(...fields)
    .map((chosen) => chosen.filter((field) => field !== null))
    .chain((chosen) =>
      fc.shuffledSubarray(chosen, { minLength: chosen.length, maxLength: chosen.length }),
    );
}

const messageFields = fieldsOf({
  1: 'text',
  21: 'number',
  22: 'text',
  23: 'number',
  24: 'flag',
  28: 'flag',
  30: 'bytes',
  31: 'bytes',
  64: 'flag',
  67: 'number',
});

/** Ways of writing something that only some decoders read, or read otherwise. */
type Damage = (fields: Field[], nth: number) => void;

function onField(change: (field: Field) => void): Damage {
  return (fields, nth) => {
    const field = fields[nth % Math.max(fields.length, 1)];
    if (field) change(field);
  };
}

const by = fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 9);
const damages: fc.Arbitrary<Damage> = fc.oneof(
  by.map((count) =>
    onField((field) => void Object.assign(field, { tag: padded(field.tag, count) })),
  ),
  by.map((count) =>
    onField((field) => {
      if (field.length.length > 0) field.length = padded(field.length, count);
      else field.value = padded(field.value, count);
    }),
  ),
  largeNumber.map((value) =>
    onField((field) => {
      if (field.length.length === 0) field.value = varint(value);
    }),
  ),
  number.map((value) =>
    onField((field) => {
      if (field.length.length > 0) field.length = varint(value);
      else field.value = varint(value);
    }),
  ),
  noText.map((value) =>
    onField((field) => {
      if (field.length.length > 0) Object.assign(field, { length: varint(value.length), value });
    }),
  ),
  // Another wire type, or another field; field 0, a group, what has more than 32 bits.
  fc
    .oneof(fc.nat({ max: 600 }), fc.constantFrom(2 ** 32 + 8, 2 ** 35 + 10, 2 ** 32 + 24))
    .map((value) => onField((field) => void Object.assign(field, { tag: varint(value) }))),
  fc.constant<Damage>((fields, nth) => {
    const field = fields[nth % Math.max(fields.length, 1)];
    if (field) fields.push({ ...field });
  }),
  fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([place, byte]) =>
    onField((field) => {
      const bytes = field.value.length > 0 ? field.value : field.tag;
      bytes[place % bytes.length] = byte;
    }),
  ),
  fc.constant(onField((field) => void field.value.pop())),
  fieldOf(44, 'number').map(
    (field): Damage =>
      (fields) =>
        void fields.push({ ...field }),
  ),
  fieldOf(40, 'number').map(
    (field): Damage =>
      (fields) =>
        void fields.unshift({ ...field }),
  ),
);

/** Frames of one command: whole ones, and such as were damaged at one place or at some. */
function framesOf(cmd: number, fields: fc.Arbitrary<Field[]>): fc.Arbitrary<Uint8Array> {
  const damage = fc.array(fc.tuple(damages, fc.nat({ max: 20 })), { maxLength: 2 });
  return fc.tuple(fields, fc.nat({ max: 20 }), damage).map(([others, place, done]) => {
    const all = others.map((field) => ({
      tag: [...field.tag],
      length: [...field.length],
      value: [...field.value],
    }));
    if (cmd !== command.login) all.splice(place % (all.length + 1), 0, commandField(cmd));
    for (const [change, nth] of done) change(all, nth);
    return Uint8Array.from(all.flatMap(({ tag, length, value }) => [...tag, ...length, ...value]));
  });
}

// ---- how they are read ---------------------------------------------------------------------------

/** Undefined for a refusal. */
function resultOf<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}

const reader = new MessageReader();
const origin = {
  from: 2 ** 53 - 1,
  fromName: '\u{feff}amy 😀',
  epochHex: '00112233445566ff',
  at: 1_790_000_000_000,
};
const submitter = { ...origin, instance: 'i', sessionId: 3 };

/** Over a link and back. */
function crossed<T>(
  method: { encode(value: T): { finish(): Uint8Array }; decode(bytes: Uint8Array): T },
  entry: T,
): T {
  return method.decode(Buffer.from(method.encode(entry).finish()));
}

/** As clients read what a server writes: the SDK, and those that have the code of protobufjs. */
function asClient(written: Uint8Array): AnyFrame {
  const frames: AnyFrame[] = [];
  new FrameDecoder(10_000).push(written, (bytes, start, end, isPadded) => {
    expect(isPadded).toBe(false);
    const body = bytes.subarray(start, end);
    const read = decodeAnyFrame(body);
    const bySdk = decodeServerFrame(body);
    expect(sameFields(read, bySdk)).toEqual(bySdk);
    frames.push(read);
  });
  expect(frames).toHaveLength(1);
  return frames[0] as AnyFrame;
}

/** From the sender's server to the receiver's, by way of a route; the body as it is stored. */
function stored(frame: Uint8Array): Uint8Array {
  const { to, group, sendSeq, restart, silent, keyEpoch } = reader;
  const entry = crossed(routeMethods.submit.entry, {
    ...submitter,
    to,
    group,
    sendSeq,
    restart,
    keyEpoch,
    silent,
    refusal: 0,
    count: 1,
    bodies: runOf([frame]).bodies,
  });
  expect(entry).toMatchObject({ to, group, sendSeq, restart, silent, keyEpoch });
  const run = appendOriginToAll(entry, { ...entry, at: origin.at });
  const pushed = crossed(serverMethods.push.entry, {
    ...run,
    sessionIds: [1],
    instance: 'j',
    seq: 9,
  });
  const [body] = bodiesOf(pushed.bodies);
  return body as Uint8Array;
}

/** The body of one that is not stored, as a route hands it on. */
function passed(frame: Uint8Array): Uint8Array {
  const { body } = crossed(routeMethods.transient.entry, { ...submitter, body: frame });
  const entry = { sessionIds: [1], group: '', instance: 'j', body: appendOrigin(body, origin) };
  return crossed(serverMethods.transient.entry, entry).body;
}

/** What everybody is to read of a message that the server has accepted. */
function expectSame(frame: Uint8Array, body: Uint8Array, seq: number): void {
  const { to, group, sendSeq, transient, textBytes, sealedBytes, contentBytes } = reader;
  const client = asClient(encodePush(body, seq));
  const { from, fromName, epochHex, at } = origin;
  const shown = { to, group, sendSeq, transient, from, fromName, at, seq };
  expect(asShown(client)).toEqual(shown);
  expect(client.cmd).toBe(command.message);
  expect(toHex(client.fromEpoch)).toBe(epochHex);
  // What a route, a history and a Java client's server read.
  const scanned = scanMessage(body);
  expect(scanned).toMatchObject({ ...shown, seq: 0, epochHex });
  expect(decodeText(body, scanned.textStart, scanned.textEnd)).toBe(client.resMsg);
  expect(body.subarray(scanned.sealedStart, scanned.sealedEnd)).toEqual(Buffer.from(client.sealed));
  expect(Buffer.byteLength(client.resMsg)).toBe(textBytes);
  expect(client.sealed.length).toBe(sealedBytes);
  expect(client.content.length).toBe(contentBytes);
  const content = body.subarray(scanned.contentStart, scanned.contentEnd);
  expect(content).toEqual(Buffer.from(client.content));
  expect(scanned.silent).toBe(client.silent);
  expect([scanned.keyEpoch, client.keyEpoch]).toEqual([reader.keyEpoch, reader.keyEpoch]);
  expect(identityOf(body)).toBe(`${sourceOf(from, epochHex, to, group)}.${sendSeq}`);
  const java = encodeJavaMessage(1, { userId: from, name: fromName }, javaTextOf(body, scanned));
  const { resMsg, properties } = asClient(java);
  expect(resMsg).toBe(sealedBytes > 0 ? '[encrypted message]' : client.resMsg);
  expect(properties['sendUserName']).toBe(fromName);
  // And no other field of a frame of servers.
  const { properties: none, batchResMsg, groups, marks, presences, ...set } = client;
  expect({ none, batchResMsg, groups, marks, presences }).toEqual({
    none: {},
    batchResMsg: [],
    groups: [],
    marks: [],
    presences: [],
  });
  for (const name of Object.keys(set)) expect(messageNames).toContain(name);
  expect(frame.length).toBeLessThan(body.length);
}

const messageNames = [
  ...['resMsg', 'cmd', 'to', 'group', 'sendSeq', 'transient', 'sealed', 'content', 'silent'],
  'keyEpoch',
  ...['from', 'fromName', 'fromEpoch', 'at', 'seq'],
];

function asShown({ to, group, sendSeq, transient, from, fromName, at, seq }: AnyFrame) {
  return { to, group, sendSeq, transient, from, fromName, at, seq };
}

test(
  'a message that a server accepts is read by everybody, and by everybody the same',
  async () => {
    let accepted = 0;
    let refused = 0;
    const tail = new OriginTail(origin);
    const property = fc.property(framesOf(command.message, messageFields), (frame) => {
      const surrounded = Buffer.concat([Buffer.of(0xff), frame, Buffer.of(0xff)]);
      const isAccepted = resultOf(() => {
        if (commandOf(surrounded, 1, 1 + frame.length) !== command.message) return false;
        reader.read(surrounded, 1, 1 + frame.length);
        return true;
      });
      if (!isAccepted) {
        refused += 1;
        return;
      }
      accepted += 1;
      expectSame(frame, stored(frame), 9);
      expectSame(frame, passed(frame), 0);
      // One that stays on the server it came to.
      expectSame(frame, Buffer.concat([frame, tail.at(origin.at)]), 0);
    });
    await fuzz('messages that everybody reads', property, 3_000);
    // Neither is a rarity, or nothing was compared.
    expect(accepted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);

const others: readonly (readonly [string, number, Readonly<Record<number, Kind>>])[] = [
  [
    'a login',
    command.login,
    {
      1: 'text',
      2: 'number',
      16: 'number',
      17: 'text',
      18: 'number',
      19: 'bytes',
      20: 'flag',
      29: 'text',
    },
  ],
  ['a read', command.read, { 22: 'text', 25: 'number', 26: 'text', 27: 'number' }],
  ['a ping', command.ping, { 1: 'text', 2: 'number' }],
  ['a watch', command.presence, { 80: 'bytes', 81: 'bytes' }],
];

test.each(others)(
  '%s that passes means to protobuf what it means to the server',
  async (name, cmd, kinds) => {
    const property = fc.property(framesOf(cmd, fieldsOf(kinds)), (frame) => {
      const found = resultOf(() => {
        assertClientFields(frame);
        return commandOf(frame);
      });
      if (found === undefined) return;
      const request = Request.decode(frame);
      expect(request.cmd).toBe(found);
      // Written once more, whatever protobuf has kept of it is the same frame, but for the order of
      // its fields and what is 0 or empty: nothing was cut, and nothing is there that was not read.
      expect(Request.decode(Request.encode(request).finish())).toEqual(request);
      const read = [decodeRead, decodeLogin].map((decode) => decode(frame));
      const { after, group, limit, afterIdentity, requestId, reqMsg, epoch, protocolVersion } =
        request;
      expect(read).toMatchObject([
        { group, after, afterIdentity, limit },
        { userId: requestId, userName: reqMsg, protocolVersion },
      ]);
      if (protocolVersion > 0) expect(read[1]).toMatchObject({ epochHex: toHex(epoch) });
    });
    await fuzz(name, property, 600);
  },
  fuzzTimeoutMs,
);

// ---- the kinds, one by one -----------------------------------------------------------------------

const whole = {
  text: { tag: [0x0a], length: [2], value: [0x68, 0x69] },
  command: commandField(command.message),
  to: { tag: varint(21 * 8), length: [], value: [5] },
  group: { tag: varint(22 * 8 + 2), length: [5], value: [...Buffer.from('lobby')] },
  sendSeq: { tag: varint(23 * 8), length: [], value: [1] },
  restart: { tag: varint(24 * 8), length: [], value: [1] },
  transient: { tag: varint(28 * 8), length: [], value: [1] },
  sealed: { tag: varint(30 * 8 + 2), length: [1], value: [7] },
  content: { tag: varint(31 * 8 + 2), length: [1], value: [7] },
  silent: { tag: varint(64 * 8), length: [], value: [1] },
  keyEpoch: { tag: varint(67 * 8), length: [], value: [3] },
} satisfies Record<string, Field>;

function bytesOf(fields: Readonly<Record<string, Field>>): Uint8Array {
  const all = Object.values(fields);
  return Uint8Array.from(all.flatMap(({ tag, length, value }) => [...tag, ...length, ...value]));
}

test('the message that the following are made of passes', () => {
  const frame = bytesOf(whole);
  reader.read(frame, 0, frame.length);
  expect(reader).toMatchObject({ to: 5, group: 'lobby', sendSeq: 1, restart: true });
  assertClientFields(frame);
});

const lengthened = Object.entries(whole).flatMap(([name, field]) =>
  [1, 3, 4, 5, 6, 8].flatMap((count) => [
    [
      `the tag of ${name}`,
      count,
      { ...whole, [name]: { ...field, tag: padded(field.tag, count) } },
    ] as const,
    field.length.length > 0
      ? ([
          `the length of ${name}`,
          count,
          { ...whole, [name]: { ...field, length: padded(field.length, count) } },
        ] as const)
      : ([
          `the value of ${name}`,
          count,
          { ...whole, [name]: { ...field, value: padded(field.value, count) } },
        ] as const),
  ]),
);

test.each(lengthened)('%s in %i bytes more than it needs is refused', (_, _count, fields) => {
  const frame = bytesOf(fields);
  expect(() => reader.read(frame, 0, frame.length)).toThrow(ProtocolError);
  expect(() => assertClientFields(frame)).toThrow(ProtocolError);
  // In what a store has from elsewhere, too.
  expect(() => scanMessage(frame)).toThrow(ProtocolError);
});

test.each([
  ['a flag of 2', { ...whole, restart: { ...whole.restart, value: [2] } }],
  ['a flag of 256', { ...whole, transient: { ...whole.transient, value: [0x80, 0x02] } }],
  ['a command of 2^32 + 1', { ...whole, command: commandField(2 ** 32 + 1) }],
  ['a number of 2^53', { ...whole, sendSeq: { ...whole.sendSeq, value: varint(2n ** 53n) } }],
  ['a number below zero', { ...whole, to: { ...whole.to, value: varint(2n ** 64n - 5n) } }],
  ['field 0', { ...whole, zero: { tag: [0], length: [], value: [1] } }],
  ['a text that is a number', { ...whole, text: { tag: [0x08], length: [], value: [1] } }],
  [
    'a number as four bytes',
    { ...whole, to: { tag: varint(21 * 8 + 5), length: [], value: [5, 0, 0, 0] } },
  ],
  ['a group of fields', { ...whole, odd: { tag: [0x0b], length: [], value: [0x0c] } }],
  ['a tag over 32 bits', { ...whole, to: { ...whole.to, tag: varint(2 ** 32 + 21 * 8) } }],
])('%s is refused', (_, fields) => {
  const frame = bytesOf(fields);
  expect(() => reader.read(frame, 0, frame.length)).toThrow(ProtocolError);
  expect(() => assertClientFields(frame)).toThrow(ProtocolError);
});

test('a run is only made of a frame where its length is written as a run has it', () => {
  const frame = bytesOf(whole);
  const framed = Uint8Array.from([...padded(varint(frame.length), 1), ...frame]);
  expect(hasLengthBefore(framed, framed.length - frame.length, framed.length)).toBe(false);
});

/** What an acknowledgement has of them has no command. */
const mark = fieldsOf({ 1: 'number', 2: 'bytes', 3: 'number', 4: 'number', 5: 'number' });
/** One that may pass: of the fields that it needs none is missing. */
const soundMark = fc
  .tuple(
    ...[1, 3, 4].map((fieldNumber) => fieldOf(fieldNumber, 'number')),
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((epoch) => ({
      tag: [0x12],
      length: [8],
      value: [...epoch],
    })),
    fc.option(fc.nat({ max: 3 }).map((kind) => ({ tag: [0x28], length: [], value: [kind] }))),
  )
  .map((fields) => fields.filter((field) => field !== null));

test(
  'an acknowledgement that passes means to protobuf what it means to the server, with all its marks',
  async () => {
    let marked = 0;
    const marks = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: framesOf(command.login, soundMark) },
        framesOf(command.login, mark),
      ),
      { maxLength: 9 },
    );
    const acknowledgement = fc
      .tuple(framesOf(command.ack, fieldsOf({ 22: 'text', 25: 'number' })), marks)
      .map(([frame, bodies]) =>
        Buffer.concat([
          frame,
          ...bodies.flatMap((body) => [
            Uint8Array.from([...varint(marksTag), ...varint(body.length)]),
            body,
          ]),
        ]),
      );
    const property = fc.property(acknowledgement, (frame) => {
      const read = resultOf(() => decodeAcknowledgement(frame));
      if (read === undefined) return;
      const request = Request.decode(frame);
      expect(Request.decode(Request.encode(request).finish())).toEqual(request);
      expect(read.marks.length).toBeLessThanOrEqual(limits.marksPerFrameMax);
      marked += read.marks.length;
      expect(read).toEqual({
        group: request.group,
        seq: request.after,
        marks: request.marks.map(({ from, epoch, sendSeq, seq, kind }) => ({
          from,
          epochHex: toHex(epoch ?? new Uint8Array()),
          sendSeq,
          seq,
          kind,
        })),
      });
      for (const { from, epochHex, sendSeq, seq, kind } of read.marks) {
        expect(Math.min(from, sendSeq, seq)).toBeGreaterThan(0);
        expect(epochHex).toHaveLength(16);
        expect(kind).toBeLessThanOrEqual(2);
      }
    });
    await fuzz('acknowledgements', property, 2_000);
    expect(marked).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);

/** User ids as a client writes them, such as no user has, and such as nobody should write. */
const watchedIds = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 300 }).map(varint) },
      { weight: 4, arbitrary: fc.maxSafeNat().map(varint) },
      { weight: 1, arbitrary: largeNumber.map(varint) },
      { weight: 1, arbitrary: by.map((count) => padded([5], count)) },
      { weight: 1, arbitrary: fc.constantFrom([0], [0x80]) },
    ),
    { maxLength: 12 },
  )
  .map((ids) => ids.flat());
/** Enough of them to be more than may be, now and then. */
const manyIds = fc
  .tuple(fc.nat(), fc.integer({ min: 250, max: 260 }))
  .map(([first, count]) => Array.from({ length: count }, (_, at) => varint(first + at + 1)).flat());

/** As protobuf reads numbers that stand in a row. */
function idsIn(bytes: Uint8Array): number[] {
  const { length } = bytes;
  const row = protobuf.Reader.create(bytes);
  const ids: number[] = [];
  while (row.pos < length) ids.push(Number(row.uint64()));
  return ids;
}

test(
  'whom a client watches is to protobuf what it is to the server, and bounded',
  async () => {
    let watched = 0;
    const list = (fieldNumber: number) =>
      fc.oneof({ weight: 9, arbitrary: watchedIds }, manyIds).map((value) => ({
        tag: varint(fieldNumber * 8 + 2),
        length: varint(value.length),
        value,
      }));
    const watch = fc.tuple(list(80), fc.option(list(81), { freq: 2 }));
    const frames = framesOf(
      command.presence,
      watch.map((fields) => fields.filter((field) => field !== null)),
    );
    const property = fc.property(frames, (frame) => {
      const read = resultOf(() => decodeWatch(frame));
      if (read === undefined) return;
      const request = Request.decode(frame);
      for (const [ids, bytes] of [
        [read.userIds, request.watched],
        [read.online, request.watchedOnline],
      ] as const) {
        expect([...ids]).toEqual([...new Set(idsIn(bytes))]);
        expect(ids.size).toBeLessThanOrEqual(limits.watchedPerConnectionMax);
        for (const id of ids) {
          expect(id).toBeGreaterThan(0);
          expect(id).toBeLessThanOrEqual(limits.userIdMax);
        }
        watched += ids.size;
      }
    });
    await fuzz('watches', property, 2_000);
    expect(watched).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);

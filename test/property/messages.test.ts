/**
 * What the SDK writes and reads (src/codec/generated/messages.ts) is what protobufjs does: other clients
 * have its code, or that of other languages.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bytesOfContent,
  bytesOfRequest,
  readContentOf,
  readResponseOf,
} from '../../src/codec/generated/messages.ts';
import { cim, com } from '../../src/codec/protobuf.ts';
import { ProtocolError } from '../../src/codec/protocol-error.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';

const { Request, Response } = com.crossoverjie.cim.common.protocol;
const { Content } = cim.content;

const number = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(2 ** 32, 2 ** 31, 2 ** 53 - 1),
);
const small = fc.nat(2 ** 31 - 1);
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 20 }));
const bytes = fc.uint8Array({ maxLength: 300 });
const list = <Item>(item: fc.Arbitrary<Item>) => fc.array(item, { maxLength: 5 });
const some = <Fields>(fields: { [Field in keyof Fields]: fc.Arbitrary<Fields[Field]> }) =>
  fc.record(fields, { requiredKeys: [] });

const marks = list(
  some({ from: number, epoch: bytes, sendSeq: number, seq: number, kind: fc.nat(2) }),
);

const requests = some({
  reqMsg: text,
  requestId: number,
  cmd: fc.nat(24),
  protocolVersion: small,
  device: text,
  connectionNumber: number,
  epoch: bytes,
  ephemeral: fc.boolean(),
  to: number,
  group: text,
  sendSeq: number,
  restart: fc.boolean(),
  after: number,
  afterIdentity: text,
  limit: small,
  transient: fc.boolean(),
  token: text,
  sealed: bytes,
  content: bytes,
  silent: fc.boolean(),
  marks,
  keyEpoch: small,
  watched: bytes,
  watchedOnline: bytes,
});

const facts = some({
  title: text,
  owner: number,
  admins: list(number),
  entry: text,
  sharePercent: small,
  version: number,
  keyEpoch: small,
});
const groups = list(
  some({ group: text, joined: number, cursor: number, head: number, keyEpoch: small }),
);

/** With what only Java clients are sent: it is passed over. */
const responses = some({
  resMsg: text,
  responseId: number,
  cmd: fc.nat(24),
  properties: fc.dictionary(text, text, { maxKeys: 3 }),
  batchResMsg: list(text),
  device: text,
  to: number,
  group: text,
  sendSeq: number,
  after: number,
  transient: fc.boolean(),
  sealed: bytes,
  content: bytes,
  silent: fc.boolean(),
  keyEpoch: small,
  marks,
  from: number,
  fromName: text,
  fromEpoch: bytes,
  at: number,
  seq: number,
  code: small,
  reason: text,
  head: number,
  rewound: fc.boolean(),
  first: number,
  expected: number,
  cursor: number,
  groupHead: number,
  serverVersion: small,
  groups,
  storeId: text,
  marksVersion: number,
  presences: list(some({ userId: number, online: fc.boolean(), lastSeen: number })),
  facts,
});

const contents = some({
  custom: some({ type: text, data: bytes }),
  edit: some({ target: text, counter: number, lead: small }),
  retract: some({ target: text }),
  reactions: some({ target: text, counter: number, emoji: list(text) }),
  typing: some({ sendSeq: number }),
  file: some({
    id: text,
    capability: text,
    name: text,
    bytes: number,
    type: text,
    width: small,
    height: small,
    durationMs: number,
    thumbnail: bytes,
    key: bytes,
    sha256: bytes,
  }),
  replyTo: text,
  mentions: list(number),
});

/** Without what is 0 or empty, in all depths: proto3 leaves it out. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  const fields = Object.entries(value).map(([name, each]) => [name, plain(each)] as const);
  return Object.fromEntries(fields.filter(([, each]) => !isAbsent(each)));
}

function isAbsent(value: unknown): boolean {
  const isEmpty = (Array.isArray(value) || value instanceof Uint8Array) && value.length === 0;
  return (
    isEmpty ||
    value === undefined ||
    value === null ||
    value === 0 ||
    value === '' ||
    value === false
  );
}

interface Type {
  encode(fields: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** By protobufjs. */
function encoded(type: Type, fields: unknown): Uint8Array {
  return type.encode(plain(fields) as never).finish();
}

/** What protobufjs reads, without what only Java clients are sent. */
function decoded(type: Type, from: Uint8Array): unknown {
  const { properties, batchResMsg, responseId, kind, $unknowns, ...fields } = type.decode(
    from,
  ) as Record<string, unknown>;
  return plain(fields);
}

const hex = (from: Uint8Array) => Buffer.from(from).toString('hex');

describe('written as by protobufjs', () => {
  test('a request', () => {
    const property = fc.property(requests, (request) => {
      expect(hex(bytesOfRequest(request))).toBe(hex(encoded(Request, request)));
    });
    fc.assert(property);
  });

  test('a content', () => {
    const property = fc.property(contents, (content) => {
      expect(hex(bytesOfContent(content))).toBe(hex(encoded(Content, content)));
    });
    fc.assert(property);
  });
});

test.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])(
  'what would be another number is not written: %d',
  (to) => {
    const write = () => bytesOfRequest({ to });
    if (Number.isNaN(to)) expect(hex(write())).toBe('');
    else expect(write).toThrow(RangeError);
  },
);

test.each([
  ['a tag in six bytes', [0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00]],
  ['a length in six bytes', [0x52, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ['a field without a number', [0x00, 0x00]],
  ['a text that is cut off', [0x52, 0x02, 0x61]],
])('what protobufjs does not read is not read: %s', (_, from) => {
  expect(() => Response.decode(Uint8Array.from(from))).toThrow();
  expect(() => readResponseOf(Uint8Array.from(from))).toThrow(ProtocolError);
});

const both = [
  ['a response', Response, responses, readResponseOf],
  ['a content', Content, contents, readContentOf],
] as const;

describe.each(both)('read as by protobufjs: %s', (name, type, messages, read) => {
  test('that it has written', () => {
    const property = fc.property(messages as fc.Arbitrary<object>, (message) => {
      const from = encoded(type, message);
      expect(plain(read(from))).toEqual(decoded(type, from));
    });
    fc.assert(property);
  });

  test('in two pieces, of which the second has more of the same', () => {
    const pair = fc.tuple(messages as fc.Arbitrary<object>, messages as fc.Arbitrary<object>);
    const property = fc.property(pair, (pieces) => {
      const from = Buffer.concat(pieces.map((piece) => encoded(type, piece)));
      expect(plain(read(from))).toEqual(decoded(type, from));
    });
    fc.assert(property);
  });

  test(
    'of whatever: it is a ProtocolError, or the same',
    async () => {
      const damaged = fc
        .tuple(messages as fc.Arbitrary<object>, list(fc.tuple(fc.nat(), fc.nat(255))))
        .map(([message, changes]) => {
          const from = Uint8Array.from(encoded(type, message));
          for (const [at, byte] of changes) if (from.length > 0) from[at % from.length] = byte;
          return from;
        });
      const property = fc.property(damaged, (from) => {
        let message: object;
        try {
          message = read(from);
        } catch (error) {
          ProtocolError.assert(error);
          return;
        }
        if (hasOnlySafe(message)) expect(plain(message)).toEqual(decoded(type, from));
      });
      await fuzz(`messages ${name}`, property, 2_000);
    },
    fuzzTimeoutMs,
  );
});

/** Of larger numbers decoders keep different parts. */
function hasOnlySafe(value: unknown): boolean {
  if (typeof value === 'number') return value <= 2 ** 31 - 1;
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return true;
  return Object.values(value).every(hasOnlySafe);
}

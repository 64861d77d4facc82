/**
 * Reads the fields of a MESSAGE body (proto/cim.proto) straight from its bytes, without decoding
 * its text: what a route needs to store it, a server to push it, and a store to know its identity.
 * Fields that are not listed are stepped over.
 */
import { ProtocolError } from './protocol-error.ts';
import { VarintReader } from './varint.ts';

/**
 * Tags (field number × 8 + wire type) of the fields of proto/cim.proto that are read or written by
 * hand.
 */
export const tag = {
  text: 1 * 8 + 2,
  requestId: 2 * 8,
  command: 3 * 8,
  properties: 4 * 8 + 2,
  to: 21 * 8,
  group: 22 * 8 + 2,
  sendSeq: 23 * 8,
  restart: 24 * 8,
  transient: 28 * 8,
  sealed: 30 * 8 + 2,
  from: 40 * 8,
  fromName: 41 * 8 + 2,
  fromEpoch: 42 * 8 + 2,
  at: 43 * 8,
  seq: 44 * 8,
  code: 45 * 8,
  expected: 50 * 8,
} as const;

export interface MessageFields {
  to: number;
  group: string;
  sendSeq: number;
  restart: boolean;
  transient: boolean;
  from: number;
  fromName: string;
  /** The sender's epoch, 16 hex digits; empty if absent. */
  epochHex: string;
  at: number;
  seq: number;
  /** Where the text's UTF-8 bytes are in the body. */
  textStart: number;
  textEnd: number;
  /** The same of what is sealed in place of a text; both 0 where nothing is. */
  sealedStart: number;
  sealedEnd: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function decodeText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    throw new ProtocolError('a text is not UTF-8');
  }
}

export function scanMessage(body: Uint8Array): MessageFields {
  const fields: MessageFields = {
    to: 0,
    group: '',
    sendSeq: 0,
    restart: false,
    transient: false,
    from: 0,
    fromName: '',
    epochHex: '',
    at: 0,
    seq: 0,
    textStart: 0,
    textEnd: 0,
    sealedStart: 0,
    sealedEnd: 0,
  };
  const reader = new VarintReader(body);
  while (!reader.done) readField(reader, fields);
  return fields;
}

function readField(reader: VarintReader, fields: MessageFields): void {
  const found = reader.next();
  switch (found) {
    case tag.text: {
      const length = reader.next();
      fields.textStart = reader.skip(length);
      fields.textEnd = reader.offset;
      return;
    }
    case tag.sealed: {
      const length = reader.next();
      fields.sealedStart = reader.skip(length);
      fields.sealedEnd = reader.offset;
      return;
    }
    case tag.to:
      fields.to = reader.next();
      return;
    case tag.group:
      fields.group = readText(reader);
      return;
    case tag.sendSeq:
      fields.sendSeq = reader.next();
      return;
    case tag.restart:
      fields.restart = reader.next() !== 0;
      return;
    case tag.transient:
      fields.transient = reader.next() !== 0;
      return;
    case tag.from:
      fields.from = reader.next();
      return;
    case tag.fromName:
      fields.fromName = readText(reader);
      return;
    case tag.fromEpoch:
      fields.epochHex = readHex(reader);
      return;
    case tag.at:
      fields.at = reader.next();
      return;
    case tag.seq:
      fields.seq = reader.next();
      return;
    default:
      reader.skipValue(found & 7);
  }
}

function readText(reader: VarintReader): string {
  const length = reader.next();
  const start = reader.skip(length);
  return decodeText(reader.bytes, start, start + length);
}

function readHex(reader: VarintReader): string {
  const length = reader.next();
  const start = reader.skip(length);
  return toHex(reader.bytes, start, start + length);
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let hex = '';
  for (let index = start; index < end; index++) hex += hexOfByte[bytes[index] as number];
  return hex;
}

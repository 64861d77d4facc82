/**
 * Reads the fields of a MESSAGE body (proto/cim.proto) straight from its bytes, without decoding
 * its text: what a route needs to store it, a server to push it, and a store to know its identity.
 * Fields that are not listed are stepped over.
 */
import { decodeUtf8 } from '../base/text/utf8.ts';
import {
  atTag,
  contentTag,
  fromEpochTag,
  fromNameTag,
  fromTag,
  groupTag,
  keyEpochTag,
  reqMsgTag,
  restartTag,
  sealedTag,
  sendSeqTag,
  seqTag,
  silentTag,
  toTag,
  transientTag,
} from './generated/wire.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader } from './varint.ts';

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
  /** The same of a content. */
  contentStart: number;
  contentEnd: number;
  silent: boolean;
  /** The epoch of the group's key under which it is sealed; 0: under none. */
  keyEpoch: number;
}

export function decodeText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const text = decodeUtf8(bytes.subarray(start, end));
  if (text === undefined) throw new ProtocolError('a text is not UTF-8');
  return text;
}

/** Null: it cannot be read. Then it is passed over: one body is no reason to stop for all others. */
export function scanIfReadable(body: Uint8Array): MessageFields | null {
  try {
    return scanMessage(body);
  } catch (error) {
    ProtocolError.assert(error);
    return null;
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
    contentStart: 0,
    contentEnd: 0,
    silent: false,
    keyEpoch: 0,
  };
  const reader = new VarintReader(body);
  while (!reader.done) readField(reader, fields);
  return fields;
}

function readField(reader: VarintReader, fields: MessageFields): void {
  const found = reader.next();
  switch (found) {
    case reqMsgTag: {
      const length = reader.next();
      fields.textStart = reader.skip(length);
      fields.textEnd = reader.offset;
      return;
    }
    case sealedTag: {
      // An empty one is none to protobuf.
      const length = reader.next();
      const start = reader.skip(length);
      fields.sealedStart = length === 0 ? 0 : start;
      fields.sealedEnd = length === 0 ? 0 : reader.offset;
      return;
    }
    case contentTag: {
      const length = reader.next();
      const start = reader.skip(length);
      fields.contentStart = length === 0 ? 0 : start;
      fields.contentEnd = length === 0 ? 0 : reader.offset;
      return;
    }
    case silentTag:
      fields.silent = reader.nextFlag();
      return;
    case keyEpochTag:
      fields.keyEpoch = reader.next();
      return;
    case toTag:
      fields.to = reader.next();
      return;
    case groupTag:
      fields.group = readText(reader);
      return;
    case sendSeqTag:
      fields.sendSeq = reader.next();
      return;
    case restartTag:
      fields.restart = reader.nextFlag();
      return;
    case transientTag:
      fields.transient = reader.nextFlag();
      return;
    case fromTag:
      fields.from = reader.next();
      return;
    case fromNameTag:
      fields.fromName = readText(reader);
      return;
    case fromEpochTag:
      fields.epochHex = readHex(reader);
      return;
    case atTag:
      fields.at = reader.next();
      return;
    case seqTag:
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

export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++)
    bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}

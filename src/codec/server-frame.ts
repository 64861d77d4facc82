/**
 * What servers send to cim clients, as they write it; the SDK reads it with sdk-frame.ts. Encoders
 * return whole frames, length included.
 */
import { errorTable } from '../base/errors.ts';
import { type CloseName, closeCodes } from './close-codes.ts';
import { command, protocolVersion } from './commands.ts';
import { frame } from './frame.ts';
import type { Mark } from './generated/link.ts';
import {
  cmdTag,
  codeTag,
  expectedTag,
  groupTag,
  sendSeqTag,
  seqTag,
  toTag,
} from './generated/wire.ts';
import type { PresenceNews } from './presence.ts';
import { com } from './protobuf.ts';
import { fieldLength, varintLength, writeField, writeVarint } from './varint.ts';

const { Response } = com.crossoverjie.cim.common.protocol;

const busy = Number(errorTable.busy.code);

type ResponseFields = NonNullable<Parameters<typeof Response.create>[0]>;

function encode(fields: ResponseFields): Uint8Array {
  return frame(Response.encode(Response.create(fields)).finish());
}

/**
 * A stored body with its number in the reader's timeline: one copy of the bytes, nothing decoded.
 */
export function encodePush(body: Uint8Array, seq: number): Uint8Array {
  const length = body.length + fieldLength(seqTag, seq);
  const pushed = Buffer.allocUnsafe(varintLength(length) + length);
  const offset = writeVarint(pushed, length, 0);
  pushed.set(body, offset);
  writeField(pushed, seqTag, seq, offset + body.length);
  return pushed;
}

/** What `encodePush` puts behind a body, at the start of `target`; how many bytes that is, at most 10. */
export function writeSeq(target: Uint8Array, seq: number): number {
  return writeField(target, seqTag, seq, 0);
}

export const pong = encode({ cmd: command.ping, resMsg: 'pong' });

export interface Welcome {
  readonly device: string;
  /** Where a device without a cursor of its own starts reading. */
  readonly cursor: number;
  readonly head: number;
  readonly lobbyHead: number;
  readonly groups: readonly WelcomeGroup[];
  /** Which store all this is from. */
  readonly storeId: string;
  /** Counts what has changed of the marks that concern the user. */
  readonly marksVersion: number;
}

/** A named group that the user is in, as a login tells it. */
export interface WelcomeGroup {
  readonly group: string;
  /** The newest number of the group when the user joined: nothing up to it is theirs. */
  readonly joined: number;
  /** Where a device that was never seen before starts. */
  readonly cursor: number;
  readonly head: number;
  /** The epoch of its key; 0: it is not encrypted. */
  readonly keyEpoch: number;
}

export function encodeWelcome(welcome: Welcome): Uint8Array {
  const { device, cursor, head, lobbyHead, groups, storeId, marksVersion } = welcome;
  return encode({
    cmd: command.welcome,
    device,
    cursor,
    head,
    groupHead: lobbyHead,
    serverVersion: protocolVersion,
    groups: [...groups],
    storeId,
    marksVersion,
  });
}

export interface Ack {
  /** The conversation: a user, or (`group` not empty) a group. */
  readonly to: number;
  readonly group: string;
  readonly sendSeq: number;
  /** 0 = stored, otherwise a code of src/base/errors.ts. */
  readonly code: number;
  readonly seq: number;
  readonly expected: number;
}

export function encodeAck(ack: Ack): Uint8Array {
  return encodeAcks({ ...ack, count: 1 }, { ...ack, duplicates: 0 });
}

/**
 * An ACK for each message of a run whose fate is this (src/api/route-api.ts). By hand, as there is
 * one for every message: the generated encoder looks at every field that a Response could have.
 */
export function encodeAcks(
  { to, group, sendSeq, count }: Pick<Ack, 'to' | 'group' | 'sendSeq'> & { readonly count: number },
  {
    code,
    seq,
    expected,
    duplicates,
    stored = 0,
    refused = 0,
  }: Pick<Ack, 'code' | 'seq' | 'expected'> & {
    readonly duplicates: number;
    readonly stored?: number;
    readonly refused?: number;
  },
): Uint8Array {
  const groupBytes = Buffer.byteLength(group);
  const conversationLength =
    fieldLength(cmdTag, command.ack) +
    fieldLength(toTag, to) +
    fieldLength(groupTag, groupBytes) +
    groupBytes;
  const longest =
    conversationLength +
    fieldLength(sendSeqTag, sendSeq + count) +
    fieldLength(seqTag, seq + count) +
    fieldLength(codeTag, code === 0 ? 0 : Math.max(code, busy)) +
    fieldLength(expectedTag, expected);
  const acks = Buffer.allocUnsafe(count * (varintLength(longest) + longest));
  // Behind these nothing is stored, and behind those nothing was looked at.
  const storedEnd = code === 0 ? count : duplicates + stored;
  const refusedEnd = refused === 0 ? count : storedEnd + refused;
  let offset = 0;
  for (let position = 0; position < count; position++) {
    const isDuplicate = position < duplicates;
    const isStored = position < storedEnd;
    const ackCode = isStored ? 0 : position < refusedEnd ? code : busy;
    const ackExpected = isDuplicate || (isStored && code !== 0) ? 0 : expected;
    let ackSeq = seq + position - duplicates;
    // Of those that were stored before only the last has a number, if all were.
    if (
      seq === 0 ||
      (stored > 0 && !isStored) ||
      (isDuplicate && (duplicates < count || position < count - 1))
    )
      ackSeq = 0;
    else if (isDuplicate) ackSeq = seq;
    const number = sendSeq + position;
    const length =
      conversationLength +
      fieldLength(sendSeqTag, number) +
      fieldLength(seqTag, ackSeq) +
      fieldLength(codeTag, ackCode) +
      fieldLength(expectedTag, ackExpected);
    offset = writeVarint(acks, length, offset);
    offset = writeField(acks, cmdTag, command.ack, offset);
    offset = writeField(acks, toTag, to, offset);
    offset = writeField(acks, groupTag, groupBytes, offset);
    if (groupBytes > 0) offset += acks.write(group, offset);
    offset = writeField(acks, sendSeqTag, number, offset);
    offset = writeField(acks, seqTag, ackSeq, offset);
    offset = writeField(acks, codeTag, ackCode, offset);
    offset = writeField(acks, expectedTag, ackExpected, offset);
  }
  return acks.subarray(0, offset);
}

export interface PageEnd {
  readonly group: string;
  /** The cursor that was read from. */
  readonly after: number;
  readonly head: number;
  readonly first: number;
  readonly rewound: boolean;
  /** 0, or `busy`: the page could not be read, ask again. */
  readonly code: number;
}

export function encodePageEnd({ group, after, head, first, rewound, code }: PageEnd): Uint8Array {
  return encode({ cmd: command.read, group, after, head, first, rewound, code });
}

export function encodeHint(group: string, head: number): Uint8Array {
  return encode({ cmd: command.hint, group, head });
}

export interface MarkPush {
  readonly reader: number;
  /** Empty: a private conversation. */
  readonly group: string;
  readonly marks: readonly Mark[];
}

/**
 * How far a reader has got. `version`: everything up to it was told on this connection; without marks
 * it was not, and they are to be asked for.
 */
export function encodeMarks({ reader, group, marks }: MarkPush, version: number): Uint8Array {
  return encode({
    cmd: command.mark,
    from: reader,
    group,
    marks: marks.map(({ from, epochHex, sendSeq, kind }) => ({
      from,
      epoch: Buffer.from(epochHex, 'hex'),
      sendSeq,
      kind,
    })),
    marksVersion: version,
  });
}

/** The user has joined a group. `keyEpoch`: of its key; 0: it is not encrypted. */
export function encodeJoined(
  group: string,
  joined: number,
  head: number,
  keyEpoch: number,
): Uint8Array {
  return encode({ cmd: command.group, group, after: joined, head, keyEpoch });
}

/** What a group is. `sharePercent`: 0: as others have it. */
export interface GroupFacts {
  readonly group: string;
  readonly title: string;
  readonly owner: number;
  readonly admins: readonly number[];
  readonly entry: string;
  readonly sharePercent: number;
  readonly version: number;
  /** 0: it is not encrypted. */
  readonly keyEpoch: number;
}

export function encodeGroupFacts({ group, ...facts }: GroupFacts): Uint8Array {
  return encode({ cmd: command.group, group, facts: { ...facts, admins: [...facts.admins] } });
}

/** The user is no longer in the group; `code`: why. */
export function encodeLeft(group: string, code: number): Uint8Array {
  return encode({ cmd: command.group, group, code });
}

/** The user may join a group: `by` has invited them. */
export function encodeInvited(group: string, by: number): Uint8Array {
  return encode({ cmd: command.group, group, from: by });
}

export function encodePresence(presences: readonly PresenceNews[]): Uint8Array {
  return encode({ cmd: command.presence, presences: [...presences] });
}

/** Not all that a client has named can be watched. */
export const watchRefused = encode({ cmd: command.presence, code: busy });

export function encodeClose(
  name: CloseName,
  reason: string = closeCodes[name].meaning,
): Uint8Array {
  return encodeCloseCode(closeCodes[name].code, reason);
}

export function encodeCloseCode(code: number, reason: string): Uint8Array {
  return encode({ cmd: command.close, code, reason });
}

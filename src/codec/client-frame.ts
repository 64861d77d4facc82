/**
 * What clients send, as a server reads it. A frame of a cim client may hold only client fields,
 * each once: whatever the server appends when it forwards the bytes is then its own word. A Java
 * peer (a login without protocolVersion) may send anything protobuf allows: unknown fields, an
 * explicit zero command, an empty frame. Nothing of a Java peer is forwarded, so nothing there can
 * be forged.
 */
import { isUtf8 } from 'node:buffer';
import { limits } from '../base/limits.ts';
import { command } from './commands.ts';
import { tag } from './message-scan.ts';
import { com } from './protobuf.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader } from './varint.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

/** For `commandOf`, which is asked of every frame. */
const commandReader = new VarintReader(new Uint8Array());
const commandTag = tag.command;

/** Exact tags (field and wire type), each with a bit to see it twice by. */
type TagBits = ReadonlyMap<number, number>;

function tagBits(tags: readonly number[]): TagBits {
  return new Map(tags.map((exactTag, index) => [exactTag, 1 << index]));
}

/** All that Request has for a cim client. */
const clientTags = tagBits([
  ...[1, 17, 19, 22, 26, 29, 30].map((field) => field * 8 + 2),
  ...[2, 3, 16, 18, 20, 21, 23, 24, 25, 27, 28].map((field) => field * 8),
]);

export interface LoginFrame {
  readonly userId: number;
  readonly userName: string;
  /** 0 = a Java peer; the fields below are then empty. */
  readonly protocolVersion: number;
  readonly device: string;
  readonly connectionNumber: number;
  /** 16 hex digits. */
  readonly epochHex: string;
  readonly ephemeral: boolean;
  /** Empty: none was shown. */
  readonly token: string;
}

export interface ReadFrame {
  /** Empty: the user's own timeline. */
  readonly group: string;
  readonly after: number;
  readonly afterIdentity: string;
  readonly limit: number;
}

const javaLogin = {
  protocolVersion: 0,
  device: '',
  connectionNumber: 0,
  epochHex: '',
  ephemeral: false,
  token: '',
};

/**
 * The command of a client's frame, which lies in `bytes` from `start` to `end`; 0 (login) when the
 * field is not there, which is how the Java system writes it.
 */
export function commandOf(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  commandReader.over(bytes, start, end);
  while (!commandReader.done) {
    const next = commandReader.next();
    if (next === commandTag) return commandReader.next();
    commandReader.skipValue(next & 7);
  }
  return command.login;
}

/**
 * Throws ProtocolError unless the frame holds only client fields, each at most once, and its text
 * is UTF-8.
 */
export function assertClientFields(frame: Uint8Array): void {
  const reader = new VarintReader(frame);
  let seen = 0;
  while (!reader.done) {
    const next = reader.next();
    const bit = clientTags.get(next);
    if (bit === undefined) {
      throw new ProtocolError(`field ${Math.floor(next / 8)} is not a client's to set here`);
    }
    if ((seen & bit) !== 0) throw new ProtocolError(`field ${next >>> 3} is there twice`);
    seen |= bit;
    const start = reader.offset;
    reader.skipValue(next & 7);
    if (next === tag.text) assertText(frame, start, reader.offset);
  }
}

function assertText(frame: Uint8Array, lengthStart: number, end: number): void {
  const text = new VarintReader(frame, lengthStart, end);
  const length = text.next();
  if (!isUtf8(frame.subarray(text.offset, text.offset + length)))
    throw new ProtocolError('a text is not UTF-8');
}

export function decodeLogin(frame: Uint8Array): LoginFrame {
  const request = decodeRequest(frame);
  const { requestId: userId, reqMsg: userName, protocolVersion } = request;
  // Whatever else a Java peer sends is nothing that it knows of.
  if (protocolVersion === 0) {
    if (Object.keys(request.properties).length > limits.propertiesMax)
      throw new ProtocolError(`a frame has at most ${limits.propertiesMax} properties`);
    return { userId, userName, ...javaLogin };
  }
  assertClientFields(frame);
  const { device, connectionNumber, epoch, ephemeral, token } = request;
  const epochHex = Buffer.from(epoch).toString('hex');
  return {
    userId,
    userName,
    protocolVersion,
    device,
    connectionNumber,
    epochHex,
    ephemeral,
    token,
  };
}

export function decodeRead(frame: Uint8Array): ReadFrame {
  assertClientFields(frame);
  const { group, after, afterIdentity, limit } = decodeRequest(frame);
  return { group, after, afterIdentity, limit };
}

export interface AcknowledgementFrame {
  /** Empty: the user's own timeline. */
  readonly group: string;
  readonly seq: number;
}

/** A client's cumulative acknowledgement: everything up to `seq` of the timeline was shown. */
export function decodeAcknowledgement(frame: Uint8Array): AcknowledgementFrame {
  assertClientFields(frame);
  const { group, after } = decodeRequest(frame);
  return { group, seq: after };
}

function decodeRequest(frame: Uint8Array): InstanceType<typeof Request> {
  try {
    return Request.decode(frame);
  } catch (error) {
    throw new ProtocolError('the frame is not a message of the protocol', { cause: error });
  }
}

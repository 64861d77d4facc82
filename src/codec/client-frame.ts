/**
 * What clients send, as a server reads it. A frame of a cim client may hold only client fields,
 * each once, and each in the one way in which all decoders read it alike: whatever the server
 * appends when it forwards the bytes is then its own word, and what it read is what everybody reads.
 * A Java peer (a login without protocolVersion) may send anything protobuf allows: unknown fields,
 * numbers longer than they need to be, an explicit zero command, an empty frame. Nothing of a Java
 * peer is forwarded, so nothing there can be forged.
 */
import { isUtf8 } from 'node:buffer';
import { limits } from '../base/limits.ts';
import { requestFields } from './generated/wire.ts';
import { decodeIds, type WatchFrame } from './presence.ts';
import { com } from './protobuf.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader } from './varint.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

type FieldType = (typeof requestFields)[number]['type'];
/** What a field may hold: text, bytes, or a whole number up to this, which no decoder cuts. */
type Content = 'text' | 'bytes' | number;

const contentOf: Readonly<Record<FieldType, Content>> = {
  string: 'text',
  bytes: 'bytes',
  bool: 1,
  enum: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  int64: Number.MAX_SAFE_INTEGER,
  uint64: Number.MAX_SAFE_INTEGER,
};

/** All fields that Request has for a cim client, by their exact tags (field and wire type). */
const clientTags: ReadonlyMap<number, Content> = new Map(
  requestFields.map(({ tag, type }) => [tag, contentOf[type]]),
);

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
 * Throws ProtocolError unless the frame holds only client fields, each at most once, with texts that
 * are UTF-8 and numbers that no decoder cuts.
 */
export function assertClientFields(frame: Uint8Array): void {
  const reader = new VarintReader(frame);
  const seen = new Set<number>();
  while (!reader.done) {
    const next = reader.next();
    const field = Math.floor(next / 8);
    const content = clientTags.get(next);
    if (content === undefined)
      throw new ProtocolError(`field ${field} is not a client's to set here`);
    if (seen.has(next)) throw new ProtocolError(`field ${field} is there twice`);
    seen.add(next);
    const value = reader.next();
    if (typeof content !== 'number') assertBytes(reader, value, content);
    else if (value > content) throw new ProtocolError(`field ${field} is over its limit`);
  }
}

function assertBytes(reader: VarintReader, length: number, content: 'text' | 'bytes'): void {
  const start = reader.skip(length);
  if (content === 'text' && !isUtf8(reader.bytes.subarray(start, reader.offset)))
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

/** Whom a client watches. */
export function decodeWatch(frame: Uint8Array): WatchFrame {
  assertClientFields(frame);
  const { watched, watchedOnline } = decodeRequest(frame);
  return { userIds: decodeIds(watched), online: decodeIds(watchedOnline) };
}

function decodeRequest(frame: Uint8Array): InstanceType<typeof Request> {
  try {
    return Request.decode(frame);
  } catch (error) {
    throw new ProtocolError('the frame is not a message of the protocol', { cause: error });
  }
}

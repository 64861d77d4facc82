/**
 * Makes the body under which a message is stored and later pushed: the bytes as a client sent them,
 * and behind them the fields that only servers set. Nothing is decoded or re-encoded on the way.
 */
import { command } from './commands.ts';
import { atTag, fromEpochTag, fromNameTag, fromTag } from './generated/wire.ts';
import { com } from './protobuf.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Run } from './run.ts';
import { fieldLength, VarintReader, writeField, writeVarint } from './varint.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

export interface Origin {
  readonly from: number;
  readonly fromName: string;
  /** 16 hex digits. */
  readonly epochHex: string;
  /** When a route accepted it, ms since 1970. */
  readonly at: number;
}

/**
 * Appends the origin to a client's MESSAGE. By hand, as this is done for every message: the
 * generated encoder looks at every field that a Response could have.
 */
export function appendOrigin(
  clientFrame: Uint8Array,
  { from, fromName, epochHex, at }: Origin,
): Uint8Array {
  const nameBytes = Buffer.byteLength(fromName);
  const epochBytes = epochHex.length / 2;
  const body = Buffer.allocUnsafe(
    clientFrame.length +
      fieldLength(fromTag, from) +
      fieldLength(fromNameTag, nameBytes) +
      nameBytes +
      fieldLength(fromEpochTag, epochBytes) +
      epochBytes +
      fieldLength(atTag, at),
  );
  body.set(clientFrame);
  let offset = writeField(body, fromTag, from, clientFrame.length);
  offset = writeField(body, fromNameTag, nameBytes, offset);
  offset += body.write(fromName, offset);
  offset = writeField(body, fromEpochTag, epochBytes, offset);
  offset += body.write(epochHex, offset, 'hex');
  writeField(body, atTag, at, offset);
  return body;
}

const nothing = new Uint8Array();

/**
 * Appends the origin to every message of a run that came from a client. Throws ProtocolError if it
 * is none of so many messages.
 */
export function appendOriginToAll({ count, bodies }: Run, origin: Origin): Run {
  const tail = appendOrigin(nothing, origin);
  const reader = new VarintReader(bodies);
  // A length may take a byte more than it did.
  const stored = Buffer.allocUnsafe(bodies.length + count * (tail.length + 1));
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const length = reader.next();
    const start = reader.skip(length);
    offset = writeVarint(stored, length + tail.length, offset);
    stored.set(bodies.subarray(start, start + length), offset);
    stored.set(tail, offset + length);
    offset += length + tail.length;
  }
  if (!reader.done) throw new ProtocolError(`a run of ${count} messages has more`);
  return { count, bodies: stored.subarray(0, offset) };
}

/**
 * What `appendOrigin` puts behind a message, kept for a sender whose messages are written on at once:
 * it is made anew only when the time has changed.
 */
export class OriginTail {
  readonly #origin: Omit<Origin, 'at'>;
  #bytes: Uint8Array = nothing;
  #at = -1;
  /** That the time takes; none was asked for yet. */
  #atBytes = -1;

  constructor(origin: Omit<Origin, 'at'>) {
    this.#origin = origin;
  }

  /** Good until it is asked for another time. */
  at(at: number): Uint8Array {
    if (at === this.#at) return this.#bytes;
    const atBytes = fieldLength(atTag, at);
    // The time is the last of its fields.
    if (atBytes === this.#atBytes) writeField(this.#bytes, atTag, at, this.#bytes.length - atBytes);
    else this.#bytes = appendOrigin(nothing, { ...this.#origin, at });
    this.#at = at;
    this.#atBytes = atBytes;
    return this.#bytes;
  }
}

/** When the last message of a run, as it is stored, was accepted: ms since 1970, its last field. */
export function acceptedAt(bodies: Uint8Array): number {
  let start = bodies.length - 1;
  while (start > 0 && (bodies[start - 1] as number) >= 0x80) start -= 1;
  return new VarintReader(bodies.subarray(Math.max(0, start))).next();
}

export interface ClientMessage {
  readonly to?: number;
  readonly group?: string;
  /** 0 for a transient one: nothing is kept that it could be told apart by. */
  readonly sendSeq: number;
  /** Or, in its place, what only the devices of both sides can open. */
  readonly text: string | Uint8Array;
  /** A Content (proto/content.proto). */
  readonly content?: Uint8Array;
  readonly silent?: boolean;
  readonly transient?: boolean;
  /** All before it were answered. */
  readonly restart?: boolean;
}

/** What a cim client would have sent for this message; for those that come over HTTP. */
export function encodeClientMessage(message: ClientMessage): Uint8Array {
  const { to, group, sendSeq, text, content, silent, transient, restart } = message;
  const fields: NonNullable<Parameters<typeof Request.create>[0]> = {
    cmd: command.message,
    sendSeq,
    ...(typeof text === 'string' ? { reqMsg: text } : { sealed: text }),
    ...(content && { content }),
    ...(silent && { silent }),
  };
  if (to !== undefined) fields.to = to;
  if (group !== undefined) fields.group = group;
  if (transient) fields.transient = true;
  if (restart) fields.restart = true;
  return Request.encode(Request.create(fields)).finish();
}

/**
 * The cim wire as a load generator speaks it: frames written and told apart by hand, so that a
 * process can put more on a server than it has to do itself. It trusts its peer; does no I/O.
 */
import { command, protocolVersion } from '../codec/commands.ts';
import { tag } from '../codec/message-scan.ts';
import { encodeRequest } from '../codec/server-frame.ts';
import {
  fieldLength,
  VarintReader,
  varintLength,
  writeField,
  writeVarint,
} from '../codec/varint.ts';

export interface WireLogin {
  readonly userId: number;
  readonly userName: string;
  /** Empty: the cluster is open to all. */
  readonly token: string;
  readonly epoch: Uint8Array;
}

/** An ephemeral device: it leaves nothing behind. */
export function encodeLogin({ userId, userName, token, epoch }: WireLogin): Uint8Array {
  return encodeRequest({
    cmd: command.login,
    requestId: userId,
    reqMsg: userName,
    protocolVersion,
    device: `bench-${userId}`,
    connectionNumber: Date.now(),
    epoch,
    ephemeral: true,
    ...(token !== '' && { token }),
  });
}

export const ping = encodeRequest({ cmd: command.ping, reqMsg: 'ping' });

/** A client's word that it has shown everything up to `seq` of its own timeline. */
export function encodeShown(seq: number): Uint8Array {
  return encodeRequest({ cmd: command.ack, after: seq });
}

export interface Conversation {
  /** A user's id, or a group's name. */
  readonly to: number | string;
  readonly transient: boolean;
}

/** Encodes messages of one conversation, whose texts are all of one length. */
export class MessageEncoder {
  readonly #transient: boolean;
  readonly #body: Uint8Array;
  readonly #textBytes: number;
  readonly #textStart: number;
  #sendSeq = 0;

  constructor({ to, transient }: Conversation, textBytes: number) {
    const address = typeof to === 'number' ? { to } : { group: to };
    const framed = encodeRequest({
      reqMsg: ' '.repeat(textBytes),
      cmd: command.message,
      ...address,
      ...(transient && { transient }),
    });
    const length = new VarintReader(framed);
    length.next();
    this.#body = framed.subarray(length.offset);
    this.#transient = transient;
    this.#textBytes = textBytes;
    this.#textStart = 1 + varintLength(textBytes);
  }

  /** The next messages, in one piece; `text` fits exactly, in bytes. */
  encode(text: string, count: number): Uint8Array {
    const body = this.#body;
    Buffer.from(body.buffer, body.byteOffset, body.length).write(text, this.#textStart, 'latin1');
    const lengthMax = body.length + fieldLength(tag.sendSeq, this.#sendSeq + count);
    const run = Buffer.allocUnsafe(count * (varintLength(lengthMax) + lengthMax));
    let offset = 0;
    for (let index = 0; index < count; index++) {
      if (!this.#transient) this.#sendSeq += 1;
      const sendSeq = this.#transient ? 0 : this.#sendSeq;
      offset = writeVarint(run, body.length + fieldLength(tag.sendSeq, sendSeq), offset);
      run.set(body, offset);
      offset = writeField(run, tag.sendSeq, sendSeq, offset + body.length);
    }
    return run.subarray(0, offset);
  }

  get textBytes(): number {
    return this.#textBytes;
  }
}

/** Whether a server's frame is a MESSAGE: a text and, behind it, the command. */
export function isMessage(frame: Uint8Array): boolean {
  if (frame[0] !== tag.text) return false;
  const reader = new VarintReader(frame, 1);
  const length = reader.next();
  const at = reader.offset + length;
  return frame[at] === tag.command && frame[at + 1] === command.message;
}

/** The code of an ACK (0 = stored); undefined: the frame is another one. */
export function ackCodeOf(frame: Uint8Array): number | undefined {
  if (frame[0] !== tag.command || frame[1] !== command.ack) return undefined;
  const reader = new VarintReader(frame);
  while (!reader.done) {
    const next = reader.next();
    if (next === tag.code) return reader.next();
    reader.skipValue(next & 7);
  }
  return 0;
}

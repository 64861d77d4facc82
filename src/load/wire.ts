/**
 * The cim wire as a load generator speaks it: frames written and told apart by hand, so that a
 * process can put more on a server than it has to do itself. It trusts its peer; does no I/O.
 */
import { command, protocolVersion } from '../codec/commands.ts';
import { cmdTag, codeTag, reqMsgTag, sendSeqTag } from '../codec/generated/wire.ts';
import { fromHex, type MessageFields } from '../codec/message-scan.ts';
import { encodeRequest } from '../codec/sdk-frame.ts';
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
  readonly device: string;
  readonly epoch: Uint8Array;
}

/** An ephemeral device: it leaves nothing behind. */
export function encodeLogin({ userId, userName, token, device, epoch }: WireLogin): Uint8Array {
  return encodeRequest({
    cmd: command.login,
    requestId: userId,
    reqMsg: userName,
    protocolVersion,
    device,
    connectionNumber: Date.now(),
    epoch,
    ephemeral: true,
    ...(token !== '' && { token }),
  });
}

export const ping = encodeRequest({ cmd: command.ping, reqMsg: 'ping' });

/**
 * A client's word that it has shown everything up to `seq`; `group` empty: of its own timeline. With a
 * message its sender is to hear that it was delivered.
 */
export function encodeShown(group: string, seq: number, message?: MessageFields): Uint8Array {
  const marks = message && [
    {
      from: message.from,
      epoch: fromHex(message.epochHex),
      sendSeq: message.sendSeq,
      seq: message.seq,
    },
  ];
  const about = group !== '' && { group };
  return encodeRequest({ cmd: command.ack, ...about, after: seq, ...(marks && { marks }) });
}

export interface LoadConversation {
  /** A user's id, or a group's name. */
  readonly to: number | string;
  readonly transient: boolean;
}

/** Encodes messages of one conversation, whose texts are all of one length. */
export class MessageEncoder {
  readonly #conversation: LoadConversation;
  /** A whole message but for its number, which comes last. */
  readonly #body: Buffer;
  readonly #textStart: number;
  readonly #textEnd: number;
  #sendSeq = 0;

  constructor(conversation: LoadConversation, textBytes: number) {
    this.#conversation = conversation;
    const framed = encodeRequest(this.#fields('x'.repeat(textBytes)));
    const length = new VarintReader(framed);
    length.next();
    this.#body = Buffer.from(framed.subarray(length.offset));
    this.#textStart = 1 + varintLength(textBytes);
    this.#textEnd = this.#textStart + textBytes;
  }

  /** The next messages, in one piece. `start`: how their texts begin, in ASCII. */
  encode(start: string, count: number): Uint8Array {
    const body = this.#body;
    body.write(start, this.#textStart, 'latin1');
    const isNumbered = !this.#conversation.transient;
    const lengthMax = body.length + fieldLength(sendSeqTag, this.#sendSeq + count);
    const run = Buffer.allocUnsafe(count * (varintLength(lengthMax) + lengthMax));
    let offset = 0;
    for (let index = 0; index < count; index++) {
      if (isNumbered) this.#sendSeq += 1;
      const sendSeq = isNumbered ? this.#sendSeq : 0;
      offset = writeVarint(run, body.length + fieldLength(sendSeqTag, sendSeq), offset);
      run.set(body, offset);
      offset = writeField(run, sendSeqTag, sendSeq, offset + body.length);
    }
    return run.subarray(0, offset);
  }

  /** The next message, as the first of those that were not refused. */
  encodeRestart(start: string): Uint8Array {
    this.#body.write(start, this.#textStart, 'latin1');
    this.#sendSeq += 1;
    const text = this.#body.toString('latin1', this.#textStart, this.#textEnd);
    return encodeRequest({ ...this.#fields(text), sendSeq: this.#sendSeq, restart: true });
  }

  #fields(reqMsg: string) {
    const { to, transient } = this.#conversation;
    const address = typeof to === 'number' ? { to } : { group: to };
    return { reqMsg, cmd: command.message, ...address, ...(transient && { transient }) };
  }
}

/** Begins to follow a group: what is sent to it from now on is pushed. */
export function encodeFollow(group: string, after: number): Uint8Array {
  return encodeRequest({ cmd: command.read, group, after, limit: 1 });
}

/*
 * What servers send: a frame lies in bytes from a start to an end.
 */

/** Whether it is a MESSAGE: a text and, behind it, the command. */
export function isMessage(bytes: Uint8Array, start: number): boolean {
  if (bytes[start] !== reqMsgTag) return false;
  const reader = new VarintReader(bytes, start + 1);
  const length = reader.next();
  const at = reader.offset + length;
  return bytes[at] === cmdTag && bytes[at + 1] === command.message;
}

/** Where the text of a MESSAGE begins. */
export function textStartOf(bytes: Uint8Array, start: number): number {
  const reader = new VarintReader(bytes, start + 1);
  reader.next();
  return reader.offset;
}

/** A number in decimal digits at a place in a text of ASCII. */
export function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) value = value * 10 + ((bytes[at] ?? 0x30) - 0x30);
  return value;
}

/** The code of an ACK (0 = stored); undefined: the frame is another one. */
export function ackCodeOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (bytes[start] !== cmdTag || bytes[start + 1] !== command.ack) return undefined;
  const reader = new VarintReader(bytes, start, end);
  while (!reader.done) {
    const next = reader.next();
    if (next === codeTag) return reader.next();
    reader.skipValue(next & 7);
  }
  return 0;
}

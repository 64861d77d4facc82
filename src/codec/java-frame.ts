/**
 * What a Java peer is sent (docs/reference/java-clients.md): `properties` instead of cim's own fields,
 * none of which it ever sees. The bytes are those of the Java server, field by field; test vectors
 * in test/unit/codec/golden-frames.ts.
 */

import { decodeUtf8 } from '../base/text/utf8.ts';
import { command } from './commands.ts';
import { frame } from './frame.ts';
import type { MessageFields } from './message-scan.ts';
import { com } from './protobuf.ts';
import { varintLength, writeVarint } from './varint.ts';

const { Response } = com.crossoverjie.cim.common.protocol;

export interface JavaSender {
  readonly userId: number;
  readonly name: string;
}

/** What a Java peer is shown of a message that it has no key for. */
const sealedText = '[encrypted message]';
/** And of one whose text is none. */
const unreadableText = '[message that cannot be read]';

/** The text of a message's body, as a Java peer is shown it. */
export function javaTextOf(body: Uint8Array, fields: MessageFields): string {
  const { textStart, textEnd, sealedEnd } = fields;
  if (sealedEnd > 0) return sealedText;
  return decodeUtf8(body.subarray(textStart, textEnd)) ?? unreadableText;
}

/** The three properties without which a Java client drops a frame, in the Java server's order. */
function propertiesOf(sender: JavaSender, receiverId: number): Record<string, string> {
  return {
    sendUserId: String(sender.userId),
    sendUserName: sender.name,
    receiveUserId: String(receiverId),
  };
}

export function encodeJavaMessage(
  receiverId: number,
  sender: JavaSender,
  text: string,
): Uint8Array {
  return encodeJavaPush(receiverId, command.message, propertiesOf(sender, receiverId), text, []);
}

/** Several texts of one sender, in order. */
export function encodeJavaTexts(
  receiverId: number,
  sender: JavaSender,
  texts: readonly string[],
): Uint8Array {
  return encodeJavaPush(receiverId, command.message, propertiesOf(sender, receiverId), '', texts);
}

/** Texts that waited for the receiver, of one sender, in order. */
export function encodeJavaOffline(
  receiverId: number,
  sender: JavaSender,
  texts: readonly string[],
): Uint8Array {
  return encodeJavaPush(receiverId, command.offline, propertiesOf(sender, receiverId), '', texts);
}

/** A push as `/sendMsg` asks for it: the batch, if there is one, wins over the text. */
export function encodeJavaPush(
  receiverId: number,
  cmd: number,
  properties: Readonly<Record<string, string>>,
  text: string,
  batch: readonly string[],
): Uint8Array {
  const fields: NonNullable<Parameters<typeof Response.create>[0]> = {
    responseId: receiverId,
    cmd,
    properties,
  };
  if (batch.length > 0) fields.batchResMsg = [...batch];
  else fields.resMsg = text;
  return frame(Response.encode(Response.create(fields)).finish());
}

/**
 * Texts of one sender for many Java peers: the bytes that all share are made once, and each receiver
 * gets a length, the shared bytes, and a tail with its own id. Protobuf allows any order of fields
 * and map entries.
 */
export class JavaFanOut {
  readonly #shared: Uint8Array;

  constructor(sender: JavaSender, texts: readonly string[]) {
    const properties = { sendUserId: String(sender.userId), sendUserName: sender.name };
    const content = texts.length === 1 ? { resMsg: texts[0] ?? '' } : { batchResMsg: [...texts] };
    this.#shared = Response.encode(
      Response.create({ ...content, cmd: command.message, properties }),
    ).finish();
  }

  /** One frame, in the order in which its parts are to be written. */
  partsFor(receiverId: number): readonly Uint8Array[] {
    const properties = { receiveUserId: String(receiverId) };
    const tail = Response.encode(Response.create({ responseId: receiverId, properties })).finish();
    const bytes = this.#shared.length + tail.length;
    const length = new Uint8Array(varintLength(bytes));
    writeVarint(length, bytes, 0);
    return [length, this.#shared, tail];
  }
}

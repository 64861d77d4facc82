/**
 * Messages as MQTT clients write and are shown them: a payload is a text if it is UTF-8, else an
 * application's own content; what it is says the property Content-Type.
 */
import { limits } from '../../../base/limits.ts';
import { decodeUtf8 } from '../../../base/text/utf8.ts';
import { identityOfFields } from '../../../codec/identity.ts';
import type { ClientMessage } from '../../../codec/message-body.ts';
import { decodeContent, encodeContent } from '../../../codec/message-content.ts';
import type { MessageFields } from '../../../codec/message-scan.ts';
import type { IPublishPacket } from '../../../codec/mqtt/packets.ts';

export type PublishProperties = NonNullable<IPublishPacket['properties']>;

const plainText = 'text/plain';
const bytesType = 'application/octet-stream';
/** What is shown of a message that only clients with the account's keys can open. */
const sealedText = '[encrypted message]';
const nothing = Buffer.alloc(0);

/** What a payload is as a message of cim. */
export function messageOf(
  payload: Uint8Array,
  properties: PublishProperties | undefined,
): Pick<ClientMessage, 'text' | 'content'> {
  const given = properties?.contentType ?? '';
  const type = given.length <= limits.customTypeCharactersMax ? given : '';
  const text = decodeUtf8(payload);
  if (text !== undefined) {
    if (type === '' || type.startsWith(plainText)) return { text };
    return { text, content: encodeContent({ custom: { type, data: nothing } }) };
  }
  const custom = { type: type || bytesType, data: payload };
  return { text: `[${payload.length} bytes, ${custom.type}]`, content: encodeContent({ custom }) };
}

export interface ShownMessage {
  readonly payload: Buffer;
  /** Before MQTT 5 there are none. */
  readonly properties: PublishProperties;
}

/** A message as its receiver is shown it; `seq` 0: it is transient. */
export function shownMessage(body: Uint8Array, fields: MessageFields, seq: number): ShownMessage {
  const { payload, contentType, isText } = contentOf(body, fields);
  const { from, fromName, at } = fields;
  return {
    payload,
    properties: {
      ...(isText && { payloadFormatIndicator: true }),
      contentType,
      userProperties: {
        ...(seq > 0 && { 'cim-id': identityOfFields(fields), 'cim-seq': String(seq) }),
        'cim-from': String(from),
        'cim-name': fromName,
        'cim-at': String(at),
        ...(fields.sealedEnd > 0 && { 'cim-sealed': '1' }),
      },
    },
  };
}

/** Nothing of it can be shown: who types, say. */
export function saysNothing({ textStart, textEnd, contentEnd, sealedEnd }: MessageFields): boolean {
  return textEnd === textStart && contentEnd > 0 && sealedEnd === 0;
}

function contentOf(body: Uint8Array, fields: MessageFields) {
  const { textStart, textEnd, sealedEnd, contentStart, contentEnd } = fields;
  if (sealedEnd > 0)
    return { payload: Buffer.from(sealedText), contentType: plainText, isText: true };
  const custom = decodeContent(body.subarray(contentStart, contentEnd))?.custom;
  if (custom && custom.data.length > 0) {
    const data = Buffer.from(custom.data);
    return { payload: data, contentType: custom.type, isText: false };
  }
  const text = decodeUtf8(body.subarray(textStart, textEnd)) ?? '';
  return { payload: Buffer.from(text), contentType: custom?.type ?? plainText, isText: true };
}

/** Publications to topics of the free space, as MQTT clients write them and are shown them. */
import { type PublishEntry, retaining } from '../../../api/route-api.ts';
import { encodePacket, type MqttVersion, type Packet } from '../../../codec/mqtt/packets.ts';
import { decodePublication, encodePublication } from '../../../codec/publication.ts';
import type { Publication } from '../../topics/topic-table.ts';
import type { PublishProperties } from './mqtt-messages.ts';

export interface WrittenPublication {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly properties: PublishProperties | undefined;
  /** ms since 1970 */
  readonly at: number;
  readonly owner: string;
  readonly clientId: string;
}

/** As routes take it. To retain nothing is to remove what was retained. */
export function publicationOf(written: WrittenPublication): PublishEntry {
  const { topic, payload, retain, properties = {}, at, owner, clientId } = written;
  const { contentType = '', responseTopic = '', correlationData, userProperties = {} } = properties;
  const body = encodePublication({
    ...{ payload, contentType, responseTopic, at },
    isText: properties.payloadFormatIndicator === true,
    correlation: correlationData ?? new Uint8Array(),
    properties: Object.entries(userProperties).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name, value })),
    ),
  });
  const kept = payload.length === 0 ? retaining.remove : retaining.keep;
  return {
    ...{ topic, owner, clientId, body, retain: retain ? kept : retaining.not },
    lifeMs: (properties.messageExpiryInterval ?? 0) * 1_000,
  };
}

/** What the bytes of a publication depend on. */
export interface Form {
  readonly version: MqttVersion;
  readonly isRetained: boolean;
  readonly identifier: number;
}

/** Of the last publication: most who have subscribed are told it in the same form. */
let last:
  | { readonly publication: Publication; readonly forms: Map<string, Uint8Array> }
  | undefined;

export function encodedOnce(publication: Publication, form: Form): Uint8Array {
  if (last?.publication !== publication) last = { publication, forms: new Map() };
  // There may be as many identifiers as subscriptions.
  if (form.identifier > 0) return encodedPublication(publication, form);
  const name = `${form.version} ${form.isRetained}`;
  const bytes = last.forms.get(name) ?? encodedPublication(publication, form);
  last.forms.set(name, bytes);
  return bytes;
}

/** Empty for a publication that is none. */
export function encodedPublication(
  { topic, body }: Pick<Publication, 'topic' | 'body'>,
  form: Form,
): Uint8Array {
  const content = decodePublication(body);
  if (!content) return new Uint8Array();
  const { payload, contentType, isText, responseTopic, correlation, properties } = content;
  const named = Map.groupBy(properties, ({ name }) => name);
  const userProperties = Object.fromEntries(
    [...named].map(([name, all]) => [name, all.map(({ value }) => value)]),
  );
  const packet: Packet = {
    ...{ cmd: 'publish', topic, qos: 0, dup: false, retain: form.isRetained },
    payload: Buffer.from(payload),
    ...(form.version === 5 && {
      properties: {
        ...(isText && { payloadFormatIndicator: true }),
        ...(contentType !== '' && { contentType }),
        ...(responseTopic !== '' && { responseTopic }),
        ...(correlation.length > 0 && { correlationData: Buffer.from(correlation) }),
        ...(named.size > 0 && { userProperties }),
        ...(form.identifier > 0 && { subscriptionIdentifier: form.identifier }),
      },
    }),
  };
  return encodePacket(packet, form.version);
}

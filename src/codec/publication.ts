/**
 * What is published to a topic, as it is retained and handed on (proto/topics.proto): the payload, and
 * what its publisher says of it. Whoever takes it from a client or an application writes it, whoever shows
 * it reads it; nobody between looks into it.
 */
import { cim } from './protobuf.ts';

export interface PublicationContent {
  readonly payload: Uint8Array;
  /** As its publisher says; empty: nothing is said. */
  readonly contentType: string;
  /** The payload is said to be UTF-8. */
  readonly isText: boolean;
  readonly responseTopic: string;
  readonly correlation: Uint8Array;
  /** A name may be there more than once. */
  readonly properties: readonly { readonly name: string; readonly value: string }[];
  /** ms since 1970 */
  readonly at: number;
}

const { Publication } = cim.topics;

export function encodePublication(content: PublicationContent): Uint8Array {
  return Publication.encode({ ...content, properties: [...content.properties] }).finish();
}

/** Undefined: it is none. */
export function decodePublication(body: Uint8Array): PublicationContent | undefined {
  try {
    const { payload, contentType, isText, responseTopic, correlation, properties, at } =
      Publication.decode(body);
    const named = properties.map(({ name = '', value = '' }) => ({
      name: name ?? '',
      value: value ?? '',
    }));
    return { payload, contentType, isText, responseTopic, correlation, properties: named, at };
  } catch {
    return undefined;
  }
}

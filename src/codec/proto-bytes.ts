/**
 * Fields of protobuf messages from and to bytes, for the code that generate.mjs makes of proto/*.proto
 * (generated/messages.ts). It runs in browsers too, and is small: what protobufjs does for servers would
 * be half of what a page has to load.
 *
 * Numbers are JavaScript's, as every id, number and time in cim is below 2^53. What is 0 or empty is not
 * written, as proto3 has it.
 */
import { decodeUtf8 } from '../base/text/utf8.ts';
import { ProtocolError } from './protocol-error.ts';
import { VarintReader, varintLength, writeVarint } from './varint.ts';

/** Held for the beginning of a message: most are no longer. */
const firstBytes = 128;
/** A longer text is read faster by native code. */
const shortTextBytes = 48;

/** That 32 bits take. */
const shortBytesMax = 5;

const utf8 = new TextEncoder();

/** A message as it is given to be written: what is absent is 0 or empty. */
export type Written<Message> = {
  readonly [Field in keyof Message]?: Message[Field] extends Plain
    ? Message[Field] | undefined
    : Message[Field] extends readonly (infer Item)[]
      ? readonly (Item extends Plain ? Item : Written<Item>)[] | undefined
      : Written<NonNullable<Message[Field]>> | undefined;
};
type Plain = string | number | boolean | Uint8Array;

export class ProtoWriter {
  #bytes = new Uint8Array(firstBytes);
  #length = 0;

  number(tag: number, value: number | undefined): void {
    if (value) this.#varint(value, this.#varint(tag, this.#length));
  }

  flag(tag: number, value: boolean | undefined): void {
    if (value) this.number(tag, 1);
  }

  text(tag: number, value: string | undefined): void {
    if (value) this.#piece(tag, utf8.encode(value));
  }

  bytes(tag: number, value: Uint8Array | undefined): void {
    if (value && value.length > 0) this.#piece(tag, value);
  }

  texts(tag: number, values: readonly string[] = []): void {
    for (const value of values) this.#piece(tag, utf8.encode(value));
  }

  numbers(tag: number, values: readonly number[] = []): void {
    const packed = new ProtoWriter();
    for (const value of values) packed.#varint(value, packed.#length);
    this.bytes(tag, packed.finish());
  }

  /** An empty one is written, too: that it is there is what it says. */
  message<Message>(
    tag: number,
    value: Message | undefined,
    write: (writer: ProtoWriter, message: Message) => void,
  ): void {
    if (value === undefined) return;
    const inner = new ProtoWriter();
    write(inner, value);
    this.#piece(tag, inner.finish());
  }

  messages<Message>(
    tag: number,
    values: readonly Message[] = [],
    write: (writer: ProtoWriter, message: Message) => void,
  ): void {
    for (const value of values) this.message(tag, value, write);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #piece(tag: number, bytes: Uint8Array): void {
    const start = this.#varint(bytes.length, this.#varint(tag, this.#length));
    this.#grow(start + bytes.length);
    this.#bytes.set(bytes, start);
    this.#length = start + bytes.length;
  }

  #varint(value: number, offset: number): number {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${value} is no number of the protocol`);
    this.#grow(offset + varintLength(value));
    this.#length = writeVarint(this.#bytes, value, offset);
    return this.#length;
  }

  #grow(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * bytes);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Takes what protobuf allows. All it throws is ProtocolError. */
export class ProtoReader {
  readonly #reader: VarintReader;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#reader = new VarintReader(bytes, start, end);
    this.#reader.isLenient = true;
  }

  get done(): boolean {
    return this.#reader.done;
  }

  /** Of the next field, which is then read, or skipped. */
  tag(): number {
    const tag = this.#short();
    if (tag < 8 || tag > 0xffff_ffff) throw new ProtocolError('a field has no number');
    return tag;
  }

  number(): number {
    return this.#reader.next();
  }

  flag(): boolean {
    return this.#reader.nextFlag();
  }

  /** In the memory of what is read. */
  bytes(): Uint8Array {
    const length = this.#short();
    const start = this.#reader.skip(length);
    return this.#reader.bytes.subarray(start, start + length);
  }

  text(): string {
    const bytes = this.bytes();
    const text = asciiOf(bytes) ?? decodeUtf8(bytes);
    if (text === undefined) throw new ProtocolError('a text is not UTF-8');
    return text;
  }

  /** One that stands alone. */
  numberInto(list: readonly number[]): readonly number[] {
    return added(list, this.number());
  }

  numbersInto(list: readonly number[]): readonly number[] {
    const reader = this.inner();
    let all = list;
    while (!reader.done) all = added(all, reader.number());
    return all;
  }

  textInto(list: readonly string[]): readonly string[] {
    return added(list, this.text());
  }

  messageInto<Message>(
    list: readonly Message[],
    read: (reader: ProtoReader) => Message,
  ): readonly Message[] {
    return added(list, read(this.inner()));
  }

  /** Of the message that this field is. */
  inner(): ProtoReader {
    const length = this.#short();
    const start = this.#reader.skip(length);
    return new ProtoReader(this.#reader.bytes, start, start + length);
  }

  skip(tag: number): void {
    if (tag % 8 === 2) this.bytes();
    else this.#reader.skipValue(tag % 8);
  }

  /** A tag or a length: other decoders refuse them in more bytes than these. */
  #short(): number {
    const start = this.#reader.offset;
    const value = this.#reader.next();
    if (this.#reader.offset - start > shortBytesMax)
      throw new ProtocolError('a tag or a length is malformed');
    return value;
  }
}

/** What fields are that are not there. */
export const noBytes: Uint8Array = new Uint8Array();
export const none: readonly never[] = [];

/** The empty list is that of all messages: whoever adds to it first has one of their own. */
function added<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item];
  (list as Item[]).push(item);
  return list;
}

/** Undefined: it is long, or not ASCII. */
function asciiOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > shortTextBytes) return undefined;
  let text = '';
  for (const byte of bytes) {
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

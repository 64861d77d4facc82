/**
 * Base-128 varints on raw bytes, for the few places where a message is scanned or written without
 * protobufjs. Values are JavaScript numbers: more than 2^53-1 is refused, since no id, number or
 * size in cim is larger. So is a number in more bytes than it needs: what is read here is stored and
 * pushed as it came, and other decoders bound the bytes of a tag or a length differently.
 */
import { ProtocolError } from './protocol-error.ts';

/** Reads varints forward through bytes; `offset` is always at the next unread byte. */
export class VarintReader {
  bytes: Uint8Array;
  end: number;
  offset: number;
  /** Takes what protobuf allows, for what is looked at and not passed on. */
  isLenient = false;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  /** Begins anew with other bytes: one reader serves for many frames. */
  over(bytes: Uint8Array, offset: number, end: number): void {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get done(): boolean {
    return this.offset >= this.end;
  }

  next(): number {
    const { bytes, end } = this;
    let offset = this.offset;
    if (offset >= end) throw new ProtocolError('a number is cut off');
    let byte = bytes[offset++] as number;
    if (byte < 0x80) {
      this.offset = offset;
      return byte;
    }
    let value = byte & 0x7f;
    // Multiplied, as a shift would cut at 32 bits.
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      if (offset >= end) throw new ProtocolError('a number is cut off');
      if (scale > 2 ** 63) throw new ProtocolError('a number has more than ten bytes');
      byte = bytes[offset++] as number;
      value += (byte & 0x7f) * scale;
    }
    if ((byte === 0 || value > Number.MAX_SAFE_INTEGER) && !this.isLenient)
      throw new ProtocolError(
        byte === 0 ? 'a number has more bytes than it needs' : 'a number is over 2^53-1',
      );
    this.offset = offset;
    return value;
  }

  /** What has no third value: protobuf would take any number for true. */
  nextFlag(): boolean {
    const value = this.next();
    if (value > 1 && !this.isLenient) throw new ProtocolError('a flag is neither 0 nor 1');
    return value !== 0;
  }

  /** Steps over `length` bytes and returns where they start. */
  skip(length: number): number {
    const start = this.offset;
    if (length > this.end - start) throw new ProtocolError('a field is cut off');
    this.offset = start + length;
    return start;
  }

  /** Steps over a field's value of this wire type. Groups (3, 4) are not proto3 and are refused. */
  skipValue(wireType: number): void {
    if (wireType === 0) this.next();
    else if (wireType === 1) this.skip(8);
    else if (wireType === 2) this.skip(this.next());
    else if (wireType === 5) this.skip(4);
    else throw new ProtocolError(`wire type ${wireType} is not known`);
  }
}

/** Bytes that `value` takes as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes `value` at `offset`; returns the offset behind it. */
export function writeVarint(target: Uint8Array, value: number, offset: number): number {
  let rest = value;
  let at = offset;
  while (rest >= 128) {
    target[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[at++] = rest;
  return at;
}

/** Bytes that a field with this tag and number takes: none if it is 0, which proto3 leaves out. */
export function fieldLength(tag: number, value: number): number {
  return value === 0 ? 0 : varintLength(tag) + varintLength(value);
}

/** Writes a field with a number, unless that is 0; returns the offset behind it. */
export function writeField(target: Uint8Array, tag: number, value: number, offset: number): number {
  return value === 0 ? offset : writeVarint(target, value, writeVarint(target, tag, offset));
}

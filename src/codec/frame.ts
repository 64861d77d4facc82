/** One frame: varint32 length + bytes. */
import { varintLength, writeVarint } from './varint.ts';

export function frame(body: Uint8Array): Uint8Array {
  const framed = new Uint8Array(varintLength(body.length) + body.length);
  framed.set(body, writeVarint(framed, body.length, 0));
  return framed;
}

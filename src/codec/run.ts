/**
 * A run: messages of one sender to one conversation, with consecutive numbers, in one piece. Each
 * body lies behind its length as a varint, which is how a client's frames come from its socket. So a
 * run crosses links, is stored and is pushed as the same bytes, and nothing is made per message.
 */
import { ProtocolError } from './protocol-error.ts';
import { VarintReader, varintLength, writeVarint } from './varint.ts';

export interface Run {
  /** Messages. */
  readonly count: number;
  /** Empty in a *skip*: numbers that are consumed by messages of which nothing is stored. */
  readonly bodies: Uint8Array;
}

const nothing = new Uint8Array();

/** So many numbers without a message. */
export function skipOf(count: number): Run {
  return { count, bodies: nothing };
}

export function runOf(bodies: readonly Uint8Array[]): Run {
  let length = 0;
  for (const body of bodies) length += varintLength(body.length) + body.length;
  const bytes = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const body of bodies) {
    offset = writeVarint(bytes, body.length, offset);
    bytes.set(body, offset);
    offset += body.length;
  }
  return { count: bodies.length, bodies: bytes };
}

/** Throws ProtocolError unless there are as many bodies as the count says, or none at all. */
export function assertRun({ count, bodies }: Run): void {
  if (bodies.length === 0) return;
  const reader = new VarintReader(bodies);
  let found = 0;
  for (; !reader.done; found++) reader.skip(reader.next());
  if (found !== count) throw new ProtocolError(`a run of ${count} messages has ${found}`);
}

/** The bodies of a run, which share its memory. */
export function bodiesOf(bodies: Uint8Array): Uint8Array[] {
  const views: Uint8Array[] = [];
  const reader = new VarintReader(bodies);
  while (!reader.done) {
    const length = reader.next();
    const start = reader.skip(length);
    views.push(bodies.subarray(start, reader.offset));
  }
  return views;
}

/** A run without its first messages. */
export function withoutFirst({ count, bodies }: Run, messages: number): Run {
  if (messages >= count) return skipOf(0);
  return { count: count - messages, bodies: bodies.subarray(offsetOf(bodies, messages)) };
}

/** The first messages of a run. */
export function firstOf({ count, bodies }: Run, messages: number): Run {
  if (messages >= count) return { count, bodies };
  return { count: messages, bodies: bodies.subarray(0, offsetOf(bodies, messages)) };
}

/** Where a message begins, its length included. */
function offsetOf(bodies: Uint8Array, index: number): number {
  if (bodies.length === 0) return 0;
  const reader = new VarintReader(bodies);
  for (let before = 0; before < index; before++) reader.skip(reader.next());
  return reader.offset;
}

/**
 * Whether what lies in `bytes` from `start` to `end` has its length before it, written as a run has
 * it: then that much of `bytes` is a run.
 */
export function hasLengthBefore(bytes: Uint8Array, start: number, end: number): boolean {
  let rest = end - start;
  let at = start - varintLength(rest);
  if (at < 0) return false;
  for (; rest >= 128; rest = Math.floor(rest / 128))
    if (bytes[at++] !== ((rest % 128) | 0x80)) return false;
  return bytes[at] === rest;
}

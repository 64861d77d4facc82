/**
 * What happens to a stream, told to whoever owns it. By functions that all streams share: a closure
 * for each event of each stream would be a good part of what an idle connection costs.
 */
import type { Duplex } from 'node:stream';
import { ignore } from '../base/ignore.ts';

export interface StreamOwner {
  received(chunk: Uint8Array): void;
  /** The stream has closed, for whatever reason; called once, and nothing follows. */
  closed(): void;
}

const ownerOf = Symbol('owner');

interface OwnedStream extends Duplex {
  [ownerOf]: StreamOwner;
}

/** A stream has one owner, for good. */
export function own(stream: Duplex, owner: StreamOwner): void {
  (stream as OwnedStream)[ownerOf] = owner;
  stream.on('data', onData);
  stream.on('error', closeFollows);
  stream.on('close', onClose);
}

function onData(this: OwnedStream, chunk: Uint8Array): void {
  this[ownerOf].received(chunk);
}

function onClose(this: OwnedStream): void {
  this[ownerOf].closed();
}

/** Of all streams, which need it by this name to take it off again. */
export const closeFollows = ignore("'close' follows an error, and is enough");

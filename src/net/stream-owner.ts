/**
 * What happens to a stream, told to whoever owns it. By functions that all streams share: a closure
 * for each event of each stream would be a good part of what an idle connection costs.
 */
import type { Duplex } from 'node:stream';
import { ignore } from '../base/ignore.ts';
import type { ProtocolError } from '../codec/protocol-error.ts';

export interface StreamOwner {
  /** `besideBytes`: how many more it took to bring them; of a stream that wraps nothing, none. */
  received(chunk: Uint8Array, besideBytes?: number): void;
  /** What wraps the bytes makes no sense: nothing more is received. Of a stream that wraps them. */
  failed?(error: ProtocolError): void;
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

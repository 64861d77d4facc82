/**
 * What a client's connection runs over: a socket, or a WebSocket over one. Whoever owns the connection
 * need not know which.
 */
import { Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { own, type StreamOwner } from './stream-owner.ts';
import { WebSocketStream } from './web-socket-stream.ts';

export type ClientStream = Duplex | WebSocketStream;

/** A stream has one owner, for good. */
export function ownClient(stream: ClientStream, owner: StreamOwner): void {
  if (stream instanceof WebSocketStream) stream.ownedBy(owner);
  else own(stream, owner);
}

/** Ends it when all that was written has left. A WebSocket tells its peer why, beside what is spoken on it. */
export function endClient(stream: ClientStream, closeCode: number, reason: string): void {
  if (stream instanceof WebSocketStream) stream.end(closeCode, reason);
  else stream.end();
}

/** Asks a peer that may be asleep for a sign of life, which is received as nothing, where there is one. */
export function askForLife(stream: ClientStream): void {
  if (stream instanceof WebSocketStream) stream.ping();
}

/** Calls back once when the peer has taken what it was slow to take. */
export function onceDrained(stream: ClientStream, listener: () => void): void {
  if (stream instanceof WebSocketStream) stream.onceDrained(listener);
  else stream.once('drain', listener);
}

/** Whether it has passed on what it was given when nothing of it waits; of other streams nobody knows. */
export function passesOn(stream: Writable | WebSocketStream): boolean {
  return stream instanceof Socket || stream instanceof WebSocketStream;
}

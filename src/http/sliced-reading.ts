/**
 * Hands what comes over a connection of an HTTP port to Node.js' parser in small pieces. Example: a
 * peer sends 200 requests in one piece. The parser would make objects of all of them at once, and with a
 * dozen such peers nobody else would have a turn meanwhile; here the next piece is parsed when the
 * requests of the one before are worked on.
 */
import type { Socket } from 'node:net';
import { letGo } from '../base/let-go.ts';

/** What may be parsed now. */
export interface Slice {
  /** None: nothing until the socket is resumed. */
  readonly bytes: number;
  /** Nothing but bytes of a body, of which the parser makes copies. */
  readonly isOfBody: boolean;
}

/** What is parsed while the socket is paused. */
export const nothing: Slice = { bytes: 0, isOfBody: false };

/**
 * To be called when Node.js has begun to read from `socket`; `mayParse` is asked before each piece what
 * of it may be parsed, of so many bytes that are there. Returns what ends it: the rest is left to whoever
 * reads then.
 */
export function readInSlices(socket: Socket, mayParse: (bytes: number) => Slice): () => void {
  const [parse] = socket.listeners('data') as ((slice: Buffer) => void)[];
  if (!parse) throw new Error('Node.js does not read from this socket');
  let hasEnded = false;
  const onData = (chunk: Buffer) => {
    let from = 0;
    while (from < chunk.length) {
      // Node.js answers errors, and the last request, and reads no more.
      if (!socket.writable && !hasEnded) return;
      const isHeld = hasEnded || socket.isPaused();
      const { bytes, isOfBody } = isHeld ? nothing : mayParse(chunk.length - from);
      if (bytes === 0) {
        if (!hasEnded) socket.pause();
        socket.unshift(chunk.subarray(from));
        return;
      }
      parse.call(socket, chunk.subarray(from, from + bytes));
      if (isOfBody && bytes === chunk.length) return letGo(chunk);
      from += bytes;
    }
  };
  socket.off('data', parse);
  socket.on('data', onData);
  return () => {
    hasEnded = true;
    socket.off('data', onData);
  };
}

/**
 * Hands what comes over a connection of an HTTP port to Node.js' parser in small pieces. Example: a
 * peer sends 200 requests in one piece. The parser would make objects of all of them at once, and with a
 * dozen such peers nobody else would have a turn meanwhile; here the next piece is parsed when the
 * requests of the one before are worked on.
 */
import type { Socket } from 'node:net';
import { limits } from '../base/limits.ts';

/**
 * To be called when Node.js has begun to read from `socket`; `mayParse` is asked before each piece: if
 * not, nothing is parsed until the socket is resumed. Returns what ends it: the rest is left to whoever
 * reads then.
 */
export function readInSlices(socket: Socket, mayParse: () => boolean): () => void {
  const [parse] = socket.listeners('data') as ((slice: Buffer) => void)[];
  if (!parse) throw new Error('Node.js does not read from this socket');
  let hasEnded = false;
  const onData = (chunk: Buffer) => {
    for (let from = 0; from < chunk.length; from += limits.httpSliceBytes) {
      // Node.js answers errors, and the last request, and reads no more.
      if (!socket.writable && !hasEnded) return;
      if (hasEnded || socket.isPaused() || !mayParse()) {
        if (!hasEnded) socket.pause();
        socket.unshift(chunk.subarray(from));
        return;
      }
      parse.call(socket, chunk.subarray(from, from + limits.httpSliceBytes));
    }
  };
  socket.off('data', parse);
  socket.on('data', onData);
  return () => {
    hasEnded = true;
    socket.off('data', onData);
  };
}

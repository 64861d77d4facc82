/**
 * Hands what comes over a connection of an HTTP port to Node.js' parser in small pieces. Example: a
 * peer sends 200 requests in one piece. The parser would make objects of all of them at once, and with a
 * dozen such peers nobody else would have a turn meanwhile; here the next piece is parsed when the
 * requests of the one before are worked on.
 */
import type { Socket } from 'node:net';

/**
 * To be called when Node.js has begun to read from `socket`; `mayParse` is asked before each piece how
 * many bytes of it may be parsed, of so many that are there: if none, nothing is parsed until the socket
 * is resumed. Returns what ends it: the rest is left to whoever reads then.
 */
export function readInSlices(socket: Socket, mayParse: (bytes: number) => number): () => void {
  const [parse] = socket.listeners('data') as ((slice: Buffer) => void)[];
  if (!parse) throw new Error('Node.js does not read from this socket');
  let hasEnded = false;
  const onData = (chunk: Buffer) => {
    let from = 0;
    while (from < chunk.length) {
      // Node.js answers errors, and the last request, and reads no more.
      if (!socket.writable && !hasEnded) return;
      const bytes = hasEnded || socket.isPaused() ? 0 : mayParse(chunk.length - from);
      if (bytes === 0) {
        if (!hasEnded) socket.pause();
        socket.unshift(chunk.subarray(from));
        return;
      }
      parse.call(socket, chunk.subarray(from, from + bytes));
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

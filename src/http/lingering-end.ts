/**
 * The end of a connection whose peer still sends. Example: somebody sends a text of 7 MB, and hears
 * after the first bytes that a megabyte is the most. Were the connection closed over what was not read,
 * the system would reset it, and the answer would be lost on its way (RFC 9112, section 9.6): so what
 * still comes is read, and thrown away, for a bounded time.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { limits } from '../base/limits.ts';

/** Nobody reads from `socket` any more, and what was written to it is sent. */
export function endLingering(socket: Socket, clock: Pick<Clock, 'setTimeout'>): void {
  let left: number = limits.httpLingerBytesMax;
  socket.removeAllListeners('data');
  socket.on('data', ({ length }: Buffer) => {
    left -= length;
    if (left < 0) socket.destroy();
  });
  const timer = clock.setTimeout(() => socket.destroy(), limits.httpLingerMsMax);
  socket.once('close', () => timer.cancel());
  // It is closed when the peer has ended its side, too.
  socket.end();
  socket.resume();
}

/** A connection of a load over WebSocket, as a stream like a socket: by a library, as a peer that is not ours. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';

/** What a load writes to and reads from. */
export interface LoadStream {
  readonly stream: Duplex;
  /** What the stream calls it when it can be written to. */
  readonly openEvent: string;
  /** Whose bytes are counted; undefined until it is open. */
  socket: Socket | undefined;
}

export function dialWebSocket(url: string): LoadStream {
  const webSocket = new WebSocket(url, 'cim.v2', { perMessageDeflate: false });
  const stream = createWebSocketStream(webSocket);
  const dialled: LoadStream = { stream, openEvent: 'open', socket: undefined };
  webSocket.on('upgrade', ({ socket }) => {
    dialled.socket = socket;
  });
  webSocket.on('open', () => stream.emit(dialled.openEvent));
  return dialled;
}

/**
 * The floor of WebSocket: what a Node.js process needs to pass messages from one to another by the
 * package `ws`, and nothing else. No names, no checks, no limits, nothing kept, nothing gathered.
 *
 *   node bench/ws-relay.ts PORT
 *
 * A client first sends its index (4 bytes, little endian). A message: index of the receiver (4 bytes;
 * 0xffffffff = all but the sender), payload.
 */
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

const everybody = 0xffff_ffff;
const peers = new Map<number, WebSocket>();

const server = new WebSocketServer({
  ...{ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4_096 },
  perMessageDeflate: false,
});
server.on('listening', () => console.log('relay ready'));
server.on('connection', (socket) => {
  let index = -1;
  socket.on('message', (data: RawData) => {
    const message = data as Buffer;
    const to = message.readUInt32LE(0);
    if (index === -1) {
      index = to;
      peers.set(index, socket);
    } else if (to === everybody) {
      for (const peer of peers.values()) if (peer !== socket) peer.send(message);
    } else peers.get(to)?.send(message);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => peers.delete(index));
});
process.once('SIGTERM', () => process.exit(0));

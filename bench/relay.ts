/**
 * The floor that systems are compared with: what a Node.js process needs to pass frames from one
 * socket to another, and nothing else. No names, no checks, no limits, nothing kept.
 *
 *   node bench/relay.ts PORT
 *
 * A client first sends its index (4 bytes, little endian). A frame: length of the rest (4 bytes),
 * index of the receiver (4 bytes; 0xffffffff = all but the sender), payload. Frames are passed on
 * as they came. All that is for one socket in a turn of the event loop leaves with one write.
 *
 * Told to stop, it prints its counters, of the garbage collector alone.
 */
import { createServer, type Socket } from 'node:net';
import { Counters } from '../src/base/process/counters.ts';
import { countCollections } from '../src/base/process/garbage-collections.ts';

interface Peer {
  readonly socket: Socket;
  index: number;
  /** The beginning of a frame whose end has not come. */
  rest: Buffer | undefined;
  waiting: Buffer[];
}

const everybody = 0xffff_ffff;
const peers = new Map<number, Peer>();
let dirty: Peer[] = [];

const server = createServer({ noDelay: true }, (socket) => {
  const peer: Peer = { socket, index: -1, rest: undefined, waiting: [] };
  socket.on('data', (chunk: Buffer) => receive(peer, chunk));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => peers.delete(peer.index));
});
server.listen(Number(process.argv[2]), '127.0.0.1', 4_096, () => console.log('relay ready'));
const counters = new Counters();
countCollections(counters);
process.once('SIGTERM', () => {
  const told = counters.list().map(({ name, value }) => ({ name, value }));
  process.stdout.write(`counters ${JSON.stringify(told)}\n`, () => process.exit(0));
});

function receive(peer: Peer, chunk: Buffer): void {
  const bytes = peer.rest ? Buffer.concat([peer.rest, chunk]) : chunk;
  let offset = 0;
  if (peer.index === -1 && bytes.length >= 4) {
    peer.index = bytes.readUInt32LE(0);
    peers.set(peer.index, peer);
    offset = 4;
  }
  // Neighbours for the same receiver leave as the one piece as which they came.
  let start = offset;
  let receiver = -1;
  while (bytes.length - offset >= 8) {
    const end = offset + 4 + bytes.readUInt32LE(offset);
    if (end > bytes.length) break;
    const to = bytes.readUInt32LE(offset + 4);
    if (to !== receiver) {
      pass(peer, receiver, bytes.subarray(start, offset));
      receiver = to;
      start = offset;
    }
    offset = end;
  }
  pass(peer, receiver, bytes.subarray(start, offset));
  peer.rest = offset < bytes.length ? bytes.subarray(offset) : undefined;
}

function pass(from: Peer, receiver: number, frames: Buffer): void {
  if (frames.length === 0) return;
  if (receiver === everybody) {
    for (const peer of peers.values()) if (peer !== from) queue(peer, frames);
    return;
  }
  const peer = peers.get(receiver);
  if (peer) queue(peer, frames);
}

function queue(peer: Peer, frames: Buffer): void {
  if (dirty.length === 0) setImmediate(flush);
  if (peer.waiting.length === 0) dirty.push(peer);
  peer.waiting.push(frames);
}

function flush(): void {
  const flushed = dirty;
  dirty = [];
  for (const { socket, waiting } of flushed) {
    socket.write(waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting));
    waiting.length = 0;
  }
}

/**
 * socket.io over its WebSocket engine (bench/peers/socket-io.mjs is the server): events `m` with a
 * receiver and a text. Frames of clients are masked, with a mask of zeros: the server does its work
 * all the same, and the load does not.
 */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';

const opcode = { text: 1, close: 8 } as const;

export function socketIoDriver(options: DriverOptions): Driver {
  const { pattern, bytes, port, events } = options;
  return {
    async open(index) {
      let isUpgraded = false;
      const connected = Promise.withResolvers<void>();
      const receive = (chunk: Buffer): number => {
        let offset = 0;
        if (!isUpgraded) {
          const end = chunk.indexOf('\r\n\r\n');
          if (end === -1) return 0;
          isUpgraded = true;
          offset = end + 4;
          socket.queue(textFrame(`40`));
        }
        let delivered = 0;
        for (;;) {
          const frame = findFrame(chunk, offset);
          if (!frame) break;
          offset = frame.end;
          if (frame.opcode === opcode.close) events.failed('the server has closed a connection');
          // Engine.io: 2 = ping, 4 = message; socket.io: 0 = connected, 2 = event.
          const type = chunk[frame.start];
          const inner = chunk[frame.start + 1];
          if (type === 0x32) socket.queue(textFrame('3'));
          else if (type === 0x34 && inner === 0x32) delivered += 1;
          else if (type === 0x34 && inner === 0x30) connected.resolve();
        }
        if (delivered > 0) events.delivered(index, delivered);
        return offset;
      };
      const socket = await openSocket(options, rejoined(receive));
      socket.queue(upgradeRequest(port, index));
      await connected.promise;
      const to = peerOf(pattern, index) ?? 'all';
      const frame = textFrame(`42${JSON.stringify(['m', String(to), 'x'.repeat(bytes)])}`);
      return {
        send: (count) => socket.queue(repeat(frame, count)),
        keepAlive() {},
      };
    },
  };
}

function findFrame(bytes: Buffer, offset: number) {
  if (bytes.length - offset < 2) return undefined;
  const short = (bytes[offset + 1] as number) & 0x7f;
  const headerBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
  const start = offset + headerBytes;
  if (start > bytes.length) return undefined;
  const length =
    short === 126
      ? bytes.readUInt16BE(offset + 2)
      : short === 127
        ? Number(bytes.readBigUInt64BE(offset + 2))
        : short;
  const end = start + length;
  return end > bytes.length ? undefined : { opcode: (bytes[offset] as number) & 0x0f, start, end };
}

function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header =
    length < 126
      ? Buffer.from([0x80 | opcode.text, 0x80 | length])
      : Buffer.from([0x80 | opcode.text, 0x80 | 126, length >> 8, length & 0xff]);
  return Buffer.concat([header, Buffer.alloc(4), Buffer.from(text)]);
}

function upgradeRequest(port: number, index: number): Buffer {
  const lines = [
    `GET /socket.io/?EIO=4&transport=websocket&index=${index} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

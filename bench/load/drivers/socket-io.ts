/**
 * socket.io over its WebSocket engine (bench/peers/socket-io.mjs is the server): events `m` with a
 * receiver and a text.
 */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';
import { findFrame, frameOf, opcode, upgradeRequest } from '../web-socket-frames.ts';

const textFrame = (text: string) => frameOf(opcode.text, Buffer.from(text));

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
      socket.queue(upgradeRequest(port, `/socket.io/?EIO=4&transport=websocket&index=${index}`));
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

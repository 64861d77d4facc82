/** bench/ws-relay.ts: the floor over WebSocket. A message is the index of its receiver and a payload. */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';
import { findFrame, frameOf, opcode, upgradeRequest } from '../web-socket-frames.ts';

const everybody = 0xffff_ffff;

export function wsRelayDriver(options: DriverOptions): Driver {
  const { pattern, bytes, port, events } = options;
  return {
    async open(index) {
      const connected = Promise.withResolvers<void>();
      let isUpgraded = false;
      const receive = (chunk: Buffer): number => {
        let offset = 0;
        if (!isUpgraded) {
          const end = chunk.indexOf('\r\n\r\n');
          if (end === -1) return 0;
          isUpgraded = true;
          offset = end + 4;
          connected.resolve();
        }
        let delivered = 0;
        for (let frame = findFrame(chunk, offset); frame; frame = findFrame(chunk, offset)) {
          offset = frame.end;
          if (frame.opcode === opcode.close) events.failed('the server has closed a connection');
          else delivered += 1;
        }
        if (delivered > 0) events.delivered(index, delivered);
        return offset;
      };
      const socket = await openSocket(options, rejoined(receive));
      socket.queue(upgradeRequest(port, '/'));
      await connected.promise;
      socket.queue(frameOf(opcode.binary, indexed(index, 0)));
      const frame = frameOf(opcode.binary, indexed(peerOf(pattern, index) ?? everybody, bytes));
      return {
        send: (count) => socket.queue(repeat(frame, count)),
        keepAlive() {},
      };
    },
  };
}

function indexed(index: number, bytes: number): Buffer {
  const message = Buffer.alloc(4 + bytes, 'x');
  message.writeUInt32LE(index, 0);
  return message;
}

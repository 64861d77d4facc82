/** bench/relay.ts: the floor, a protocol of lengths and indices alone. */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';

export function relayDriver(options: DriverOptions): Driver {
  const { pattern, bytes, events } = options;
  return {
    async open(index) {
      const frame = Buffer.alloc(8 + bytes, 'x');
      frame.writeUInt32LE(4 + bytes, 0);
      frame.writeUInt32LE(peerOf(pattern, index) ?? 0xffff_ffff, 4);
      const socket = await openSocket(
        options,
        rejoined((chunk) => {
          const count = Math.floor(chunk.length / frame.length);
          if (count > 0) events.delivered(index, count);
          return count * frame.length;
        }),
      );
      const hello = Buffer.alloc(4);
      hello.writeUInt32LE(index, 0);
      socket.queue(hello);
      return {
        send: (count) => socket.queue(repeat(frame, count)),
        keepAlive() {},
      };
    },
  };
}

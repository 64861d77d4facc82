/** cim: transient messages for what is not kept; stored and acknowledged ones for what is. */
import { randomBytes } from 'node:crypto';
import { limits } from '../../../src/base/limits.ts';
import { drawAccount, RouteCalls } from '../../../src/bench/accounts.ts';
import {
  ackCodeOf,
  encodeLogin,
  encodeShown,
  isMessage,
  MessageEncoder,
  ping,
} from '../../../src/bench/wire.ts';
import { command, lobby } from '../../../src/codec/commands.ts';
import { FrameDecoder } from '../../../src/codec/frame-decoder.ts';
import { scanMessage } from '../../../src/codec/message-scan.ts';
import { decodeServerFrame } from '../../../src/codec/server-frame.ts';
import { requestJson } from '../../../src/http/client.ts';
import { type Driver, type DriverOptions, openSocket, peerOf } from '../driver.ts';

const firstUserId = 1_000_000;
/** So many taken are acknowledged at once, as by the SDK. */
const shownMessages = 100;

export function cimDriver(options: DriverOptions): Driver {
  const { pattern, durable, bytes, events, route = '' } = options;
  const calls = new RouteCalls(requestJson);
  return {
    async prepare() {},
    async open(index) {
      const account = drawAccount(firstUserId + index);
      await calls.register(route, account);
      const { port, token } = await calls.logIn(route, account);
      const welcome = Promise.withResolvers<void>();
      const decoder = new FrameDecoder(limits.frameBytesMax);
      let delivered = 0;
      let acknowledged = 0;
      let untold = 0;
      const receive = (bytes: Uint8Array, start: number, end: number): void => {
        if (isMessage(bytes, start)) {
          delivered += 1;
          untold += 1;
          if (durable && pattern !== 'group' && untold >= shownMessages) {
            untold = 0;
            socket.queue(encodeShown('', scanMessage(bytes.subarray(start, end)).seq));
          }
          return;
        }
        const code = ackCodeOf(bytes, start, end);
        if (code === undefined) return receiveOther(bytes.subarray(start, end));
        if (code !== 0) events.failed(`a message was refused: ${code}`);
        acknowledged += 1;
      };
      const receiveOther = (frame: Uint8Array): void => {
        const { cmd, code, reason } = decodeServerFrame(frame);
        if (cmd === command.welcome) welcome.resolve();
        else if (cmd === command.close) events.failed(`closed: ${code} ${reason}`);
        // A push was left out, and is to be read: this load does not read, as it never falls behind.
        else if (cmd === command.hint && durable) events.failed('fell behind');
      };
      const socket = await openSocket({ ...options, port }, (chunk) => {
        decoder.push(chunk, receive);
        if (delivered > 0) events.delivered(index, delivered);
        if (acknowledged > 0) events.acknowledged(index, acknowledged);
        delivered = acknowledged = 0;
      });
      socket.queue(encodeLogin({ ...account, token, device: 'bench', epoch: randomBytes(8) }));
      await welcome.promise;
      const peer = peerOf(pattern, index);
      const to = peer === undefined ? lobby : firstUserId + peer;
      const encoder = new MessageEncoder({ to, transient: !durable }, bytes);
      return {
        send: (count) => socket.queue(encoder.encode('', count)),
        keepAlive: () => socket.queue(ping),
      };
    },
  };
}

/** Redis pub/sub, in RESP3: one connection both publishes and receives. */

import { repeat } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';

const newline = 0x0a;
const kind = { push: 0x3e, bulk: 0x24, error: 0x2d } as const;

export function redisDriver(options: DriverOptions): Driver {
  const { pattern, bytes, events } = options;
  return {
    async open(index) {
      let subscribed: (() => void) | undefined;
      const socket = await openSocket(
        options,
        rejoined((chunk) => {
          let delivered = 0;
          const taken = parseReplies(chunk, {
            // The last bulk string of a message is its payload; of a subscription there is none.
            push: (isMessage) => {
              if (isMessage) delivered += 1;
              else subscribed?.();
            },
            error: events.failed,
          });
          if (delivered > 0) events.delivered(index, delivered);
          return taken;
        }),
      );
      socket.queue(command('HELLO', '3'));
      if (pattern !== 'group' || index > 0) {
        const done = new Promise<void>((resolve) => {
          subscribed = resolve;
        });
        socket.queue(command('SUBSCRIBE', channelOf(pattern === 'group' ? undefined : index)));
        await done;
      }
      const frame = command('PUBLISH', channelOf(peerOf(pattern, index)), 'x'.repeat(bytes));
      return {
        send: (count) => socket.queue(repeat(frame, count)),
        keepAlive() {},
      };
    },
  };
}

interface ReplyHandlers {
  push(isMessage: boolean): void;
  error(line: string): void;
}

/** Returns how far whole replies went; only pushes and errors are of interest. */
function parseReplies(bytes: Buffer, { push, error }: ReplyHandlers): number {
  let taken = 0;
  let offset = 0;
  while (offset < bytes.length) {
    const first = bytes[offset] as number;
    const lineEnd = bytes.indexOf(newline, offset);
    if (lineEnd === -1) break;
    if (first === kind.push) {
      // >3, kind, channel, payload: the kinds are 'message' and 'subscribe', 7 and 9 characters.
      const isMessage = bytes[lineEnd + 2] === 0x37;
      const end = isMessage ? skipBulks(bytes, lineEnd + 1, 3) : skipLines(bytes, lineEnd + 1, 5);
      if (end === -1) break;
      push(isMessage);
      offset = end;
    } else if (first === kind.bulk) {
      const end = skipBulks(bytes, offset, 1);
      if (end === -1) break;
      offset = end;
    } else {
      if (first === kind.error) error(bytes.toString('latin1', offset, lineEnd));
      offset = lineEnd + 1;
    }
    taken = offset;
  }
  return taken;
}

function skipBulks(bytes: Buffer, from: number, count: number): number {
  let offset = from;
  for (let number = 0; number < count; number++) {
    let length = 0;
    let at = offset + 1;
    for (let byte = bytes[at]; byte !== 0x0d; byte = bytes[++at]) {
      if (byte === undefined) return -1;
      length = length * 10 + byte - 0x30;
    }
    offset = at + 2 + length + 2;
    if (offset > bytes.length) return -1;
  }
  return offset;
}

function skipLines(bytes: Buffer, from: number, count: number): number {
  let offset = from;
  for (let number = 0; number < count; number++) {
    offset = bytes.indexOf(newline, offset) + 1;
    if (offset === 0) return -1;
  }
  return offset;
}

function command(...words: readonly string[]): Buffer {
  const bulks = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${bulks.join('')}`);
}

function channelOf(index: number | undefined): string {
  return index === undefined ? 'u:all' : `u:${index}`;
}

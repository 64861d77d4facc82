/**
 * NATS: core subjects for what is not kept; JetStream, a stream in files with a push consumer and
 * explicit acknowledgements for each receiver, for what is.
 */
import { randomUUID } from 'node:crypto';
import { repeat, type TurnSocket } from '../../../src/load/turn.ts';
import { type Driver, type DriverOptions, openSocket, peerOf, rejoined } from '../driver.ts';

const newline = 0x0a;
/** Subscriptions of a connection. */
const inbox = '1';
const answers = '2';

export function natsDriver(options: DriverOptions): Driver {
  return options.durable ? jetStreamDriver(options) : coreDriver(options);
}

function coreDriver(options: DriverOptions): Driver {
  const { pattern, bytes, events } = options;
  return {
    async open(index) {
      const receives = pattern !== 'group' || index > 0;
      const { socket, ping } = await openNats(options, () => ({
        message: () => {},
        end: (count) => events.delivered(index, count),
      }));
      if (receives)
        socket.queue(text(`SUB ${subject('u', receiverOf(pattern, index))} ${inbox}\r\n`));
      await ping();
      const to = subject('u', peerOf(pattern, index));
      const frame = text(`PUB ${to} ${bytes}\r\n${'x'.repeat(bytes)}\r\n`);
      return {
        send: (count) => socket.queue(repeat(frame, count)),
        keepAlive() {},
      };
    },
  };
}

function jetStreamDriver(options: DriverOptions): Driver {
  const { pattern, bytes, events } = options;
  const stream = 'D';
  return {
    async prepare() {
      const { ask, socket } = await openAsking(options);
      const settings = { name: stream, subjects: ['d.>'], storage: 'file', retention: 'limits' };
      await ask(`$JS.API.STREAM.CREATE.${stream}`, settings);
      socket.flush();
    },
    async open(index) {
      const { ask, socket, count } = await openAsking(options, {
        delivered: (number) => events.delivered(index, number),
        acknowledged: (number) => events.acknowledged(index, number),
      });
      if (pattern !== 'group' || index > 0) {
        const durable = `c${index}`;
        socket.queue(text(`SUB i.${index} ${inbox}\r\n`));
        await ask(`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${durable}`, {
          stream_name: stream,
          config: {
            durable_name: durable,
            deliver_subject: `i.${index}`,
            ack_policy: 'explicit',
            max_ack_pending: 10_000,
            filter_subject: subject('d', receiverOf(pattern, index)),
          },
        });
      }
      count();
      const to = subject('d', peerOf(pattern, index));
      const frame = text(`PUB ${to} a.${index} ${bytes}\r\n${'x'.repeat(bytes)}\r\n`);
      socket.queue(text(`SUB a.${index} ${answers}\r\n`));
      return {
        send: (number) => socket.queue(repeat(frame, number)),
        keepAlive() {},
      };
    },
  };
}

interface Counts {
  delivered(count: number): void;
  acknowledged(count: number): void;
}

/** A connection that can ask JetStream for something, and after `count` only counts. */
async function openAsking(options: DriverOptions, counts?: Counts) {
  let answered: ((payload: string) => void) | undefined;
  let delivered = 0;
  let acknowledged = 0;
  const acknowledgements: Buffer[] = [];
  const { socket, ping } = await openNats(options, (socket) => ({
    message(words, payload) {
      if (answered) return answered(payload().toString());
      if (words[2] === answers) {
        acknowledged += 1;
        return;
      }
      delivered += 1;
      acknowledgements.push(text(`PUB ${words[3]} 4\r\n+ACK\r\n`));
    },
    end() {
      if (acknowledgements.length > 0) socket().queue(Buffer.concat(acknowledgements));
      if (delivered > 0) counts?.delivered(delivered);
      if (acknowledged > 0) counts?.acknowledged(acknowledged);
      acknowledgements.length = delivered = acknowledged = 0;
    },
  }));
  const reply = `r.${randomUUID()}`;
  socket.queue(text(`SUB ${reply} 3\r\n`));
  await ping();
  return {
    socket,
    async ask(api: string, body: object): Promise<void> {
      const json = JSON.stringify(body);
      const answer = new Promise<string>((resolve) => {
        answered = resolve;
      });
      socket.queue(text(`PUB ${api} ${reply} ${Buffer.byteLength(json)}\r\n${json}\r\n`));
      const { error } = JSON.parse(await answer) as { error?: { description: string } };
      if (error) throw new Error(`JetStream: ${error.description}`);
    },
    count() {
      answered = undefined;
    },
  };
}

interface NatsHandlers {
  /** `words` of a MSG line: MSG, subject, subscription, [reply,] length. */
  message(words: readonly string[], payload: () => Buffer): void;
  /** All messages of one chunk were told. */
  end(count: number): void;
}

async function openNats(
  options: DriverOptions,
  makeHandlers: (socket: () => TurnSocket) => NatsHandlers,
) {
  let socket: TurnSocket | undefined;
  let ponged: (() => void) | undefined;
  const opened = (): TurnSocket => {
    if (!socket) throw new Error('a message before the connection was open');
    return socket;
  };
  const handlers = makeHandlers(opened);
  const needsWords = options.durable;
  const parse = (bytes: Buffer): number => {
    let offset = 0;
    let count = 0;
    for (;;) {
      const lineEnd = bytes.indexOf(newline, offset);
      if (lineEnd === -1) break;
      // MSG, the only line that comes in masses; its last word is the payload's length.
      if (bytes[offset] === 0x4d) {
        const start = lineEnd + 1;
        const length = numberBefore(bytes, lineEnd - 1);
        const next = start + length + 2;
        if (next > bytes.length) break;
        if (needsWords) {
          const words = bytes.toString('latin1', offset, lineEnd - 1).split(' ');
          handlers.message(words, () => bytes.subarray(start, start + length));
        }
        count += 1;
        offset = next;
        continue;
      }
      const line = bytes.toString('latin1', offset, lineEnd);
      if (line.startsWith('PING')) socket?.queue(text('PONG\r\n'));
      else if (line.startsWith('PONG')) ponged?.();
      else if (line.startsWith('-ERR')) options.events.failed(line);
      offset = lineEnd + 1;
    }
    if (count > 0) handlers.end(count);
    return offset;
  };
  socket = await openSocket(options, rejoined(parse));
  socket.queue(text('CONNECT {"verbose":false,"pedantic":false,"echo":true}\r\n'));
  const ping = (): Promise<void> => {
    opened().queue(text('PING\r\n'));
    return new Promise((resolve) => {
      ponged = resolve;
    });
  };
  return { socket, ping };
}

function numberBefore(bytes: Buffer, end: number): number {
  let value = 0;
  let scale = 1;
  for (let at = end - 1; bytes[at] !== 0x20; at--) {
    value += ((bytes[at] as number) - 0x30) * scale;
    scale *= 10;
  }
  return value;
}

function receiverOf(pattern: DriverOptions['pattern'], index: number): number | undefined {
  return pattern === 'group' ? undefined : index;
}

function subject(kind: string, index: number | undefined): string {
  return index === undefined ? `${kind}.all` : `${kind}.${index}`;
}

function text(line: string): Buffer {
  return Buffer.from(line, 'latin1');
}

/** A Sentinel that says what a test wants it to say. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTeardown } from './teardown.ts';

export interface FakeSentinel {
  readonly port: number;
  /** The port of the master that it names, on 127.0.0.1. */
  master: number;
  epoch: number;
  flags: string;
}

/** So many that know each other, and name this master. */
export async function startFakeSentinels(count: number, master: number): Promise<FakeSentinel[]> {
  const sentinels: FakeSentinel[] = [];
  for (let index = 0; index < count; index += 1)
    sentinels.push(await startFakeSentinel(sentinels, count, master));
  return sentinels;
}

async function startFakeSentinel(
  all: readonly FakeSentinel[],
  count: number,
  master: number,
): Promise<FakeSentinel> {
  const id = `${all.length}`.padStart(40, '0');
  const server = createServer((socket) => {
    let text = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString();
      for (;;) {
        const command = /^\*(\d+)\r\n(?:\$\d+\r\n[^\r]*\r\n)+?(?=\*|$)/.exec(text)?.[0];
        if (!command) return;
        text = text.slice(command.length);
        socket.write(answer(command.toUpperCase()));
      }
    });
  });
  const answer = (command: string): string => {
    if (command.includes('MYID')) return bulk(id);
    if (command.includes('SENTINELS'))
      return array(
        all
          .filter(({ port }) => port !== sentinel.port)
          .map(({ port }) => words(['ip', '127.0.0.1', 'port', `${port}`])),
      );
    if (!command.includes('MASTER')) return '+OK\r\n';
    return words([
      ...['ip', '127.0.0.1', 'port', `${sentinel.master}`, 'flags', sentinel.flags],
      ...['config-epoch', `${sentinel.epoch}`, 'num-other-sentinels', `${count - 1}`],
    ]);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTeardown(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('it listens on a port');
  const sentinel: FakeSentinel = { port: address.port, master, epoch: 1, flags: 'master' };
  return sentinel;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function array(items: readonly string[]): string {
  return `*${items.length}\r\n${items.join('')}`;
}

function words(texts: readonly string[]): string {
  return array(texts.map(bulk));
}

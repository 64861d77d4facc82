/** A TCP connection over which a test says what it likes, byte by byte. */
import { connect, type Socket } from 'node:net';
import { ignore } from '../../src/base/ignore.ts';
import { onTeardown } from './teardown.ts';
import { waitUntil } from './wait-until.ts';

export class RawConnection {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  /** `from`: one of this machine's addresses. */
  constructor(address: string, from?: string) {
    const [host = '', port = ''] = address.split(':');
    const local = from === undefined ? {} : { localAddress: from };
    this.socket = connect({ host, port: Number(port), ...local });
    this.socket.setNoDelay(true);
    this.socket.on('error', ignore("'close' follows"));
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
    });
    this.socket.on('close', () => {
      this.isClosed = true;
    });
    onTeardown(() => this.socket.destroy());
  }

  /** Resolves when it is connected, or was refused. */
  get isSettled(): boolean {
    return this.isClosed || this.socket.readyState === 'open';
  }

  send(bytes: string | Uint8Array): this {
    if (!this.isClosed) this.socket.write(bytes);
    return this;
  }

  async whenClosed(): Promise<this> {
    await waitUntil('the connection is closed', () => this.isClosed);
    return this;
  }

  /** The status of each answer so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  async whenAnswered(answers = 1): Promise<number[]> {
    await waitUntil('an answer', () => this.isClosed || this.statuses.length >= answers);
    return this.statuses;
  }
}

/** So many at once, connected. */
export async function connections(
  address: string,
  count: number,
  from?: string,
): Promise<RawConnection[]> {
  const opened: RawConnection[] = [];
  // Not faster than they are accepted.
  for (let first = 0; first < count; first += 500) {
    const some = Array.from(
      { length: Math.min(500, count - first) },
      () => new RawConnection(address, from),
    );
    await waitUntil('connections are open', () => some.every(({ isSettled }) => isSettled));
    opened.push(...some);
  }
  return opened;
}

/** One connection of cim under measurement: what comes is only counted, and told once a chunk. */

import { Tls } from '../../src/base/network/tls.ts';
import { scanMessage } from '../../src/codec/message-scan.ts';
import { decodeServerFrame } from '../../src/codec/sdk-frame.ts';
import type { LoadAccount, LoadLogin } from '../../src/load/accounts.ts';
import { LoadConnection } from '../../src/load/load-connection.ts';
import type { Turn } from '../../src/load/turn.ts';
import { MessageEncoder } from '../../src/load/wire.ts';

/** Who hears of what comes to a connection. */
export interface Sink {
  delivered(count: number): void;
  acknowledged(count: number): void;
}

/** What all connections share. */
export interface Surroundings {
  readonly turn: Turn;
  /** Of a text. */
  readonly bytes: number;
  /** So many messages are acknowledged together; Infinity: none are. */
  readonly shownMessages: number;
  /** Senders hear that theirs were delivered. */
  readonly marks?: boolean;
  /** Connections are WebSockets. */
  readonly overWebSocket?: boolean;
  /** All that comes with one chunk is acknowledged at once, also to senders. */
  acknowledging?: boolean;
  /** Acknowledgements of whole chunks. */
  acknowledgements?: number;
  /** Else that is a failure, as nothing is ever read again. */
  readonly mayFallBehind?: boolean;
  failed(reason: string): void;
}

const tls = Tls.ofSystem();

export class CimConnection {
  sink: Sink | undefined;
  readonly #connection: LoadConnection;
  readonly #bytes: number;
  readonly #encoders = new Map<string, MessageEncoder>();

  private constructor(connection: LoadConnection, bytes: number) {
    this.#connection = connection;
    this.#bytes = bytes;
  }

  /** Resolves when the server has said welcome. */
  static async open(
    account: LoadAccount,
    admission: LoadLogin,
    surroundings: Surroundings,
  ): Promise<CimConnection> {
    const { turn, bytes, shownMessages, marks = false, failed } = surroundings;
    const { overWebSocket = false } = surroundings;
    let [delivered, acknowledged] = [0, 0];
    /** To be acknowledged. */
    let newest: { readonly group: string; readonly seq: number } | undefined;
    const connection = await LoadConnection.open({
      ...{ index: 0, account, admission, device: 'bench', tls, turn, shownMessages, marks },
      overWebSocket,
      refusalOf: () => undefined,
      events: {
        message(_, bytes, start, end) {
          delivered += 1;
          if (surroundings.acknowledging) newest = scanMessage(bytes.subarray(start, end));
        },
        answered(_, code, bytes, start, end) {
          if (code !== 0) failed(`a message was refused: ${code}`);
          acknowledged += 1;
          // What was sent from here counts as seen.
          if (surroundings.acknowledging) newest = decodeServerFrame(bytes.subarray(start, end));
        },
        behind(_, group) {
          if (!surroundings.mayFallBehind) failed(`a connection fell behind in '${group}'`);
        },
        ended: (_, reason) => failed(reason),
        chunkOver() {
          if (delivered > 0) counted.sink?.delivered(delivered);
          if (acknowledged > 0) counted.sink?.acknowledged(acknowledged);
          delivered = acknowledged = 0;
          if (!newest?.seq) return;
          connection.acknowledge(newest.group, newest.seq);
          newest = undefined;
          surroundings.acknowledgements = (surroundings.acknowledgements ?? 0) + 1;
        },
      },
    });
    const counted = new CimConnection(connection, bytes);
    return counted;
  }

  get token(): string {
    return this.#connection.token;
  }

  get traffic(): { readonly read: number; readonly written: number } {
    return this.#connection.traffic;
  }

  /** Queues so many messages to a user or a group. */
  send(to: number | string, transient: boolean, count: number): void {
    const name = `${transient}${to}`;
    let encoder = this.#encoders.get(name);
    if (!encoder) {
      encoder = new MessageEncoder({ to, transient }, this.#bytes);
      this.#encoders.set(name, encoder);
    }
    this.#connection.write(encoder.encode('', count));
  }

  /** Resolves when what is sent to the group from then on is pushed. */
  follow(group: string, joined: number): Promise<void> {
    return this.#connection.follow(group, joined);
  }

  keepAlive(): void {
    this.#connection.keepAlive();
  }
}

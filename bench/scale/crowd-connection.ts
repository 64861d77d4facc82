/** One connection of the crowd: it writes to users and groups, and counts what comes. */
import { randomBytes } from 'node:crypto';
import { limits } from '../../src/base/limits.ts';
import type { Account, Admission } from '../../src/bench/accounts.ts';
import type { Turn, TurnSocket } from '../../src/bench/turn.ts';
import {
  ackCodeOf,
  encodeFollow,
  encodeLogin,
  encodeShown,
  isMessage,
  MessageEncoder,
  ping,
} from '../../src/bench/wire.ts';
import { command } from '../../src/codec/commands.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { scanMessage } from '../../src/codec/message-scan.ts';
import { decodeServerFrame } from '../../src/codec/server-frame.ts';
import { openSocket } from '../load/driver.ts';

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
  /** Whether what has come is acknowledged at once, all of one chunk together; else it never is. */
  acknowledging: boolean;
  readonly traffic: Traffic;
  failed(reason: string): void;
}

/** On all sockets. */
export interface Traffic {
  acknowledgements: number;
  read: number;
  written: number;
}

export class CrowdConnection {
  sink: Sink | undefined;
  readonly token: string;
  readonly #surroundings: Surroundings;
  readonly #socket: TurnSocket;
  readonly #encoders = new Map<string, MessageEncoder>();
  #delivered = 0;
  #acknowledged = 0;
  /** To be acknowledged; `group` empty: of its own timeline. */
  #newest = { group: '', seq: 0 };
  #onPageEnd: (() => void) | undefined;

  private constructor(token: string, surroundings: Surroundings, socket: TurnSocket) {
    this.token = token;
    this.#surroundings = surroundings;
    this.#socket = socket;
  }

  /** Resolves when the server has said welcome. */
  static async open(
    account: Account,
    { port, token }: Admission,
    surroundings: Surroundings,
  ): Promise<CrowdConnection> {
    const { turn, traffic, failed } = surroundings;
    const welcome = Promise.withResolvers<void>();
    const decoder = new FrameDecoder(limits.frameBytesMax);
    const events = { failed, delivered() {}, acknowledged() {} };
    const socket = await openSocket({ port, turn, events }, (chunk) => {
      traffic.read += chunk.length;
      decoder.push(chunk, (bytes, start, end) => {
        connection.#receive(bytes, start, end, welcome.resolve);
      });
      connection.#tell();
    });
    const connection = new CrowdConnection(token, surroundings, socket);
    connection.#write(encodeLogin({ ...account, token, device: 'scale', epoch: randomBytes(8) }));
    await welcome.promise;
    return connection;
  }

  /** Queues so many messages to a user or a group. */
  send(to: number | string, transient: boolean, count: number): void {
    const name = `${transient}${to}`;
    let encoder = this.#encoders.get(name);
    if (!encoder) {
      encoder = new MessageEncoder({ to, transient }, this.#surroundings.bytes);
      this.#encoders.set(name, encoder);
    }
    this.#write(encoder.encode('', count));
  }

  /** Resolves when what is sent to the group from then on is pushed. */
  follow(group: string, joined: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onPageEnd = resolve;
      this.#write(encodeFollow(group, joined));
    });
  }

  keepAlive(): void {
    this.#write(ping);
  }

  #write(frames: Uint8Array): void {
    this.#surroundings.traffic.written += frames.length;
    this.#socket.queue(frames);
  }

  #receive(bytes: Uint8Array, start: number, end: number, onWelcome: () => void): void {
    const { acknowledging } = this.#surroundings;
    if (isMessage(bytes, start)) {
      this.#delivered += 1;
      if (acknowledging) this.#newest = scanMessage(bytes.subarray(start, end));
      return;
    }
    if (ackCodeOf(bytes, start, end) === 0) {
      this.#acknowledged += 1;
      // What was sent from here counts as seen.
      if (acknowledging) this.#newest = decodeServerFrame(bytes.subarray(start, end));
      return;
    }
    this.#receiveOther(bytes.subarray(start, end), onWelcome);
  }

  #receiveOther(frame: Uint8Array, onWelcome: () => void): void {
    const { failed } = this.#surroundings;
    const { cmd, code, reason, group } = decodeServerFrame(frame);
    if (cmd === command.welcome) onWelcome();
    else if (cmd === command.read) this.#onPageEnd?.();
    else if (cmd === command.ack) failed(`a message was refused: ${code}`);
    else if (cmd === command.close) failed(`closed: ${code} ${reason}`);
    // It never reads, as it never falls behind.
    else if (cmd === command.hint) failed(`a connection fell behind in '${group}'`);
  }

  /** All that came with one chunk at once. */
  #tell(): void {
    const [delivered, acknowledged] = [this.#delivered, this.#acknowledged];
    this.#delivered = this.#acknowledged = 0;
    if (delivered > 0) this.sink?.delivered(delivered);
    if (acknowledged > 0) this.sink?.acknowledged(acknowledged);
    const { group, seq } = this.#newest;
    if (seq === 0) return;
    this.#newest = { group: '', seq: 0 };
    this.#surroundings.traffic.acknowledgements += 1;
    this.#write(encodeShown(group, seq));
  }
}

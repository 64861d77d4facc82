/**
 * One connection of a load: logged in, and from then on only counted on. It trusts the server: it
 * resends nothing, reads nothing again, and when it ends it stays ended.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { TlsDialling } from '../base/tls.ts';
import { describeTlsFailure } from '../base/tls-failures.ts';
import { command } from '../codec/commands.ts';
import { FrameDecoder } from '../codec/frame-decoder.ts';
import { scanMessage } from '../codec/message-scan.ts';
import { decodeServerFrame, type ServerFrame } from '../codec/server-frame.ts';
import type { Account, Admission } from './accounts.ts';
import { type Turn, TurnSocket } from './turn.ts';
import { ackCodeOf, encodeLogin, encodeShown, isMessage, ping } from './wire.ts';

export interface LoadConnectionOptions {
  /** Its number in the run. */
  readonly index: number;
  readonly account: Account;
  readonly admission: Admission;
  /** The account's device. */
  readonly device: string;
  readonly tls: TlsDialling;
  readonly turn: Turn;
  readonly events: LoadConnectionEvents;
}

export interface LoadConnectionEvents {
  /** It begins there, in bytes that are used again. */
  message(connection: LoadConnection, bytes: Uint8Array, start: number): void;
  /** An answer to a message that it has sent; 0 = stored. */
  answered(connection: LoadConnection, code: number): void;
  /** It is told of messages that were not pushed to it. */
  behind(connection: LoadConnection): void;
  /** It did not end it itself. */
  ended(connection: LoadConnection, reason: string): void;
}

/** So many taken are acknowledged at once, as by the SDK. */
const shownMessages = 100;

export class LoadConnection {
  readonly index: number;
  readonly account: Account;
  readonly token: string;
  readonly #events: LoadConnectionEvents;
  readonly #socket: TurnSocket;
  #untold = 0;
  #isOpen = false;
  #onPageEnd: ((group: string) => void) | undefined;

  private constructor(options: LoadConnectionOptions, socket: TurnSocket) {
    this.index = options.index;
    this.account = options.account;
    this.token = options.admission.token;
    this.#events = options.events;
    this.#socket = socket;
  }

  /** Resolves when the server has said welcome. */
  static open(options: LoadConnectionOptions): Promise<LoadConnection> {
    const { account, admission, device, tls, turn, events } = options;
    const { host, port, token } = admission;
    return new Promise((resolve, reject) => {
      const stream = dial(admission, tls);
      const socket = new TurnSocket(stream, turn);
      const connection = new LoadConnection(options, socket);
      const decoder = new FrameDecoder(limits.frameBytesMax);
      const end = (reason: string): void => {
        const isOpen = connection.#isOpen;
        connection.close();
        if (isOpen) events.ended(connection, reason);
        else reject(new CimError('unavailable', `no login at ${host}:${port}: ${reason}`));
      };
      stream.on('error', (error) => end(describeTlsFailure(error) ?? error.message));
      stream.on('end', () => end('the server has ended the connection'));
      stream.on('data', (chunk) => {
        decoder.push(chunk, (bytes, start, stop) => {
          if (isMessage(bytes, start)) return connection.#shown(bytes, start, stop);
          const code = ackCodeOf(bytes, start, stop);
          if (code !== undefined) return events.answered(connection, code);
          const other = decodeServerFrame(bytes.subarray(start, stop));
          if (other.cmd === command.welcome) {
            connection.#isOpen = true;
            resolve(connection);
          } else if (other.cmd === command.close) end(`${other.reason} (${other.code})`);
          else connection.#receive(other);
        });
      });
      socket.queue(encodeLogin({ ...account, token, device, epoch: randomBytes(8) }));
    });
  }

  /** Whole frames. */
  write(frames: Uint8Array): void {
    if (this.#isOpen) this.#socket.queue(frames);
  }

  ping(): void {
    this.write(ping);
  }

  /** Resolves when the next page of this group has come. */
  whenRead(group: string): Promise<void> {
    return new Promise((resolve) => {
      this.#onPageEnd = (name) => {
        if (name === group) resolve();
      };
    });
  }

  close(): void {
    this.#isOpen = false;
    this.#socket.close();
  }

  #shown(bytes: Uint8Array, start: number, end: number): void {
    this.#events.message(this, bytes, start);
    this.#untold += 1;
    if (this.#untold < shownMessages) return;
    const { seq, group } = scanMessage(bytes.subarray(start, end));
    if (seq === 0) return;
    this.#untold = 0;
    this.write(encodeShown(group, seq));
  }

  #receive({ cmd, group }: ServerFrame): void {
    if (cmd === command.read) this.#onPageEnd?.(group);
    // Of the lobby every connection is told; nothing is sent there.
    else if (cmd === command.hint && group !== 'lobby') this.#events.behind(this);
  }
}

function dial({ host, port, tls: isTls }: Admission, tls: TlsDialling): Socket {
  if (!isTls) return connect({ host, port, noDelay: true });
  return connectTls({ host, port, ...tls.dialOptions }).setNoDelay(true);
}

/**
 * One connection of a load: logged in, and from then on only counted on. It trusts the server: it
 * resends nothing, reads nothing again, and when it ends it stays ended.
 */
import { randomBytes } from 'node:crypto';
import { connect, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { formatHostPort } from '../base/network/host-port.ts';
import type { TlsDialling } from '../base/network/tls.ts';
import { describeTlsFailure } from '../base/network/tls-failures.ts';
import { command } from '../codec/commands.ts';
import { FrameDecoder } from '../codec/frame-decoder.ts';
import { scanMessage } from '../codec/message-scan.ts';
import { decodeServerFrame, type ServerFrame } from '../codec/sdk-frame.ts';
import type { LoadAccount, LoadLogin } from './accounts.ts';
import { type Turn, TurnSocket } from './turn.ts';
import { dialWebSocket, type LoadStream } from './web-socket-dial.ts';
import { ackCodeOf, encodeFollow, encodeLogin, encodeShown, isMessage, ping } from './wire.ts';

export interface LoadConnectionOptions {
  /** Its number in the run. */
  readonly index: number;
  readonly account: LoadAccount;
  readonly admission: LoadLogin;
  /** The account's device. */
  readonly device: string;
  readonly tls: TlsDialling;
  /** Why nothing is to be sent on a connection without TLS that has just been made. */
  readonly refusalOf: (socket: Socket) => Error | undefined;
  readonly turn: Turn;
  readonly events: LoadConnectionEvents;
  /** So many messages are acknowledged at once; as many as by the SDK, if nothing is said. */
  readonly shownMessages?: number;
  /** It is a WebSocket. */
  readonly overWebSocket?: boolean;
  /** With an acknowledgement it says that what its last sender has sent was delivered. */
  readonly marks?: boolean;
}

export interface LoadConnectionEvents {
  /** It lies there, in bytes that are used again; so do answers. */
  message(connection: LoadConnection, bytes: Uint8Array, start: number, end: number): void;
  /** An answer to a message that it has sent; 0 = stored. */
  answered(
    connection: LoadConnection,
    code: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** It is told of messages that were not pushed to it. */
  behind(connection: LoadConnection, group: string): void;
  /** It did not end it itself. */
  ended(connection: LoadConnection, reason: string): void;
  /** All that came with one chunk was told. */
  chunkOver?(connection: LoadConnection): void;
}

/** As the SDK has it. */
const usualShownMessages = 100;
const settleMs = 200;

export class LoadConnection {
  readonly index: number;
  readonly account: LoadAccount;
  readonly token: string;
  /** Who is told what comes. */
  events: LoadConnectionEvents;
  readonly #socket: TurnSocket;
  readonly #shownMessages: number;
  readonly #marks: boolean;
  #untold = 0;
  #toldAt = 0;
  #isOpen = false;
  #onPageEnd: ((group: string) => void) | undefined;

  private constructor(options: LoadConnectionOptions, socket: TurnSocket) {
    this.index = options.index;
    this.account = options.account;
    this.token = options.admission.token;
    this.events = options.events;
    this.#socket = socket;
    this.#shownMessages = options.shownMessages ?? usualShownMessages;
    this.#marks = options.marks ?? false;
  }

  /** Resolves when the server has said welcome. */
  static open(options: LoadConnectionOptions): Promise<LoadConnection> {
    const { account, admission, device, tls, refusalOf, turn, overWebSocket = false } = options;
    const { host, port, token } = admission;
    return new Promise((resolve, reject) => {
      const dialled = overWebSocket
        ? dialWebSocket(admission.webSocket ?? '')
        : dial(admission, tls);
      const { stream } = dialled;
      const socket = new TurnSocket(dialled, turn);
      const connection = new LoadConnection(options, socket);
      const decoder = new FrameDecoder(limits.frameBytesMax);
      const end = (reason: string): void => {
        const isOpen = connection.#isOpen;
        connection.close();
        if (isOpen) connection.events.ended(connection, reason);
        else
          reject(
            new CimError('unavailable', `no login at ${formatHostPort({ host, port })}: ${reason}`),
          );
      };
      stream.on('error', (error) => end(describeTlsFailure(error) ?? error.message));
      stream.on('end', () => end('the server has ended the connection'));
      stream.on('data', (chunk) => {
        decoder.push(chunk, (bytes, start, stop) => {
          if (isMessage(bytes, start)) return connection.#shown(bytes, start, stop);
          const code = ackCodeOf(bytes, start, stop);
          if (code !== undefined)
            return connection.events.answered(connection, code, bytes, start, stop);
          const other = decodeServerFrame(bytes.subarray(start, stop));
          if (other.cmd === command.welcome) {
            connection.#isOpen = true;
            resolve(connection);
          } else if (other.cmd === command.close) end(`${other.reason} (${other.code})`);
          else connection.#receive(other);
        });
        connection.events.chunkOver?.(connection);
      });
      stream.once(dialled.openEvent, () => {
        const isSecure = dialled.openEvent === 'secureConnect';
        const refusal = isSecure || !dialled.socket ? undefined : refusalOf(dialled.socket);
        if (refusal) stream.destroy(refusal);
        else socket.queue(encodeLogin({ ...account, token, device, epoch: randomBytes(8) }));
      });
    });
  }

  /** Whole frames. */
  write(frames: Uint8Array): void {
    if (this.#isOpen) this.#socket.queue(frames);
  }

  keepAlive(): void {
    this.write(ping);
  }

  /** Its word that it has shown everything up to `seq`; `group` empty: of its own timeline. */
  acknowledge(group: string, seq: number): void {
    this.write(encodeShown(group, seq));
  }

  /** Resolves when what is sent to the group from then on is pushed. */
  follow(group: string, joined: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onPageEnd = (name) => {
        if (name === group) resolve();
      };
      this.write(encodeFollow(group, joined));
    });
  }

  /** Bytes that have come, and that were written. */
  get traffic(): { readonly read: number; readonly written: number } {
    return this.#socket.traffic;
  }

  close(): void {
    this.#isOpen = false;
    this.#socket.close();
  }

  #shown(bytes: Uint8Array, start: number, end: number): void {
    this.events.message(this, bytes, start, end);
    this.#untold += 1;
    if (this.#untold < this.#shownMessages && !this.#isSettled()) return;
    this.#untold = 0;
    const message = scanMessage(bytes.subarray(start, end));
    const { seq, group } = message;
    if (seq > 0) this.write(encodeShown(group, seq, this.#marks ? message : undefined));
  }

  #isSettled(): boolean {
    if (this.#shownMessages === Number.POSITIVE_INFINITY) return false;
    const now = performance.now();
    if (now - this.#toldAt < settleMs) return false;
    this.#toldAt = now;
    return true;
  }

  #receive({ cmd, group }: ServerFrame): void {
    if (cmd === command.read) this.#onPageEnd?.(group);
    // Of the lobby every connection is told; nothing is sent there.
    else if (cmd === command.hint && group !== 'lobby') this.events.behind(this, group);
  }
}

function dial(admission: LoadLogin, tls: TlsDialling): LoadStream {
  const socket = socketTo(admission, tls);
  return { stream: socket, socket, openEvent: admission.tls ? 'secureConnect' : 'connect' };
}

function socketTo({ host, port, tls: isTls }: LoadLogin, tls: TlsDialling): Socket {
  const refusal = isTls ? undefined : tls.refusalOfPlain(formatHostPort({ host, port }));
  if (refusal) return new Socket().destroy(refusal);
  if (!isTls) return connect({ host, port, noDelay: true });
  return connectTls({ host, port, ...tls.dialOptions }).setNoDelay(true);
}

/**
 * A connection that speaks the cim protocol as cheaply as Node can, so that a benchmark measures the
 * server and not its load. It trusts its peer: no resends, no gap handling, no state.
 */

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { drawAccount, logIn, register } from '../src/bench/accounts.ts';
import { encodeLogin, ping, type WireLogin } from '../src/bench/wire.ts';
import { command } from '../src/codec/commands.ts';
import { FrameDecoder } from '../src/codec/frame-decoder.ts';
import { decodeServerFrame, encodeRequest } from '../src/codec/server-frame.ts';

export interface LoadHandlers {
  /** A message arrived; `frame` is a view of the socket's buffer. */
  onMessage(frame: Uint8Array): void;
  /** One message was acknowledged with this code. */
  onAck(code: number): void;
}

const frameBytesMax = 2 * 1024 * 1024;

export class LoadClient {
  readonly #socket: Socket;
  readonly #handlers: LoadHandlers;
  #acknowledged = 0;
  #received = 0;

  private constructor(socket: Socket, handlers: LoadHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  /** Registers the account, logs in over HTTP and TCP; resolves when the server said welcome. */
  static async open(route: string, userId: number, handlers: LoadHandlers): Promise<LoadClient> {
    const account = drawAccount(userId);
    await register(route, account);
    const { host, port, token } = await logIn(route, account);
    const socket = connect({ host, port, noDelay: true });
    const client = new LoadClient(socket, handlers);
    await client.#login({ ...account, token, epoch: randomBytes(8) });
    return client;
  }

  /** Several messages in one write, as an SDK with something to say would. */
  sendRun(to: number, firstSendSeq: number, count: number, text: string): void {
    const frames: Uint8Array[] = [];
    for (let index = 0; index < count; index++) {
      frames.push(
        encodeRequest({ cmd: command.message, reqMsg: text, to, sendSeq: firstSendSeq + index }),
      );
    }
    this.#socket.write(Buffer.concat(frames));
  }

  ping(): void {
    this.#socket.write(ping);
  }

  close(): void {
    this.#socket.destroy();
  }

  #login(login: WireLogin): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('error', reject);
      const decoder = new FrameDecoder(frameBytesMax);
      this.#socket.on('data', (chunk) =>
        decoder.push(chunk, (bytes, start, end) =>
          this.#receive(bytes.subarray(start, end), resolve, reject),
        ),
      );
      this.#socket.write(encodeLogin(login));
    });
  }

  #receive(frame: Uint8Array, welcomed: () => void, refused: (error: Error) => void): void {
    // A message begins with its text, everything else with its command: what is only counted need
    // not be decoded.
    if (frame[0] === 0x0a) {
      this.#received += 1;
      this.#handlers.onMessage(frame);
      if (this.#received - this.#acknowledged >= 100) this.#acknowledge();
      return;
    }
    const { cmd, code, reason } = decodeServerFrame(frame);
    if (cmd === command.ack) this.#handlers.onAck(code);
    else if (cmd === command.welcome) welcomed();
    else if (cmd === command.close) refused(new Error(`closed: ${code} ${reason}`));
  }

  #acknowledge(): void {
    this.#acknowledged = this.#received;
    this.#socket.write(encodeRequest({ cmd: command.ack, after: this.#received }));
  }
}

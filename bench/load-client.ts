/**
 * A connection that speaks the cim protocol as cheaply as Node can, so that a benchmark measures the server and not its load. It trusts its peer: no resends, no
 * gap handling, no state.
 */

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { command } from '../src/codec/commands.ts';
import { FrameDecoder } from '../src/codec/frame-decoder.ts';
import { decodeServerFrame, encodeRequest } from '../src/codec/server-frame.ts';

export interface RouteAddress {
  readonly url: string;
}

/** Registers an account and returns where to connect. */
export async function login(
  route: string,
  userId: number,
  userName: string,
): Promise<{ host: string; port: number }> {
  await post(`${route}/registerAccount`, { userId, userName });
  const { ip, cimServerPort } = await post(`${route}/login`, { userId, userName });
  return { host: ip, port: cimServerPort };
}

async function post(url: string, body: object): Promise<{ ip: string; cimServerPort: number }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-cim-version': '1' },
    body: JSON.stringify(body),
  });
  const envelope = (await response.json()) as {
    code: string;
    message: string;
    dataBody: { ip: string; cimServerPort: number };
  };
  if (envelope.code !== '9000') throw new Error(`${url}: ${envelope.code} ${envelope.message}`);
  return envelope.dataBody;
}

export interface LoadHandlers {
  /** A message arrived; `frame` is a view of the socket's buffer. */
  onMessage(frame: Uint8Array): void;
  /** One message was acknowledged with this code. */
  onAck(code: number): void;
}

export class LoadClient {
  readonly socket: Socket;
  readonly #userId: number;
  #acknowledged = 0;
  #received = 0;

  private constructor(userId: number, socket: Socket) {
    this.#userId = userId;
    this.socket = socket;
  }

  static async open(route: string, userId: number, handlers: LoadHandlers): Promise<LoadClient> {
    const name = `bench-${userId}`;
    const { host, port } = await login(route, userId, name);
    const socket = connect({ host, port, noDelay: true });
    const client = new LoadClient(userId, socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      const decoder = new FrameDecoder(2 * 1024 * 1024);
      socket.on('data', (chunk) =>
        decoder.push(chunk, (frame) => client.#receive(frame, handlers, resolve, reject)),
      );
      socket.write(
        encodeRequest({
          cmd: command.login,
          requestId: userId,
          reqMsg: name,
          protocolVersion: 1,
          device: `bench-${userId}`,
          connectionNumber: Date.now(),
          epoch: randomBytes(8),
          ephemeral: true,
        }),
      );
    });
    return client;
  }

  send(to: number, sendSeq: number, text: string): void {
    this.socket.write(encodeRequest({ cmd: command.message, reqMsg: text, to, sendSeq }));
  }

  /** Several messages in one write, as an SDK with something to say would. */
  sendRun(to: number, firstSendSeq: number, count: number, text: string): void {
    const frames: Uint8Array[] = [];
    for (let index = 0; index < count; index++) {
      frames.push(
        encodeRequest({ cmd: command.message, reqMsg: text, to, sendSeq: firstSendSeq + index }),
      );
    }
    this.socket.write(Buffer.concat(frames));
  }

  ping(): void {
    this.socket.write(
      encodeRequest({ cmd: command.ping, reqMsg: 'ping', requestId: this.#userId }),
    );
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(
    frame: Uint8Array,
    handlers: LoadHandlers,
    welcomed: () => void,
    refused: (error: Error) => void,
  ): void {
    // A message begins with its text, everything else with its command: no need to decode what is only counted.
    if (frame[0] === 0x0a) {
      this.#received += 1;
      handlers.onMessage(frame);
      if (this.#received - this.#acknowledged >= 100) this.#acknowledge();
      return;
    }
    const { cmd, code, reason } = decodeServerFrame(frame);
    if (cmd === command.ack) handlers.onAck(code);
    else if (cmd === command.welcome) welcomed();
    else if (cmd === command.close) refused(new Error(`closed: ${code} ${reason}`));
  }

  #acknowledge(): void {
    this.#acknowledged = this.#received;
    this.socket.write(encodeRequest({ cmd: command.ack, after: this.#received }));
  }
}

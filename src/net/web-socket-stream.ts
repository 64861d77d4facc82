/**
 * A WebSocket as a stream of bytes: what its binary messages hold, one after the other. What is written
 * in one go is one message. It has the part of a stream that the owner of a connection uses, and no
 * buffers of its own: what waits for the peer waits in the socket, and what the owner does not take is
 * not read. The handshake is over (web-socket-handshakes.ts).
 */
import type { Socket } from 'node:net';
import {
  binaryHeaderLength,
  encodeClose,
  encodePong,
  pingFrame,
  type WebSocketControls,
  WebSocketError,
  WebSocketReader,
  webSocketCodeOf,
  webSocketCodes,
  writeBinaryHeader,
} from '../codec/web-socket.ts';
import { own, type StreamOwner } from './stream-owner.ts';

/** As long as copying costs less than a second piece in a write. */
const copiedBytesMax = 2 * 1024;

/** For all of them: looked at before anything else is read. */
const controls: WebSocketControls = { ping: null, closeCode: 0 };

type Written = (error?: Error | null) => void;

export class WebSocketStream implements StreamOwner {
  readonly #socket: Socket;
  readonly #reader = new WebSocketReader();
  #owner: StreamOwner | null = null;
  /** What the owner has given back, to be read again before anything else. */
  #rest: Uint8Array | null = null;
  #isPaused = false;
  /** The code with which the peer closes, once all was read that came before; 0: it does not. */
  #peersCode = 0;
  /** A close was written, and nothing follows it. */
  #isEnded = false;
  /** How the peer has broken the rules; 0: it has not. */
  #violation = 0;

  /** Reads what came behind the request when it is owned. */
  constructor(socket: Socket, head: Uint8Array) {
    this.#socket = socket;
    if (head.length > 0) socket.unshift(head);
  }

  /** It has one, for good. */
  ownedBy(owner: StreamOwner): void {
    this.#owner = owner;
    own(this.#socket, this);
  }

  // ---- what a stream has ------------------------------------------------------------------------

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  get writable(): boolean {
    return !this.#isEnded && this.#socket.writable;
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  get readableLength(): number {
    return this.#socket.readableLength + (this.#rest?.length ?? 0);
  }

  /** Nothing, if there is nothing to write: then `written` tells that all before has been. */
  write(bytes: Uint8Array, written?: Written): void {
    const socket = this.#socket;
    if (this.#isEnded) return written?.(new Error('the WebSocket has ended'));
    if (bytes.length === 0) {
      socket.write(bytes, written);
      return;
    }
    const waits = socket.writableLength > 0;
    const headerBytes = binaryHeaderLength(bytes.length);
    if (waits || bytes.length <= copiedBytesMax) {
      const size = headerBytes + bytes.length;
      // Behind others it may wait for long: in memory of its own.
      const message = waits ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size);
      writeBinaryHeader(message, bytes.length);
      message.set(bytes, headerBytes);
      socket.write(message, written);
      return;
    }
    const header = Buffer.allocUnsafe(headerBytes);
    writeBinaryHeader(header, bytes.length);
    socket.cork();
    socket.write(header);
    socket.write(bytes, written);
    socket.uncork();
  }

  onceDrained(listener: () => void): void {
    this.#socket.once('drain', listener);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Goes on later in this turn, as streams do. */
  resume(): void {
    this.#isPaused = false;
    if (this.#rest === null) this.#socket.resume();
    else process.nextTick(() => this.#readRest());
  }

  /** While it is paused. */
  unshift(rest: Uint8Array): void {
    this.#rest = this.#rest === null ? rest : Buffer.concat([rest, this.#rest]);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // ---- what a WebSocket has beside --------------------------------------------------------------

  /** Ends it, and tells why: by a close code of cim, unless the peer has broken the rules here. */
  end(closeCode: number, reason: string): void {
    this.#close(this.#violation || webSocketCodeOf(closeCode), reason);
  }

  /** Asks for a sign of life; its answer is received as nothing. */
  ping(): void {
    if (this.writable && this.writableLength === 0) this.#socket.write(pingFrame);
  }

  // ---- StreamOwner, of the socket ---------------------------------------------------------------

  received(chunk: Uint8Array): void {
    if (this.#isEnded || this.#peersCode !== 0) return;
    let bytes: Uint8Array;
    try {
      bytes = this.#reader.read(chunk, controls);
    } catch (error) {
      return this.#failed(error);
    }
    const { ping, closeCode } = controls;
    // Of many in one chunk the last is answered, and none to a peer that does not read.
    if (ping !== null && this.writableLength === 0) this.#socket.write(encodePong(ping));
    this.#owner?.received(bytes, chunk.length - bytes.length);
    this.#peersCode = closeCode;
    this.#answerClose();
  }

  closed(): void {
    this.#rest = null;
    this.#owner?.closed();
  }

  #failed(error: unknown): void {
    if (!(error instanceof WebSocketError)) throw error;
    this.#violation = error.code;
    this.#owner?.failed?.(error);
  }

  #readRest(): void {
    const rest = this.#rest;
    if (this.#isPaused || rest === null) return;
    this.#rest = null;
    this.#owner?.received(rest, 0);
    // Unless its owner has had enough again.
    if (!this.#isPaused) this.#socket.resume();
    this.#answerClose();
  }

  #answerClose(): void {
    if (this.#peersCode === 0 || this.#rest !== null) return;
    const { none, normal } = webSocketCodes;
    this.#close(this.#peersCode === none ? normal : this.#peersCode, '');
  }

  #close(code: number, reason: string): void {
    if (this.#isEnded) return;
    if (this.#socket.writable) this.#socket.end(encodeClose(code, reason));
    this.#isEnded = true;
    this.#rest = null;
    this.#isPaused = false;
    this.#socket.resume();
  }
}

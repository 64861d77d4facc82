/**
 * The frames of WebSocket (RFC 6455), as far as a server reads and writes them: each chunk of a stream →
 * the bytes that messages in it bring. Messages and fragments are no units of cim's protocol, so nothing
 * of them is held: what a peer makes the process keep is counted where its own frames are read, as over
 * TCP. Does no I/O.
 *
 * Invariant: at most 14 bytes of a header and 125 of a control frame are held, and none between frames.
 */
import { isUtf8 } from 'node:buffer';
import { limits } from '../base/limits.ts';
import { ProtocolError } from './protocol-error.ts';

/** Status codes of a close (RFC 6455, section 7.4.1). Those from 4000 on are cim's own. */
export const webSocketCodes = {
  normal: 1000,
  protocolError: 1002,
  unsupportedData: 1003,
  none: 1005,
  invalidText: 1007,
  policyViolation: 1008,
  tooBig: 1009,
} as const;

/** What is added to a close code of cim (close-codes.ts), to be one of WebSocket. */
const ownCodes = 4_000;

/** A peer's frames break the rules; `code` is what it is to be told. */
export class WebSocketError extends ProtocolError {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const firstControl = opcodes.close;
const maskBytes = 4;
const controlBytesMax = 125;
const headerBytesMax = 14;

/** What a chunk has brought beside messages. */
export interface WebSocketControls {
  /** What the last ping in it holds, which is to be sent back; null: there was none. */
  ping: Uint8Array | null;
  /** The peer closes, with this code; 0: it does not. */
  closeCode: number;
}

export class WebSocketReader {
  /** Of a header that is not complete: its bytes, and how many. */
  #header: Uint8Array | null = null;
  #headerBytes = 0;
  /** Of the frame that is read. */
  #opcode = 0;
  #isFinal = false;
  #left = 0;
  #isInFrame = false;
  /** Turned so that the next byte is masked by the highest eight bits. */
  #mask = 0;
  /** Of the message that is read. */
  #isInMessage = false;
  #messageBytes = 0;
  #fragments = 0;
  /** What has come of a control frame; null while there is none. */
  #control: Uint8Array | null = null;

  /**
   * Unmasks what messages bring, within `chunk`: it returns that as the first bytes of it, and sets
   * `controls`. Behind a close nothing is read. Throws WebSocketError, after which nothing is to be read
   * any more.
   */
  read(chunk: Uint8Array, controls: WebSocketControls): Uint8Array {
    controls.ping = null;
    controls.closeCode = 0;
    let from = 0;
    let filled = 0;
    while (from < chunk.length && controls.closeCode === 0) {
      if (!this.#isInFrame) {
        from = this.#readHeader(chunk, from);
        if (!this.#isInFrame) break;
      }
      const end = Math.min(from + this.#left, chunk.length);
      if (this.#control === null) {
        this.#unmask(chunk, from, end, chunk, filled);
        filled += end - from;
      } else {
        this.#unmask(chunk, from, end, this.#control, this.#control.length - this.#left);
      }
      this.#left -= end - from;
      from = end;
      if (this.#left === 0) this.#endFrame(controls);
    }
    return chunk.subarray(0, filled);
  }

  #unmask(from: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
    let mask = this.#mask;
    let to = at;
    for (let index = start; index < end; index++) {
      target[to++] = (from[index] as number) ^ (mask >>> 24);
      mask = (mask << 8) | (mask >>> 24);
    }
    this.#mask = mask;
  }

  /** Begins a frame if its header ends in `chunk`, else keeps what is there of it. Returns up to where. */
  #readHeader(chunk: Uint8Array, from: number): number {
    if (this.#header === null) {
      const length = headerLength(chunk, from, chunk.length);
      if (from + length <= chunk.length) {
        this.#beginFrame(chunk, from, length);
        return from + length;
      }
      this.#header = new Uint8Array(headerBytesMax);
      this.#headerBytes = 0;
    }
    const header = this.#header;
    let offset = from;
    while (offset < chunk.length) {
      header[this.#headerBytes++] = chunk[offset++] as number;
      if (this.#headerBytes < headerLength(header, 0, this.#headerBytes)) continue;
      this.#header = null;
      this.#beginFrame(header, 0, this.#headerBytes);
      break;
    }
    return offset;
  }

  #beginFrame(bytes: Uint8Array, start: number, length: number): void {
    const first = bytes[start] as number;
    const second = bytes[start + 1] as number;
    if ((first & 0x70) !== 0) throw broken('a reserved bit is set, and no extension was agreed on');
    if ((second & 0x80) === 0) throw broken('a frame of a client is to be masked');
    this.#opcode = first & 0x0f;
    this.#isFinal = (first & 0x80) !== 0;
    this.#left = payloadLength(bytes, start);
    if (this.#opcode >= firstControl) this.#beginControl();
    else this.#beginFragment();
    this.#isInFrame = true;
    this.#mask = 0;
    for (let index = start + length - maskBytes; index < start + length; index++)
      this.#mask = (this.#mask << 8) | (bytes[index] as number);
  }

  #beginControl(): void {
    if (this.#opcode > opcodes.pong) throw broken(`there is no frame of type ${this.#opcode}`);
    if (!this.#isFinal) throw broken('a control frame is in fragments');
    if (this.#left > controlBytesMax) throw broken('a control frame is too long');
    this.#control = new Uint8Array(this.#left);
  }

  #beginFragment(): void {
    if (this.#opcode === opcodes.continuation) {
      if (!this.#isInMessage) throw broken('a message goes on that was not begun');
    } else {
      if (this.#isInMessage) throw broken('a message begins in another one');
      if (this.#opcode === opcodes.text)
        throw new WebSocketError(webSocketCodes.unsupportedData, 'messages are to be binary');
      if (this.#opcode !== opcodes.binary)
        throw broken(`there is no frame of type ${this.#opcode}`);
      this.#isInMessage = true;
      this.#messageBytes = 0;
      this.#fragments = 0;
    }
    this.#messageBytes += this.#left;
    this.#fragments += 1;
    const { webSocketMessageBytesMax, webSocketFragmentsMax } = limits;
    if (this.#messageBytes > webSocketMessageBytesMax) {
      const reason = `a message is over the limit of ${webSocketMessageBytesMax} bytes`;
      throw new WebSocketError(webSocketCodes.tooBig, reason);
    }
    if (this.#fragments > webSocketFragmentsMax) {
      const reason = `a message is in more than ${webSocketFragmentsMax} fragments`;
      throw new WebSocketError(webSocketCodes.policyViolation, reason);
    }
  }

  #endFrame(controls: WebSocketControls): void {
    this.#isInFrame = false;
    const control = this.#control;
    if (control === null) {
      if (this.#isFinal) this.#isInMessage = false;
      return;
    }
    this.#control = null;
    if (this.#opcode === opcodes.ping) controls.ping = control;
    else if (this.#opcode === opcodes.close) controls.closeCode = closeCodeOf(control);
  }
}

/** Of the header that begins at `start`, as far as the bytes up to `end` tell. */
function headerLength(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return 2 + maskBytes;
  const second = bytes[start + 1] as number;
  // It is not masked, and so refused: what follows is of no interest.
  if (second < 0x80) return 2;
  const length = second & 0x7f;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  return 2 + extended + maskBytes;
}

function payloadLength(bytes: Uint8Array, start: number): number {
  const length = (bytes[start + 1] as number) & 0x7f;
  if (length < 126) return length;
  const count = length === 126 ? 2 : 8;
  let value = 0;
  for (let index = 0; index < count; index++)
    value = value * 256 + (bytes[start + 2 + index] as number);
  return value;
}

function closeCodeOf(payload: Uint8Array): number {
  if (payload.length === 0) return webSocketCodes.none;
  if (payload.length === 1) throw broken('a close has half a code');
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  if (!mayBeSent(code)) throw broken(`a close has the code ${code}, which nobody may send`);
  if (!isUtf8(payload.subarray(2)))
    throw new WebSocketError(webSocketCodes.invalidText, 'the reason of a close is no UTF-8');
  return code;
}

function mayBeSent(code: number): boolean {
  if (code >= 3_000 && code <= 4_999) return true;
  return code >= 1_000 && code <= 1_014 && (code < 1_004 || code > 1_006);
}

function broken(reason: string): WebSocketError {
  return new WebSocketError(webSocketCodes.protocolError, reason);
}

/** Bytes before those of a binary message of this length. */
export function binaryHeaderLength(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** Writes the header of a whole binary message to the beginning of `target`. */
export function writeBinaryHeader(target: Uint8Array, length: number): void {
  target[0] = 0x80 | opcodes.binary;
  if (length < 126) {
    target[1] = length;
    return;
  }
  const bytes = length < 65_536 ? 2 : 8;
  target[1] = bytes === 2 ? 126 : 127;
  let rest = length;
  for (let index = bytes + 1; index >= 2; index--) {
    target[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

export const pingFrame = Uint8Array.of(0x80 | opcodes.ping, 0);

export function encodePong(payload: Uint8Array): Uint8Array {
  return controlFrame(opcodes.pong, payload);
}

/** `reason` is cut to what a close has room for. */
export function encodeClose(code: number, reason: string): Uint8Array {
  const payload = new Uint8Array(controlBytesMax);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return controlFrame(opcodes.close, payload.subarray(0, 2 + written));
}

/** The code of WebSocket for one of cim. */
export function webSocketCodeOf(closeCode: number): number {
  return ownCodes + closeCode;
}

function controlFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + payload.length);
  frame[0] = 0x80 | opcode;
  frame[1] = payload.length;
  frame.set(payload, 2);
  return frame;
}

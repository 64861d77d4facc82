/**
 * Plays an unchanged Java client byte by byte: its HTTP calls, its frames (golden where the Java
 * system's are), and nothing that cim adds.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { ignore } from '../../src/base/ignore.ts';
import { frame } from '../../src/codec/frame.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { com } from '../../src/codec/protobuf.ts';
import { onTeardown } from './teardown.ts';
import { hopelessMs, waitUntil } from './wait-until.ts';

const { Request, Response } = com.crossoverjie.cim.common.protocol;

export interface JavaFrame {
  readonly cmd: number;
  readonly resMsg: string;
  readonly responseId: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly batchResMsg: readonly string[];
}

export interface Envelope {
  readonly code: string;
  readonly message: string;
  readonly reqNo: null;
  readonly dataBody: unknown;
}

/**
 * POSTs as okhttp does, and insists on the envelope's four keys in their order: a Java caller
 * parses strictly.
 */
export async function javaPost(route: string, path: string, body: object): Promise<Envelope> {
  const response = await fetch(`${route}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(body),
  });
  return envelopeOf(response);
}

export async function javaGet(route: string, path: string): Promise<Envelope> {
  return envelopeOf(await fetch(`${route}${path}`));
}

async function envelopeOf(response: globalThis.Response): Promise<Envelope> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${text}`);
  const envelope = JSON.parse(text) as Envelope;
  const keys = Object.keys(envelope).join();
  if (keys !== 'code,message,reqNo,dataBody') throw new Error(`a Java caller would refuse ${text}`);
  return envelope;
}

/** Registers a name and returns its id. */
export async function javaRegister(route: string, userName: string): Promise<number> {
  const { dataBody } = await javaPost(route, '/registerAccount', { userName });
  return (dataBody as { userId: number }).userId;
}

export class JavaPeer {
  readonly userId: number;
  readonly userName: string;
  readonly frames: JavaFrame[] = [];
  /** Frames that hold what the Java system does not know. */
  readonly strange: JavaFrame[] = [];
  readonly socket: Duplex;
  closed = false;

  private constructor(userId: number, userName: string, socket: Duplex) {
    this.userId = userId;
    this.userName = userName;
    this.socket = socket;
    const decoder = new FrameDecoder(16 * 1024 * 1024);
    socket.on('data', (chunk) =>
      decoder.push(chunk, (bytes, start, end) => {
        const received = Response.decode(bytes.slice(start, end));
        this.frames.push(received);
        if (!isOfJava(received, end - start)) this.strange.push(received);
      }),
    );
    socket.on('error', ignore('the event close follows'));
    socket.on('close', () => {
      this.closed = true;
    });
    onTeardown(() => {
      socket.destroy();
    });
  }

  /**
   * /login, connect, LOGIN: as the Java SDK starts. Throws with the envelope when the route
   * refuses.
   */
  static async login(route: string, userId: number, userName: string): Promise<JavaPeer> {
    const envelope = await javaPost(route, '/login', { userId, userName });
    if (envelope.code !== '9000') throw new Error(JSON.stringify(envelope));
    const { ip, cimServerPort } = envelope.dataBody as { ip: string; cimServerPort: number };
    const peer = await JavaPeer.connect(ip, cimServerPort, userId, userName);
    peer.sendLogin();
    // The protocol has no answer to a login; the first pong comes when the server has taken it or
    // not.
    peer.ping();
    await peer.whenReceived(({ cmd }) => cmd === 2);
    await waitUntil('the user is online', async () => {
      const online = (await javaGet(route, '/onlineUser')).dataBody as { userId: number }[] | null;
      return online?.some((user) => user.userId === userId);
    });
    return peer;
  }

  static async connect(
    host: string,
    port: number,
    userId: number,
    userName: string,
  ): Promise<JavaPeer> {
    const socket = connect(port, host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new JavaPeer(userId, userName, socket);
  }

  /** Its bytes in messages of WebSocket, as no Java client sends them. */
  static async overWebSocket(url: string, userId: number, userName: string): Promise<JavaPeer> {
    const webSocket = new WebSocket(url, 'cim.v2', { perMessageDeflate: false });
    const socket = createWebSocketStream(webSocket);
    socket.once('end', () => socket.destroy());
    await once(webSocket, 'open');
    return new JavaPeer(userId, userName, socket);
  }

  sendLogin(): void {
    this.socket.write(
      frame(Request.encode({ reqMsg: this.userName, requestId: this.userId }).finish()),
    );
  }

  ping(): void {
    this.socket.write(
      frame(Request.encode({ reqMsg: 'ping', requestId: this.userId, cmd: 2 }).finish()),
    );
  }

  /**
   * What a Java listener would be called with: one text after the other, of every frame that is not
   * a pong.
   */
  get texts(): string[] {
    return this.frames
      .filter(({ cmd }) => cmd !== 2)
      .flatMap(({ batchResMsg, resMsg }) => (batchResMsg.length > 0 ? batchResMsg : [resMsg]));
  }

  async whenReceived(
    matches: (frame: JavaFrame) => boolean,
    timeoutMs = hopelessMs,
  ): Promise<JavaFrame> {
    return waitUntil(`${this.userName} receives a frame`, () => this.frames.find(matches), {
      timeoutMs,
    });
  }

  whenTexts(...texts: readonly string[]): Promise<unknown> {
    return waitUntil(`${this.userName} reads ${texts.join()}; has ${this.texts.join()}`, () => {
      return JSON.stringify(this.texts) === JSON.stringify(texts);
    });
  }

  whenClosed(timeoutMs = hopelessMs): Promise<unknown> {
    return waitUntil(`the connection of ${this.userName} ends`, () => this.closed, { timeoutMs });
  }

  /** As the Java SDK closes: the connection first, then /offLine. */
  async close(route: string): Promise<void> {
    this.socket.destroy();
    await javaPost(route, '/offLine', { userId: this.userId, msg: 'offLine' });
  }
}

/** Nothing is in it but the five fields of the Java system, and one of its commands. */
function isOfJava(received: JavaFrame, size: number): boolean {
  const { resMsg, responseId, cmd, properties } = received;
  const batchResMsg = [...received.batchResMsg];
  const own = Response.encode({ resMsg, responseId, cmd, properties, batchResMsg }).finish();
  return cmd <= 3 && own.length === size;
}

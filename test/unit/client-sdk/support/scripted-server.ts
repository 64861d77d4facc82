/**
 * The other side of a CimClient, in memory: routes that answer what a test tells them to, and a
 * server that does nothing by itself. Every frame of the client is checked as a real server checks
 * it. Time is a VirtualClock.
 */
import { CimError } from '../../../../src/base/errors.ts';
import { ignore } from '../../../../src/base/ignore.ts';
import {
  CimClient,
  type CimClientOptions,
  type Platform,
} from '../../../../src/client/sdk/index.ts';
import type { ByteStreamEvents } from '../../../../src/client/sdk/platform.ts';
import { decodeAcknowledgement } from '../../../../src/codec/acknowledgement.ts';
import { assertClientFields } from '../../../../src/codec/client-frame.ts';
import type { CloseName } from '../../../../src/codec/close-codes.ts';
import { commandOf } from '../../../../src/codec/command-of.ts';
import { command } from '../../../../src/codec/commands.ts';
import { FrameDecoder } from '../../../../src/codec/frame-decoder.ts';
import { appendOrigin } from '../../../../src/codec/message-body.ts';
import { encodeContent, type MessageContent } from '../../../../src/codec/message-content.ts';
import { toHex } from '../../../../src/codec/message-scan.ts';
import { com } from '../../../../src/codec/protobuf.ts';
import {
  type Ack,
  encodeAck,
  encodeClose,
  encodeGroupFacts,
  encodeHint,
  encodeInvited,
  encodeJoined,
  encodeLeft,
  encodeMarks,
  encodePageEnd,
  encodePush,
  encodeWelcome,
  type PageEnd,
  type Welcome,
} from '../../../../src/codec/server-frame.ts';
import { FakeFiles } from '../../../support/fake-files.ts';
import { serverAddress } from '../../../support/role-addresses.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

const { Request } = com.crossoverjie.cim.common.protocol;

export type ClientFrame = InstanceType<typeof Request>;

/** Someone else's message, or, with one's own id and epoch, an own one. */
export interface Told {
  readonly from?: number;
  readonly epoch?: Uint8Array;
  readonly to?: number;
  readonly group?: string;
  readonly sendSeq: number;
  readonly text?: string;
  readonly sealed?: Uint8Array;
  readonly content?: MessageContent;
  readonly at?: number;
  readonly transient?: boolean;
}

export const bob = { userId: 1, userName: 'bob' };
export const amyEpoch = Uint8Array.from([2, 2, 2, 2, 2, 2, 2, 2]);

function bodyOf({
  from = 2,
  epoch = amyEpoch,
  to,
  group,
  sendSeq,
  text,
  sealed,
  content,
  at = 1_000,
  transient = false,
}: Told): Uint8Array {
  const target = group === undefined ? { to: to ?? bob.userId } : { group };
  const reqMsg = text ?? `text ${sendSeq}`;
  const bytes = content && encodeContent(content);
  const fields = {
    cmd: command.message,
    ...target,
    sendSeq,
    ...(sealed ? { sealed } : { reqMsg }),
    transient,
    ...(bytes && { content: bytes }),
  };
  return appendOrigin(Request.encode(Request.create(fields)).finish(), {
    from,
    fromName: from === 1 ? 'bob' : 'amy',
    epochHex: toHex(epoch),
    at,
  });
}

/** As a server pushes it, or sends it in a page. */
export function framedMessage(seq: number, told: Told): Uint8Array {
  return encodePush(bodyOf(told), seq);
}

/** One TCP connection of the client. */
export class ServerConnection {
  readonly host: string;
  readonly port: number;
  /** Frames that the client has sent and the test has not taken. */
  readonly frames: ClientFrame[] = [];
  closedByClient = false;
  readonly #events: ByteStreamEvents;
  readonly #decoder = new FrameDecoder(1024 * 1024);

  constructor(host: string, port: number, events: ByteStreamEvents) {
    this.host = host;
    this.port = port;
    this.#events = events;
  }

  write(bytes: Uint8Array): void {
    this.#decoder.push(bytes, (received, start, end) => {
      const frame = received.subarray(start, end);
      if (commandOf(frame) === command.ack) decodeAcknowledgement(frame);
      else assertClientFields(frame);
      this.frames.push(Request.decode(frame));
    });
  }

  /** The next frame, which must be of this command. */
  take(cmd: keyof typeof command): ClientFrame {
    const frame = this.frames.shift();
    if (frame?.cmd !== command[cmd]) {
      throw new Error(`expected ${cmd}, there was ${frame ? JSON.stringify(frame) : 'nothing'}`);
    }
    return frame;
  }

  /** Texts of all MESSAGE frames so far, which must come first. */
  takeTexts(): string[] {
    const texts: string[] = [];
    while (this.frames[0]?.cmd === command.message) texts.push(this.take('message').reqMsg);
    return texts;
  }

  open(): void {
    this.#events.opened();
  }

  async send(...frames: Uint8Array[]): Promise<void> {
    for (const frame of frames) if (!this.closedByClient) this.#events.received(frame);
    await settle();
  }

  /** Takes the LOGIN and answers it. */
  async welcome(welcome: Partial<Welcome> = {}): Promise<ClientFrame> {
    const login = this.take('login');
    await this.send(
      encodeWelcome({
        device: login.device,
        cursor: 0,
        head: 0,
        lobbyHead: 0,
        groups: [],
        marksVersion: 0,
        storeId: '5709e1d000000001',
        ...welcome,
      }),
    );
    return login;
  }

  push(seq: number, told: Told): Promise<void> {
    return this.send(framedMessage(seq, told));
  }

  pushTransient(told: Told): Promise<void> {
    return this.send(encodePush(bodyOf({ ...told, transient: true }), 0));
  }

  ack(ack: Partial<Ack> & { sendSeq: number }): Promise<void> {
    return this.send(
      encodeAck({ to: ack.group ? 0 : 2, group: '', code: 0, seq: 0, expected: 0, ...ack }),
    );
  }

  pageEnd(page: Partial<PageEnd> & { head: number }): Promise<void> {
    return this.send(
      encodePageEnd({ group: '', after: 0, first: 1, rewound: false, code: 0, ...page }),
    );
  }

  hint(head: number, group = ''): Promise<void> {
    return this.send(encodeHint(group, head));
  }

  joined(group: string, joined: number, head = joined, keyEpoch = 0): Promise<void> {
    return this.send(encodeJoined(group, joined, head, keyEpoch));
  }

  facts(facts: Parameters<typeof encodeGroupFacts>[0]): Promise<void> {
    return this.send(encodeGroupFacts(facts));
  }

  invited(group: string, by: number): Promise<void> {
    return this.send(encodeInvited(group, by));
  }

  /** How far a reader has got; without marks: some were missed. */
  marks(told: Parameters<typeof encodeMarks>[0], version: number): Promise<void> {
    return this.send(encodeMarks(told, version));
  }

  left(group: string, code = 7302): Promise<void> {
    return this.send(encodeLeft(group, code));
  }

  close(name: CloseName, reason: string = name): Promise<void> {
    return this.send(encodeClose(name, reason));
  }

  async end(reason = 'reset by peer'): Promise<void> {
    this.#events.ended(reason);
    await settle();
  }
}

type RouteHandler = (body: Record<string, unknown>, bearer: string | undefined) => unknown;

/** Routes, servers and time. */
export class World {
  readonly clock = new VirtualClock();
  readonly connections: ServerConnection[] = [];
  readonly calls: {
    readonly url: string;
    readonly path: string;
    readonly body: Record<string, unknown>;
    /** What proved who called. */
    readonly bearer: string | undefined;
  }[] = [];
  /** What routes answer, by path, or throw. */
  readonly handlers: Record<string, RouteHandler> = {
    '/registerAccount': ({ userId, userName }) => ({ userId, userName }),
    '/login': () => ({ endpoints: serverAddress('10.0.0.1', 9000, 8081, true) }),
  };
  /** Whether servers take connections. */
  reachable = true;
  fraction = 0.5;
  /** What the network has not taken yet of what a client has written. */
  unsentBytes = 0;
  #byte = 0;

  readonly files = new FakeFiles();

  readonly platform: Platform = {
    clock: this.clock,
    files: async () => this.files.transport,
    random: {
      bytes: (count) => new Uint8Array(count).fill(++this.#byte),
      fraction: () => this.fraction,
    },
    http: {
      request: (url, { body, headers }) => this.#answer(url, body, headers['authorization']),
    },
    transport: { open: ({ host, port }, events) => this.#connect(host, port, events) },
  };

  client(options: Partial<CimClientOptions> = {}): CimClient {
    return new CimClient({
      ...bob,
      routes: ['https://route'],
      platform: this.platform,
      ...options,
    });
  }

  /**
   * Starts a client that may be refused: the outcome of start() is the test's to look at, or
   * nobody's.
   */
  async start(client: CimClient): Promise<void> {
    client.start().catch(ignore('events tell'));
    await settle();
  }

  /** Starts a client and lets it in. */
  async ready(client: CimClient, welcome: Partial<Welcome> = {}): Promise<ServerConnection> {
    await this.start(client);
    return this.welcomeNext(welcome);
  }

  /** Lets the newest connection in. */
  async welcomeNext(welcome: Partial<Welcome> = {}): Promise<ServerConnection> {
    await this.last.welcome(welcome);
    return this.last;
  }

  get last(): ServerConnection {
    const last = this.connections.at(-1);
    if (!last) throw new Error('the client has not connected');
    return last;
  }

  callsTo(path: string): Record<string, unknown>[] {
    return this.calls.filter((call) => call.path === path).map(({ body }) => body);
  }

  #connect(host: string, port: number, events: ByteStreamEvents) {
    const connection = new ServerConnection(host, port, events);
    const { reachable } = this;
    const unsentBytes = () => this.unsentBytes;
    if (reachable) this.connections.push(connection);
    queueMicrotask(() => (reachable ? connection.open() : events.ended('connection refused')));
    return {
      write: (bytes: Uint8Array) => connection.write(bytes),
      get bufferedBytes() {
        return unsentBytes();
      },
      close: async () => {
        connection.closedByClient = true;
      },
    };
  }

  async #answer(
    address: string,
    posted: unknown,
    authorization: string | undefined,
  ): Promise<unknown> {
    const { pathname: path, origin: url } = new URL(address);
    const body = (posted ?? {}) as Record<string, unknown>;
    const bearer = authorization?.replace(/^Bearer /, '');
    this.calls.push({ url, path, body, bearer });
    const handler = this.handlers[path];
    if (!handler) throw new CimError('not-found');
    return handler(body, bearer);
  }
}

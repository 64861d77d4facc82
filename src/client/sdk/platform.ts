/**
 * What the SDK needs of the machine it runs on. Its core touches nothing else, so that it also runs
 * where there are no sockets, files or `node:` modules; src/client/sdk/node/ implements these for
 * Node.js.
 */
import type { Clock } from '../../base/clock.ts';

export interface Platform {
  readonly transport: Transport;
  readonly http: HttpTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Asked for with the first file: a page loads it then. */
  readonly files: () => Promise<FileTransport>;
  /** Absent: nobody tells of it. */
  readonly network?: Network;
}

/** What the machine tells of its network. */
export interface Network {
  /**
   * Calls when what did not work may work now, or what seems to work may not: the network has come or
   * gone, the machine has slept. Returns how to stop.
   */
  onChange(tell: () => void): () => void;
}

/** A stream of bytes to a server, in both directions. */
export interface Transport {
  /** Begins to connect and returns at once; what becomes of it is told to `events`, after that. */
  open(server: ServerPort, events: ByteStreamEvents): ByteStream;
  /** Whether it speaks TLS with this server; absent: as the server's port does. */
  isTls?(server: ServerPort): boolean;
}

export interface ServerPort {
  readonly host: string;
  readonly port: number;
  /** It speaks TLS; a certificate that is not the host's ends the stream before it is opened. */
  readonly tls: boolean;
  /** Where it speaks WebSocket, perhaps under another name: `wss://chat.example/ws`. Absent: nowhere. */
  readonly webSocket?: string;
}

export interface ByteStream {
  /** In order. Takes ownership of `bytes`. Not called before `opened` nor after the end. */
  write(bytes: Uint8Array): void;
  /** Bytes written that the network has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * What was written before is sent first, if the other side takes it; resolves when it has, or will
   * not. None of the events happens any more.
   */
  close(): Promise<void>;
}

export interface ByteStreamEvents {
  opened(): void;
  /** `bytes` may be used again by the transport when the call returns. */
  received(bytes: Uint8Array): void;
  /** Never connected, ended by the other side, or broken; at most once. */
  ended(reason: string): void;
}

export interface HttpTransport {
  /**
   * One call to a route: the answer's `dataBody`. Rejects with the CimError that the answer tells
   * of, `unavailable` when there was no such answer within `timeoutMs`.
   */
  request(url: string, request: HttpRequest): Promise<unknown>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON, unless undefined. */
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** How files come and go, in any amount. */
export interface FileTransport {
  /**
   * One piece of a file, to a route: the answer's `dataBody`. Rejects as `HttpTransport.request` does,
   * or with the reason of `signal`.
   */
  put(url: string, request: PutRequest): Promise<unknown>;
  /** Bytes of a route: resolves when they begin to come. It rejects likewise, and the stream does. */
  get(url: string, request: GetRequest): Promise<IncomingBytes>;
  sha256(): RunningHash;
}

export interface GetRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** It is `unavailable` when for so long nothing moves. */
  readonly quietMsMax: number;
  readonly signal: AbortSignal;
}

export interface PutRequest extends GetRequest {
  readonly body: Uint8Array;
  /** Told how many of them have left so far. */
  readonly onSent: (bytes: number) => void;
}

export interface IncomingBytes {
  /** Where in the whole they begin, from 0 on. */
  readonly first: number;
  /** How many the whole has. */
  readonly total: number;
  /** Whoever stops to read it ends it. */
  readonly stream: AsyncIterable<Uint8Array>;
}

export interface RunningHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

export interface Random {
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}

/**
 * A place where one device of one user keeps what it must remember. One process at a time has it.
 */
export interface Storage {
  open(): Promise<StorageOpening>;
}

export type StorageOpening =
  | { readonly status: 'opened'; readonly store: DeviceStore }
  /** Another process has it. */
  | { readonly status: 'in-use' }
  /** It cannot be written, does not exist and cannot be made, … */
  | { readonly status: 'unusable'; readonly reason: string };

export interface DeviceStore {
  /** What was saved last, undefined if nothing was yet. */
  load(): Promise<string | undefined>;
  /**
   * Whole or not at all, and durable when the promise resolves. Never called again before the last
   * call has settled.
   */
  save(text: string): Promise<void>;
  /** Gives the place up for others. */
  close(): Promise<void>;
}

/**
 * A place where the secret of one account is kept. Several processes may use it at the same time.
 * All but `load` are durable when they resolve, and reject where nothing can be written.
 */
export interface SecretKeeper {
  load(): Promise<KeptSecrets>;
  /**
   * Keeps this secret, unless there is one of its kind: answers the one that is kept then. Of
   * several processes that offer one at the same time the first wins.
   */
  offer(which: keyof KeptSecrets, secret: string): Promise<string>;
  /** `next` has become the account's secret. Nothing happens if it is not the one kept as `next`. */
  promote(next: string): Promise<void>;
  /**
   * Keeps `secret` alone, if `current` is still what is kept: else another process knows better, and
   * nothing happens.
   */
  replace(current: string | undefined, secret: string): Promise<void>;
}

export interface KeptSecrets {
  readonly current?: string;
  /** The one that is to replace it; kept before anybody else hears of it. */
  readonly next?: string;
}

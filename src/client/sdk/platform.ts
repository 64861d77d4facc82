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
}

/** A stream of bytes to a server, in both directions. */
export interface Transport {
  /** Begins to connect and returns at once; what becomes of it is told to `events`, after that. */
  open(host: string, port: number, events: ByteStreamEvents): ByteStream;
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

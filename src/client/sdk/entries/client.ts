/**
 * The client as applications have it on each platform: CimClient (client.ts), with what their languages
 * and frameworks expect: loops over messages, signals that end waiting, and a state to subscribe to.
 */
import type { CimError } from '../../../base/errors.ts';
import { fileText } from '../../../codec/content-words.ts';
import { CimClient } from '../client.ts';
import type { ClientState, Message, MessageExtras, SentMessage, Target } from '../client-events.ts';
import type { CimClientOptions } from '../client-options.ts';
import type { SendFileOptions, SentFile } from '../files/transfer.ts';
import { until } from './until.ts';

/** What there is to know of a client at a moment; another object after each change. */
export interface ClientSnapshot {
  readonly state: ClientState;
  /** Why it is not connected, where it was, or tried to be. */
  readonly reason?: string;
  /** Why it has ended, if not by close(). */
  readonly error?: CimError;
}

/** `signal` ends the waiting. */
export interface Waiting {
  readonly signal?: AbortSignal;
}

interface Arrived {
  readonly message: Message;
  /** The next one may come. */
  readonly taken: () => void;
}

export type MessageListener = (message: Message) => void;

export class Client extends CimClient {
  readonly userId: number;
  readonly #userName: string;
  readonly #subscribers = new Set<() => void>();
  readonly #sentListeners = new Set<MessageListener>();
  /** For a loop over messages; what one has left is there for the next one. */
  readonly #arrived: Arrived[] = [];
  #snapshot: ClientSnapshot = { state: 'idle' };

  constructor(options: CimClientOptions) {
    super(options);
    this.userId = options.userId;
    this.#userName = options.userName;
    this.on('state', ({ state }) => this.#become({ state }));
    this.on('offline', ({ reason }) => this.#become({ state: this.state, reason }));
    this.on('closed', ({ reason, error }) =>
      this.#become({ state: 'closed', reason, ...(error && { error }) }),
    );
  }

  /**
   * Logs in, and tries until it works. Rejects with a CimError if the client is refused or closed
   * before. With the reason of `signal` when that aborts: the client is closed then.
   */
  override async start({ signal }: Waiting = {}): Promise<void> {
    const starting = super.start();
    try {
      await until(starting, signal);
    } catch (error) {
      if (signal?.aborted) await this.close({ timeoutMs: 0 });
      throw error;
    }
  }

  /**
   * As CimClient.send(): resolves when the message is stored. When `signal` aborts it is not waited for
   * any longer, and may be stored all the same.
   */
  override async send(
    target: Target,
    text: string,
    { signal, ...extras }: MessageExtras & Waiting = {},
  ): Promise<SentMessage> {
    signal?.throwIfAborted();
    const sending = super.send(target, text, extras).then((sent) => {
      this.#tellSent(target, text, extras, sent);
      return sent;
    });
    return until(sending, signal);
  }

  override async sendFile(target: Target, blob: Blob, options: SendFileOptions): Promise<SentFile> {
    const sent = await super.sendFile(target, blob, options);
    const { file } = sent;
    this.#tellSent(target, fileText(file), { file }, sent);
    return sent;
  }

  /**
   * Messages as they come, in order and each once:
   *
   *     for await (const message of client.messages()) print(message.fromName, message.text);
   *
   * A message counts as taken, and is acknowledged, when the next one is asked for, or the loop is left.
   * Ends with the client, or when `signal` aborts; throws the error with which the client has ended.
   */
  async *messages({ signal }: Waiting = {}): AsyncGenerator<Message, void, undefined> {
    let wake = () => {};
    const listen = () => wake();
    const stops = [
      this.on('message', (message) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#arrived.push({ message, taken: resolve });
        wake();
        return promise;
      }),
      this.subscribe(listen),
    ];
    signal?.addEventListener('abort', listen);
    try {
      while (this.state !== 'closed' && !signal?.aborted) {
        const next = this.#arrived.shift();
        if (next) {
          yield* taking(next);
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      if (this.#snapshot.error && !signal?.aborted) throw this.#snapshot.error;
    } finally {
      for (const stop of stops) stop();
      signal?.removeEventListener('abort', listen);
    }
  }

  /** For `useSyncExternalStore` and the like; returns how to stop. */
  subscribe = (listener: () => void): (() => void) => {
    this.#subscribers.add(listener);
    return () => void this.#subscribers.delete(listener);
  };

  getSnapshot = (): ClientSnapshot => this.#snapshot;

  /** Tells of what this client has sent itself, when it is stored: `message` is of what others send. */
  onSent(listener: MessageListener): () => void {
    this.#sentListeners.add(listener);
    return () => void this.#sentListeners.delete(listener);
  }

  #become(snapshot: ClientSnapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#subscribers) listener();
  }

  #tellSent(target: Target, text: string, extras: MessageExtras, sent: SentMessage): void {
    const { silent, ...shown } = extras;
    const message: Message = {
      ...target,
      ...shown,
      ...(silent && { silent }),
      id: sent.id,
      from: this.userId,
      fromName: this.#userName,
      text,
      seq: sent.seq,
      at: Date.now(),
      ...(sent.encrypted && { encrypted: true, key: 'verified' }),
    };
    for (const listener of this.#sentListeners) listener(message);
  }
}

function* taking({ message, taken }: Arrived) {
  try {
    yield message;
  } finally {
    taken();
  }
}

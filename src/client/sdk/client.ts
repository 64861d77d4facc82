/**
 * CimClient: one device of one user. Logs in, keeps the connection, sends, and delivers what comes,
 * each message once and in order. Here is how the parts fit and when which of them acts; what they
 * do is theirs: routes.ts (HTTP), connection-keeper.ts (login and reconnect), outgoing.ts,
 * incoming.ts, device-state.ts.
 *
 *   idle ──start()──▶ connecting ──▶ ready ⇄ reconnecting
 *     └────────────────────┴───────────┴─────────┴──── close(), refused ──▶ closed
 */
import type { Timer } from '../../base/clock.ts';
import { CimError, describeError, type ErrorName } from '../../base/errors.ts';
import { closeNameOf } from '../../codec/close-codes.ts';
import { command } from '../../codec/commands.ts';
import { sourceOf } from '../../codec/identity.ts';
import { toHex } from '../../codec/message-scan.ts';
import type { ServerFrame } from '../../codec/server-frame.ts';
import type {
  ClientEventListener,
  ClientEventName,
  ClientEvents,
  ClientState,
  HistoryQuery,
  Message,
  OnlineUser,
  SentMessage,
  Target,
  WarningKind,
} from './client-events.ts';
import { ConnectionKeeper } from './connection-keeper.ts';
import { DeviceState } from './device-state.ts';
import { EventEmitter } from './event-emitter.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import type { Platform, Storage } from './platform.ts';
import { Routes } from './routes.ts';
import { assertTarget, assertText } from './send-checks.ts';

export interface CimClientOptions {
  readonly userId: number;
  readonly userName: string;
  /** Base URLs of routes (`http://127.0.0.1:8083`), tried in turn; or how to find them. */
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  readonly platform: Platform;
  /**
   * Where the device keeps its state. Without one it is ephemeral: a new device each time, that
   * leaves nothing behind.
   */
  readonly storage?: Storage;
}

export class CimClient {
  readonly #options: CimClientOptions;
  readonly #events = new EventEmitter();
  readonly #routes: Routes;
  readonly #outgoing: Outgoing;
  /** Drawn once: messages keep their identity over reconnects. */
  readonly #epoch: Uint8Array;
  readonly #epochHex: string;
  #state: ClientState = 'idle';
  #device: Promise<DeviceState> | undefined;
  #incoming: Incoming | undefined;
  #keeper: ConnectionKeeper | undefined;
  #firstReady: PromiseWithResolvers<void> | undefined;
  /** For what is to be read or written again later, and when that is. */
  #wakeTimer: Timer | undefined;
  #wakeAt = Infinity;
  #closing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #onAllAnswered: (() => void) | undefined;

  constructor(options: CimClientOptions) {
    const { random } = options.platform;
    this.#options = options;
    this.#epoch = random.bytes(8);
    this.#epochHex = toHex(this.#epoch);
    this.#routes = new Routes(options);
    this.#outgoing = new Outgoing({
      random: () => random.fraction(),
      write: ({ to, group, sendSeq, text, restart }) =>
        this.#keeper?.write({
          cmd: command.message,
          reqMsg: text,
          ...(group === '' ? { to } : { group }),
          sendSeq,
          ...(restart && { restart }),
        }),
    });
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Returns how to stop listening. */
  on<Name extends ClientEventName>(event: Name, listener: ClientEventListener<Name>): () => void {
    const stop = this.#events.on(event, listener);
    if (event === 'message') this.#incoming?.listening();
    return stop;
  }

  /**
   * Logs in, and tries until it works: resolves when it did, rejects with a CimError if the client
   * is closed before (refused, or by close()).
   */
  start(): Promise<void> {
    if (this.#firstReady) return this.#firstReady.promise;
    this.#firstReady = Promise.withResolvers();
    if (this.#isClosed()) {
      this.#firstReady.reject(new CimError('unavailable', 'the client is closed'));
    } else {
      this.#become('connecting');
      void this.#run();
    }
    return this.#firstReady.promise;
  }

  /**
   * Resolves when the message is stored. May be called in any state but `closed`: what cannot be
   * sent now waits. Rejects with a CimError: `too-long`, `invalid-argument`, `busy` (too much is
   * waiting), what the route refused it with (`unknown-receiver`, …), `unconfirmed` (written, not
   * answered, and the client was closed), `unavailable` (the client was closed before it was
   * written).
   */
  send(target: Target, text: string): Promise<SentMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<SentMessage>();
    const { to, group } = { to: 0, group: '', ...target };
    const settled = () => {
      if (this.#outgoing.unansweredCount === 0) this.#onAllAnswered?.();
    };
    const stored = (sendSeq: number, seq: number) => {
      resolve({
        id: `${sourceOf(this.#options.userId, this.#epochHex, to, group)}.${sendSeq}`,
        seq,
      });
      settled();
    };
    const refused = (error: CimError) => {
      reject(error);
      settled();
    };
    try {
      assertTarget(target);
      assertText(text);
      if (this.#closing || this.#isClosed())
        throw new CimError('unavailable', 'the client is closed');
      this.#outgoing.add(to, group, text.toWellFormed(), { stored, refused }, this.#now());
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  /** Rejects with a CimError, as the following do: `unavailable` when no route answers. */
  onlineUsers(): Promise<OnlineUser[]> {
    return this.#routes.onlineUsers();
  }

  /** The newest `limit` that match, oldest first. */
  history(query: HistoryQuery): Promise<Message[]> {
    return this.#routes.history(this.#options.userId, query);
  }

  /**
   * Has the routes send this text later, whether the client is there or not. Resolves with the
   * schedule's id when it is stored; `unconfirmed` if that is not known.
   */
  async schedule(
    target: Target,
    text: string,
    delaySeconds: number,
  ): Promise<{ readonly id: string }> {
    assertTarget(target);
    assertText(text);
    const { userId, platform } = this.#options;
    const id = toHex(platform.random.bytes(16));
    await this.#routes.schedule({
      id,
      from: userId,
      ...target,
      text: text.toWellFormed(),
      delaySeconds,
    });
    return { id };
  }

  /**
   * Waits up to `timeoutMs` (default 5 000) for outstanding acknowledgements, also through a
   * reconnect, and closes. Idempotent; never rejects. What is unanswered then is rejected, see
   * send().
   */
  close({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    if (this.#outgoing.unansweredCount > 0 && this.#state !== 'idle') {
      await new Promise<void>((resolve) => {
        const timer = this.#options.platform.clock.setTimeout(resolve, timeoutMs);
        this.#onAllAnswered = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    await this.#finish({ reason: 'closed by the application', code: 'closed', error: null });
  }

  // ---- connected, and connected again -------------------------------------------------------------

  async #run(): Promise<void> {
    try {
      this.#device = this.#openDevice();
      const device = await this.#device;
      if (this.#isClosed()) return;
      this.#incoming = this.#createIncoming(device);
      this.#keeper = this.#createKeeper(device);
      const { closeCode, reason } = await this.#keeper.run();
      const code = closeNameOf(closeCode) ?? `close-${closeCode}`;
      await this.#finish({ reason, code, error: new CimError(errorKindOf(code), reason) });
    } catch (error) {
      await this.#fail(error);
    }
  }

  #openDevice(): Promise<DeviceState> {
    const { userId, platform, storage } = this.#options;
    return DeviceState.open({
      storage,
      userId,
      platform,
      warn: (kind, message) => this.#warn(kind, message),
    });
  }

  #createIncoming(state: DeviceState): Incoming {
    const { userId, platform } = this.#options;
    const handOver = (message: Message) => this.#handOver(message);
    return new Incoming({
      userId,
      epochHex: this.#epochHex,
      clock: platform.clock,
      random: () => platform.random.fraction(),
      state,
      outgoing: this.#outgoing,
      write: (fields) => this.#keeper?.write(fields),
      listener: () => (this.#events.of('message').size > 0 ? handOver : undefined),
      onFailure: (error) => void this.#fail(error),
      onGap: (group, gap) => this.#events.emit('gap', { ...(group !== '' && { group }), ...gap }),
      onTaken: () => this.#readOn(),
    });
  }

  #createKeeper(device: DeviceState): ConnectionKeeper {
    return new ConnectionKeeper({
      ...this.#options,
      epoch: this.#epoch,
      routes: this.#routes,
      device,
      onReady: (server, welcome) => this.#ready(server, device, welcome),
      onFrame: (frame) => this.#take(frame),
      onLost: (reason) => this.#lost(reason),
      onFailedAttempt: (reason) => this.#warn('login-failed', reason),
      waitingSince: () =>
        Math.min(this.#outgoing.waitingSince, this.#incoming?.waitingSince ?? Infinity),
    });
  }

  #ready(server: string, { device }: DeviceState, welcome: ServerFrame): void {
    const { userId, userName } = this.#options;
    this.#become('ready');
    this.#events.emit('ready', { userId, userName, device, server });
    this.#firstReady?.resolve();
    this.#incoming?.connected(welcome);
    this.#readOn();
    this.#outgoing.connected(this.#now());
  }

  #lost(reason: string): void {
    this.#incoming?.disconnected();
    this.#outgoing.disconnected();
    this.#scheduleWake();
    this.#become('reconnecting');
    this.#events.emit('offline', { reason });
  }

  // ---- while connected ----------------------------------------------------------------------------

  #take(frame: ServerFrame): void {
    switch (frame.cmd) {
      case command.message:
        this.#incoming?.message(frame);
        break;
      case command.ack:
        this.#outgoing.acknowledged(frame, this.#now());
        if (frame.code === 0) this.#incoming?.stored(frame);
        break;
      case command.read:
        this.#incoming?.pageEnded(frame);
        break;
      case command.hint:
        this.#incoming?.hinted(frame);
        break;
      default:
      // A pong has done its work by arriving; what a newer server says besides is not for us.
    }
    this.#readOn();
  }

  /** Gives a message to everybody who listens; undefined if nobody needs to be waited for. */
  #handOver(message: Message): Promise<void> | undefined {
    let taking: Promise<unknown> | undefined;
    for (const listener of this.#events.of('message')) {
      const result = listener(message);
      if (result) taking = taking ? Promise.all([taking, result]) : result;
    }
    return taking?.then(() => undefined);
  }

  /** Sends the reads that are due, and sees to it that what is due later is remembered. */
  #readOn(): void {
    this.#incoming?.advance(this.#now());
    this.#scheduleWake();
  }

  #scheduleWake(): void {
    const wakeAt = Math.min(this.#outgoing.wakeAt, this.#incoming?.wakeAt ?? Infinity);
    if (wakeAt === this.#wakeAt) return;
    this.#wakeTimer?.cancel();
    this.#wakeAt = wakeAt;
    if (wakeAt === Infinity) return;
    this.#wakeTimer = this.#options.platform.clock.setTimeout(
      () => {
        this.#wakeAt = Infinity;
        this.#outgoing.advance(this.#now());
        this.#readOn();
      },
      Math.max(0, wakeAt - this.#now()),
    );
  }

  #now(): number {
    return this.#options.platform.clock.monotonic();
  }

  // ---- the end ------------------------------------------------------------------------------------

  #warn(kind: WarningKind, message: string): void {
    this.#events.emit('warning', { kind, message });
  }

  #become(state: ClientState): void {
    const previous = this.#state;
    this.#state = state;
    this.#events.emit('state', { state, previous });
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #fail(error: unknown): Promise<void> {
    const known =
      error instanceof CimError
        ? error
        : new CimError('internal', describeError(error), { cause: error });
    return this.#finish({ reason: known.message, code: known.code, error: known });
  }

  /**
   * Idempotent: the first reason counts. Whoever still waits for a connection waits in vain and is
   * forgotten.
   */
  #finish(event: ClientEvents['closed']): Promise<void> {
    this.#closed ??= this.#end(event);
    return this.#closed;
  }

  async #end(event: ClientEvents['closed']): Promise<void> {
    this.#become('closed');
    this.#wakeTimer?.cancel();
    this.#outgoing.abandon();
    this.#onAllAnswered?.();
    this.#incoming?.stop();
    this.#keeper?.stop();
    await (await this.#device)?.close();
    this.#firstReady?.reject(event.error ?? new CimError('unavailable', event.reason));
    this.#events.emit('closed', event);
  }
}

/** What a final close code is as an error: mostly the answer to who we are. */
function errorKindOf(code: string): ErrorName {
  return code === 'protocol-error' || code === 'wrong-version' ? 'internal' : 'not-allowed';
}

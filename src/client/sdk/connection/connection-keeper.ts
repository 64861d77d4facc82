/**
 * Keeps a device connected: logs in at a route, connects to the server it names, and does so again
 * whenever the connection is lost, at the pace of reconnect-policy.ts, until it is told not to come
 * back. While its token is good it returns to the server it had, without asking a route.
 */
import type { Timer } from '../../../base/clock.ts';
import { CimError, describeError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import { formatHostPort } from '../../../base/network/host-port.ts';
import { type CloseName, closeNameOf } from '../../../codec/close-codes.ts';
import { protocolVersion } from '../../../codec/commands.ts';
import type { ServerFrame } from '../../../codec/sdk-frame.ts';
import type { Account, AccountLogin } from '../account/account.ts';
import type { DeviceState } from '../device-state.ts';
import type { Platform, ServerPort } from '../platform.ts';
import { Connection, type ConnectionEnd, type RequestFields } from './connection.ts';
import { ReconnectPolicy } from './reconnect-policy.ts';

export interface ConnectionKeeperOptions {
  readonly userId: number;
  readonly userName: string;
  /** Drawn once: messages keep their identity over reconnects. */
  readonly epoch: Uint8Array;
  readonly device: DeviceState;
  readonly platform: Platform;
  readonly account: Account;
  /** Logged in. `server` is `host:port`. */
  readonly onReady: (server: string, welcome: ServerFrame) => void;
  readonly onFrame: (frame: ServerFrame) => void;
  /** A message with this number that cannot be read. */
  readonly onUnreadable: (seq: number) => void;
  /** A connection that was ready is no more; another follows. */
  readonly onLost: (reason: string) => void;
  /** An attempt to connect has failed; another follows. */
  readonly onFailedAttempt: (kind: 'login-failed' | 'no-route', reason: string) => void;
  /** What a route says is the matter with the cluster; null: it knows of nothing. */
  readonly findTrouble: () => Promise<string | null>;
  /** Since when something that was sent is unanswered (monotonic ms); Infinity: nothing is. */
  readonly waitingSince: () => number;
}

export class ConnectionKeeper {
  readonly #options: ConnectionKeeperOptions;
  readonly #policy: ReconnectPolicy;
  #connection: Connection | undefined;
  #pause: Timer | undefined;
  /** Ends the pause. */
  #goOn: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  /** Where a good connection was, which has ended by no fault of that server. */
  #returnTo: ServerPort | undefined;
  #stopped = false;

  constructor(options: ConnectionKeeperOptions) {
    this.#options = options;
    this.#policy = new ReconnectPolicy(() => options.platform.random.fraction());
  }

  /**
   * Resolves when a server says not to come back; rejects with the CimError with which a route
   * refused us. After `stop` it does neither.
   */
  async run(): Promise<ConnectionEnd> {
    this.#unwatch = this.#options.platform.network?.onChange(() => this.#look());
    for (;;) {
      const ended = await this.#connectOnce();
      if (typeof ended !== 'number') return ended;
      await this.#wait(ended);
    }
  }

  /** The network is another one, perhaps: no need to wait, and the connection may be dead. */
  #look(): void {
    this.#pause?.cancel();
    this.#goOn?.();
    this.#connection?.probe();
  }

  /** Nothing happens while there is no connection. */
  write(fields: RequestFields): void {
    this.#connection?.write(fields);
  }

  /** Bytes written that have not left yet. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  /** Resolves when what was written is sent, or will not be. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatch?.();
    this.#pause?.cancel();
    await this.#connection?.close();
  }

  /**
   * From the login until the connection ends. Returns how long to wait before the next time, or the
   * end after which there is none.
   */
  async #connectOnce(): Promise<number | ConnectionEnd> {
    const shortcut = this.#shortcut();
    let admission: AccountLogin;
    try {
      admission = shortcut ?? (await this.#options.account.login(this.#policy.avoid));
    } catch (error) {
      if (!(error instanceof CimError) || !error.retryable) throw error;
      await this.#tellRefused(error);
      return this.#policy.loginFailed();
    }
    const connectionNumber = await this.#options.device.nextConnectionNumber();
    if (this.#stopped) return 0;
    const { end: ended, readyMs } = await this.#connect(admission, connectionNumber);
    const closeName = closeNameOf(ended.closeCode);
    // The route has just given it: the server is at fault, as one is whose clock is hours ahead.
    const isFreshRefused = closeName === 'token-refused' && !shortcut && readyMs === undefined;
    const end = isFreshRefused ? { ...ended, serverFailed: true } : ended;
    if (end.advice === 'final' && !(await this.#canEnterAnew(closeName, admission))) return end;
    if (closeName === 'token-refused') this.#options.account.refused(admission.token ?? '');
    if (readyMs !== undefined) this.#options.onLost(end.reason);
    else if (shortcut) return this.#policy.returnFailed(formatHostPort(shortcut.server), end);
    else this.#options.onFailedAttempt('login-failed', end.reason);
    const isGood = readyMs !== undefined && end.advice === 'come-back' && !end.serverFailed;
    this.#returnTo = isGood ? admission.server : undefined;
    return this.#policy.connectionEnded(formatHostPort(admission.server), end, readyMs ?? 0);
  }

  /** Of a cluster that takes nothing for now a route may know why. */
  async #tellRefused(error: CimError): Promise<void> {
    const { onFailedAttempt, findTrouble } = this.#options;
    const reason = describeError(error);
    if (error.kind === 'unavailable') return onFailedAttempt('no-route', reason);
    const trouble =
      error.kind === 'busy' && (await findTrouble().catch(ignore('the refusal is reason enough')));
    onFailedAttempt('login-failed', trouble || reason);
  }

  /** What lets us in again where we were, once. */
  #shortcut(): AccountLogin | undefined {
    const { admission } = this.#options.account;
    const server = this.#returnTo;
    this.#returnTo = undefined;
    return server && admission?.token !== undefined ? { ...admission, server } : undefined;
  }

  /** The account has another secret now, and it is known here. */
  async #canEnterAnew(closeName: CloseName | undefined, admission: AccountLogin): Promise<boolean> {
    return closeName === 'secret-changed' && (await this.#options.account.hasOtherThan(admission));
  }

  /**
   * Resolves when the connection has ended; `readyMs` is how long it was logged in, undefined if
   * never.
   */
  #connect(
    { server, token }: AccountLogin,
    connectionNumber: number,
  ): Promise<{ end: ConnectionEnd; readyMs: number | undefined }> {
    const { userId, userName, epoch, device, platform } = this.#options;
    const { onReady, onFrame, onUnreadable, waitingSince } = this.#options;
    const { clock } = platform;
    let readyAt: number | undefined;
    return new Promise((resolve) => {
      this.#connection = new Connection({
        platform,
        server,
        userId,
        login: {
          requestId: userId,
          reqMsg: userName,
          protocolVersion,
          device: device.device,
          connectionNumber,
          epoch,
          ephemeral: device.ephemeral,
          ...(token !== undefined && { token }),
        },
        onWelcome: (welcome) => {
          readyAt = clock.monotonic();
          this.#policy.ready();
          onReady(formatHostPort(server), welcome);
        },
        onFrame,
        onUnreadable,
        onEnd: (end) =>
          resolve({
            end,
            readyMs: readyAt === undefined ? undefined : clock.monotonic() - readyAt,
          }),
        waitingSince,
      });
    });
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      if (!this.#stopped) this.#pause = this.#options.platform.clock.setTimeout(resolve, ms);
    });
  }
}

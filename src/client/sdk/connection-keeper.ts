/**
 * Keeps a device connected: registers, logs in at a route, connects to the server it names, and
 * does so again whenever the connection is lost, at the pace of reconnect-policy.ts, until it is
 * told not to come back.
 */
import type { Timer } from '../../base/clock.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { protocolVersion } from '../../codec/commands.ts';
import type { ServerFrame } from '../../codec/server-frame.ts';
import { Connection, type ConnectionEnd, type RequestFields } from './connection.ts';
import type { DeviceState } from './device-state.ts';
import type { Platform } from './platform.ts';
import { ReconnectPolicy } from './reconnect-policy.ts';
import type { Routes, ServerAddress } from './routes.ts';

export interface ConnectionKeeperOptions {
  readonly userId: number;
  readonly userName: string;
  /** Drawn once: messages keep their identity over reconnects. */
  readonly epoch: Uint8Array;
  readonly device: DeviceState;
  readonly platform: Platform;
  readonly routes: Routes;
  /** Logged in. `server` is `ip:port`. */
  readonly onReady: (server: string, welcome: ServerFrame) => void;
  readonly onFrame: (frame: ServerFrame) => void;
  /** A connection that was ready is no more; another follows. */
  readonly onLost: (reason: string) => void;
  /** An attempt to connect has failed; another follows. */
  readonly onFailedAttempt: (reason: string) => void;
  /** Since when something that was sent is unanswered (monotonic ms); Infinity: nothing is. */
  readonly waitingSince: () => number;
}

export class ConnectionKeeper {
  readonly #options: ConnectionKeeperOptions;
  readonly #policy: ReconnectPolicy;
  #connection: Connection | undefined;
  #pause: Timer | undefined;
  #registered = false;
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
    for (;;) {
      const ended = await this.#connectOnce();
      if (typeof ended !== 'number') return ended;
      await this.#wait(ended);
    }
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
    this.#pause?.cancel();
    await this.#connection?.close();
  }

  /**
   * From the login until the connection ends. Returns how long to wait before the next time, or the
   * end after which there is none.
   */
  async #connectOnce(): Promise<number | ConnectionEnd> {
    let server: ServerAddress;
    try {
      server = await this.#login();
    } catch (error) {
      if (!(error instanceof CimError) || !error.retryable) throw error;
      this.#options.onFailedAttempt(describeError(error));
      return this.#policy.loginFailed();
    }
    const connectionNumber = await this.#options.device.nextConnectionNumber();
    if (this.#stopped) return 0;
    const { end, readyMs } = await this.#connect(server, connectionNumber);
    if (end.advice === 'final') return end;
    if (readyMs === undefined) this.#options.onFailedAttempt(end.reason);
    else this.#options.onLost(end.reason);
    return this.#policy.connectionEnded(addressOf(server), end, readyMs ?? 0);
  }

  async #login(): Promise<ServerAddress> {
    const { routes, userId, userName } = this.#options;
    if (!this.#registered) await routes.register(userId, userName);
    this.#registered = true;
    try {
      return await routes.login(userId, userName, this.#policy.avoid);
    } catch (error) {
      // Refused, or the system was set up anew and knows nobody yet: registering tells.
      if (!(error instanceof CimError) || error.kind !== 'account-mismatch') throw error;
      await routes.register(userId, userName);
      return await routes.login(userId, userName, this.#policy.avoid);
    }
  }

  /**
   * Resolves when the connection has ended; `readyMs` is how long it was logged in, undefined if
   * never.
   */
  #connect(
    server: ServerAddress,
    connectionNumber: number,
  ): Promise<{ end: ConnectionEnd; readyMs: number | undefined }> {
    const { userId, userName, epoch, device, platform, onReady, onFrame, waitingSince } =
      this.#options;
    const { clock } = platform;
    let readyAt: number | undefined;
    return new Promise((resolve) => {
      this.#connection = new Connection({
        platform,
        host: server.ip,
        port: server.cimServerPort,
        userId,
        login: {
          requestId: userId,
          reqMsg: userName,
          protocolVersion,
          device: device.device,
          connectionNumber,
          epoch,
          ephemeral: device.ephemeral,
        },
        onWelcome: (welcome) => {
          readyAt = clock.monotonic();
          this.#policy.ready();
          onReady(addressOf(server), welcome);
        },
        onFrame,
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
      if (!this.#stopped) this.#pause = this.#options.platform.clock.setTimeout(resolve, ms);
    });
  }
}

function addressOf({ ip, cimServerPort }: ServerAddress): string {
  return `${ip}:${cimServerPort}`;
}

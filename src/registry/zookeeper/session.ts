/**
 * A session with ZooKeeper that lives as long as the process: connection after connection with one
 * session as long as ZooKeeper keeps it, then with a new one, for ever. What is to be done on each
 * new connection is its owner's business.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../../base/backoff.ts';
import { CimError, describeError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import type { Logger } from '../../base/log.ts';
import { faults } from '../../base/process/faults.ts';
import { Connection, SessionExpired, type SessionKey } from './connection.ts';
import { diagnose, type Ensemble, reach, resolveEnsemble } from './ensemble.ts';

export interface ZooKeeperSessionOptions {
  readonly ensemble: Ensemble;
  readonly sessionTimeoutMs: number;
  readonly auth: string | undefined;
  readonly log: Logger;
  /**
   * Brings a new connection up to date; until it is done the session does not count as connected.
   */
  readonly onOpen: (connection: Connection) => Promise<void>;
  /** It is up to date. */
  readonly onConnected: () => void;
  readonly onLost: () => void;
  /** ZooKeeper is there, but lets us not do what we must. It is tried again all the same. */
  readonly onRefused: (error: CimError) => void;
  readonly onNodeEvent: (path: string) => void;
}

/** How long ZooKeeper may take to say what is the matter. */
const diagnosisMsMax = 500;

export class ZooKeeperSession {
  readonly #options: ZooKeeperSessionOptions;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #key: SessionKey | undefined;
  #failures = 0;

  constructor(options: ZooKeeperSessionOptions) {
    this.#options = options;
    // ZooKeeper, restarted, gives old sessions their full timeout to come back: several attempts
    // must fall into it.
    this.#backoff = new Backoff({
      baseMs: 50,
      capMs: Math.min(2_000, options.sessionTimeoutMs / 4),
    });
    void this.#run();
  }

  /** Ends the connection, and the session with it if ZooKeeper can be told. */
  close(): void {
    this.#closing.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#connectAndHold();
      } catch (error) {
        if (!signal.aborted) this.#fail(error);
      }
      await delay(this.#backoff.next(), undefined, { signal }).catch(
        ignore('closing: the loop ends'),
      );
    }
  }

  /** Resolves when a connection was up to date, and then ended. */
  async #connectAndHold(): Promise<void> {
    const { log, onOpen, onConnected, onLost } = this.#options;
    const connection = await this.#connect();
    try {
      await onOpen(connection).catch((error: unknown) => {
        throw connection.failure ?? error;
      });
      log.info({ session: connection.session.id }, 'connected to ZooKeeper');
      this.#backoff.reset();
      this.#failures = 0;
      onConnected();
      const end = await connection.ended;
      if (connection.failure) throw connection.failure;
      if (!this.#closing.signal.aborted) log.warn({ end }, 'the connection to ZooKeeper has ended');
    } finally {
      connection.close();
      // Only a connection that was lost leaves the session as it was.
      this.#key = (await connection.ended) === 'lost' ? connection.session : undefined;
      onLost();
    }
  }

  async #connect(): Promise<Connection> {
    const { ensemble, sessionTimeoutMs, auth, onNodeEvent, log } = this.#options;
    const { signal } = this.#closing;
    let problem: unknown = new Error('no host name of the ensemble can be resolved');
    for (const server of await resolveEnsemble(ensemble)) {
      try {
        // First by a socket of our own: it fails sooner than the native client, and says why.
        await reach(server, sessionTimeoutMs / 2, signal);
        const session = this.#key;
        return await Connection.open({
          server,
          sessionTimeoutMs,
          session,
          auth,
          signal,
          onNodeEvent,
        });
      } catch (error) {
        problem = error;
        if (!(error instanceof SessionExpired)) {
          const why = signal.aborted ? null : await diagnose(server, diagnosisMsMax);
          if (why !== null) problem = new CimError('unavailable', why, { cause: error });
          continue;
        }
        log.warn('the session with ZooKeeper has expired, beginning a new one');
        this.#key = undefined;
      }
    }
    throw problem;
  }

  #fail(error: unknown): void {
    this.#logFailure(error);
    if (error instanceof CimError && error.kind === 'not-allowed') this.#options.onRefused(error);
  }

  /** Ever more rarely while it lasts. */
  #logFailure(error: unknown): void {
    this.#failures += 1;
    const isPowerOfTwo = (this.#failures & (this.#failures - 1)) === 0;
    if (!isPowerOfTwo || error instanceof SessionExpired) return;
    const { log, ensemble } = this.#options;
    const facts = {
      servers: ensemble.servers,
      attempts: this.#failures,
      error: describeError(error),
    };
    log.warn(facts, `${faults.registry.words}, trying again`);
  }
}

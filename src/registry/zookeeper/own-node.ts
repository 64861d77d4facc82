/**
 * An ephemeral node that this process wants to be there: it is made on every new session, looked
 * after while the session lives, and taken over from whoever held it before.
 *
 * A predecessor's node (the process was killed and restarted at once, or its session has expired
 * without ZooKeeper having noticed) goes when ZooKeeper gives up that session; until then it bears
 * our name. It is deleted and made anew under our session: the end of the other session cannot
 * touch it then, for ZooKeeper deletes what that session owns, not what bears a name.
 *
 * The other way round, a node that we made and that somebody newer has taken over in the same
 * manner is left to them (two processes that advertise one address must not delete each other's
 * node in a circle), until it is gone.
 */
import { CimError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import type { Logger } from '../../base/log.ts';
import type { Connection } from './connection.ts';
import { SerialTask } from './serial-task.ts';

const stepsMax = 10;

export class OwnNode {
  readonly path: string;
  readonly #log: Logger;
  readonly #connection: () => Connection | undefined;
  readonly #settling = new SerialTask(() => this.#settle());
  readonly #placed = Promise.withResolvers<void>();
  #data: string;
  #isWanted = true;
  /** The session in which we made the node. */
  #madeIn: string | undefined;
  /** What is known to be in it. */
  #written: string | undefined;

  /** `connection` gives the one to use, if there is one now. */
  constructor(path: string, data: string, log: Logger, connection: () => Connection | undefined) {
    this.path = path;
    this.#data = data;
    this.#log = log;
    this.#connection = connection;
    this.#placed.promise.catch(ignore('whether anybody waits or not'));
  }

  get isAbandoned(): boolean {
    return !this.#isWanted;
  }

  /** What it is to hold from now on; `settle` brings it about. */
  set data(data: string) {
    this.#data = data;
  }

  /** It is to go; `settle` brings it about. */
  abandon(): void {
    this.#isWanted = false;
    this.#placed.reject(new CimError('unavailable', 'taken back before it was in place'));
  }

  /** It will not be there, as this process may not make it. */
  refuse(error: CimError): void {
    this.#placed.reject(error);
  }

  /** Resolves when the node was in place for the first time; rejects if it was abandoned before. */
  whenPlaced(): Promise<void> {
    return this.#placed.promise;
  }

  /**
   * Brings about what is wanted. Does nothing without a connection; a connection on which it fails
   * is given up. Does not reject.
   */
  settle(): Promise<void> {
    return this.#settling.request();
  }

  async #settle(): Promise<void> {
    const connection = this.#connection();
    if (!connection) return;
    try {
      for (let step = 0; step < stepsMax; step += 1) {
        if (await this.#isSettled(connection)) return;
      }
      throw new CimError('unavailable', `${this.path} does not come to rest`);
    } catch (error) {
      connection.fail(error);
    }
  }

  /** One look, and at most one step towards what is wanted; true when it is so. */
  async #isSettled(connection: Connection): Promise<boolean> {
    const session = connection.session.id;
    const node = await connection.watch(this.path);
    if (!this.#isWanted) {
      if (node?.owner !== session) return true;
      await connection.remove(this.path);
      return false;
    }
    if (!node) {
      await this.#create(connection);
      return false;
    }
    if (node.owner !== session) return this.#meetStranger(connection, session);
    this.#madeIn = session;
    if (node.isOpen) {
      await connection.protect(this.path);
      // What is in it may be somebody else's by now.
      this.#written = undefined;
      return false;
    }
    if (this.#written !== this.#data) {
      await this.#write(connection);
      return false;
    }
    this.#placed.resolve();
    return true;
  }

  async #create(connection: Connection): Promise<void> {
    const data = this.#data;
    this.#written = undefined; // if the answer gets lost, nothing is known
    if ((await connection.create(this.path, data, 'ephemeral')) === 'created') this.#written = data;
  }

  async #meetStranger(connection: Connection, session: string): Promise<boolean> {
    if (this.#madeIn === session) {
      this.#log.error({ node: this.path }, 'another process has announced itself at our address');
      return true;
    }
    this.#log.info({ node: this.path }, 'taking over the node of a predecessor');
    await connection.remove(this.path);
    return false;
  }

  async #write(connection: Connection): Promise<void> {
    const data = this.#data;
    this.#written = undefined; // likewise
    if ((await connection.write(this.path, data)) === 'written') this.#written = data;
  }
}

/**
 * One connection to one ZooKeeper server, over the native client of the package `zookeeper`, which
 * nobody else uses. A connection is used until it ends and then replaced (session.ts):
 * the native client's own reconnecting is never relied upon, because
 *
 * - after a lost connection it keeps a poll handle on the closed file descriptor. Seen: another socket of the process that gets the
 *   number meanwhile is taken out of epoll when the handle is closed later, and never hears anything again. A client that is closed in
 *   the very moment of the loss, before anything else runs, does no harm. Of a loss while connected the client tells by an event; of a
 *   failure while connecting it tells nobody, except by failing a request that is waiting: hence the request that waits from the start.
 * - a connection that is refused at once leaves it without a timer: it then never tries again.
 * - it resolves host names synchronously, on our event loop: it is given one numeric address.
 *
 * The session is kept over connections: its id and password are handed to the next one.
 */
import { CimError } from '../../base/errors.ts';
import { decodeUtf8 } from '../../base/text/utf8.ts';
import {
  type Completion,
  codes,
  loadNativeClient,
  type NativeAcl,
  type NativeClient,
  type NativeStat,
  states,
} from './native-client.ts';

/** What names a session to ZooKeeper, in the native client's own format. */
export interface SessionKey {
  readonly id: string;
  readonly password: string;
}

/**
 * `lost`: the session may go on over another connection. `expired`: the session is over, and with
 * it its nodes. `closed`: by us, which ends the session too if ZooKeeper hears of it.
 */
export type ConnectionEnd = 'lost' | 'expired' | 'closed';

export interface NodeFacts {
  /** The session that holds it; '0' for a persistent node. */
  readonly owner: string;
  /** Grows with every node that is created anywhere. */
  readonly createdOrder: number;
  readonly dataVersion: number;
  readonly childCount: number;
  /** Not protected yet, though it is to be. */
  readonly isOpen: boolean;
}

/** Who may do everything with a node. */
export type Access = 'ours' | 'everybody' | 'others';

export interface ConnectionOptions {
  /** Numeric address and port. */
  readonly server: string;
  readonly sessionTimeoutMs: number;
  readonly session: SessionKey | undefined;
  /** `user:password` that is shown to ZooKeeper, and that nodes are to be protected by. */
  readonly auth: string | undefined;
  /** Closes the connection, also while it is being opened. */
  readonly signal: AbortSignal;
  /**
   * A watch fired: something about the node at that path, or about its list of children, has
   * changed.
   */
  readonly onNodeEvent: (path: string) => void;
}

/**
 * Requests settle within the session timeout, or reject with `unavailable` when the connection ends
 * first.
 */
export class Connection {
  /** Settles once, when the connection is over. */
  readonly ended: Promise<ConnectionEnd>;
  readonly #native: NativeClient;
  readonly #requestMsMax: number;
  readonly #auth: string | undefined;
  readonly #waiting = new Set<(reason: string) => void>();
  readonly #settleEnded: (end: ConnectionEnd) => void;
  #end: ConnectionEnd | undefined;
  #failure: unknown;
  #session: SessionKey | undefined;

  /**
   * Resolves when the session is established on this connection; rejects with `unavailable`, or
   * `SessionExpired`.
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const Library = await loadNativeClient();
    options.signal.throwIfAborted();
    const connection = new Connection(new Library({}) as unknown as NativeClient, options);
    try {
      await connection.#established();
    } catch (error) {
      connection.close();
      if ((await connection.ended) === 'expired') throw new SessionExpired();
      throw error;
    }
    return connection;
  }

  private constructor(native: NativeClient, options: ConnectionOptions) {
    this.#native = native;
    this.#requestMsMax = options.sessionTimeoutMs;
    this.#auth = options.auth;
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd>();
    this.ended = promise;
    this.#settleEnded = resolve;

    native.on('connecting', () => this.#finish('lost'));
    native.on('close', (_client, code) =>
      this.#finish(code === codes.sessionExpired ? 'expired' : 'lost'),
    );
    for (const event of ['created', 'deleted', 'changed', 'child']) {
      native.on(event, (_client, path) => options.onNodeEvent(path));
    }
    native.init({
      connect: options.server,
      timeout: options.sessionTimeoutMs,
      debug_level: 0, // it would print to stdout and stderr
      ...(options.session && {
        client_id: options.session.id,
        client_password: options.session.password,
      }),
    });
    if (native.state !== states.connecting && native.state !== states.associating)
      this.#finish('lost');

    const close = () => this.close();
    options.signal.addEventListener('abort', close);
    void this.ended.then(() => options.signal.removeEventListener('abort', close));
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Why it was given up, if it was. */
  get failure(): unknown {
    return this.#failure;
  }

  get session(): SessionKey {
    if (!this.#session) throw new Error('a connection has a session from the moment it is open');
    return this.#session;
  }

  /** Nodes are to be ours alone. */
  get protects(): boolean {
    return this.#auth !== undefined;
  }

  /** Creates a node, unless there is one. It is open to everybody until it is protected. */
  async create(
    path: string,
    data: string,
    kind: 'persistent' | 'ephemeral',
  ): Promise<'created' | 'exists'> {
    const flags = kind === 'ephemeral' ? ephemeralFlag : 0;
    const { code } = await this.#request(`create ${path}`, [codes.nodeExists], (done) =>
      this.#native.a_create(path, Buffer.from(data), flags, done),
    );
    return code === codes.ok ? 'created' : 'exists';
  }

  /** The node's facts, if it is there. Either way the next change is told to `onNodeEvent`. */
  async watch(path: string): Promise<NodeFacts | undefined> {
    const { code, results } = await this.#request<[NativeStat]>(
      `exists ${path}`,
      [codes.noNode],
      (done) => this.#native.a_exists(path, true, done),
    );
    return code === codes.ok ? this.#factsOf(results[0]) : undefined;
  }

  /** The node's data and facts, if it is there; then the next change is told to `onNodeEvent`. */
  async read(path: string): Promise<{ facts: NodeFacts; data: string } | undefined> {
    const { code, results } = await this.#request<[NativeStat, Buffer | null]>(
      `get ${path}`,
      [codes.noNode],
      (done) => this.#native.a_get(path, true, done),
    );
    if (code !== codes.ok) return undefined;
    const [stat, data] = results;
    return { facts: this.#factsOf(stat), data: (data && decodeUtf8(data)) ?? '' };
  }

  /** The names of a node's children; the next change of this list is told to `onNodeEvent`. */
  async children(path: string): Promise<readonly string[]> {
    const { results } = await this.#request<[string[]]>(`list ${path}`, [], (done) =>
      this.#native.a_get_children(path, true, done),
    );
    return results[0];
  }

  /** `version`: only while its data is of that version. */
  async write(
    path: string,
    data: string,
    version = anyVersion,
  ): Promise<'written' | 'absent' | 'changed'> {
    const expected = [codes.noNode, codes.badVersion];
    const { code } = await this.#request(`set ${path}`, expected, (done) =>
      this.#native.a_set(path, Buffer.from(data), version, done),
    );
    if (code === codes.ok) return 'written';
    return code === codes.noNode ? 'absent' : 'changed';
  }

  /** Makes a node ours: nobody else may read, write or remove it, or what will be below it. */
  async protect(path: string): Promise<void> {
    await this.#request(`protect ${path}`, [codes.noNode], (done) =>
      this.#native.a_set_acl(path, anyVersion, [ours], done),
    );
  }

  async accessTo(path: string): Promise<Access> {
    const { results } = await this.#request<[NativeAcl[]]>(`access to ${path}`, [], (done) =>
      this.#native.a_get_acl(path, done),
    );
    const [entry, ...more] = results[0];
    if (!entry || more.length > 0 || entry.perms !== allPermissions) return 'others';
    if (entry.scheme === 'world') return 'everybody';
    // Of the same name with another password it would not have been shown to us.
    const user = this.#auth?.split(':', 1)[0];
    const isOurs = entry.scheme === 'digest' && entry.auth.split(':', 1)[0] === user;
    return isOurs ? 'ours' : 'others';
  }

  async remove(path: string): Promise<void> {
    await this.#request(`delete ${path}`, [codes.noNode], (done) =>
      this.#native.a_delete_(path, anyVersion, done),
    );
  }

  /**
   * Ends the connection and, if ZooKeeper is there to hear of it, the session. Blocks for at most
   * 1.5 s when it is there but frozen.
   */
  close(): void {
    this.#finish('closed');
  }

  /**
   * Gives it up, if it has not ended: what could not be done over it is done again, with all else,
   * over the next one.
   */
  fail(error: unknown): void {
    if (this.#end) return;
    this.#failure = error;
    this.close();
  }

  async #established(): Promise<void> {
    await this.#request('connect', [codes.noNode], (done) =>
      this.#native.a_exists('/', false, done),
    );
    const auth = this.#auth;
    if (auth !== undefined)
      await this.#request('show --zk-auth', [], (done) =>
        this.#native.add_auth('digest', auth, done),
      );
    this.#session = { id: this.#native.client_id, password: this.#native.client_password };
  }

  /**
   * One request to the native client. `expected` are codes, other than success, that are results
   * and not failures.
   */
  async #request<R extends unknown[]>(
    what: string,
    expected: readonly number[],
    issue: (done: Completion<R>) => number,
  ): Promise<{ code: number; results: R }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number; results: R }>();
    const failed = (reason: string) => new CimError('unavailable', `ZooKeeper: ${what}: ${reason}`);
    if (this.#end) throw failed('not connected');

    const overdue = setTimeout(() => this.fail(failed('no answer')), this.#requestMsMax);
    const settle = () => {
      clearTimeout(overdue);
      this.#waiting.delete(abandon);
    };
    const abandon = (reason: string) => {
      settle();
      reject(failed(reason));
    };
    this.#waiting.add(abandon);
    const refused = issue((code, message, ...results) => {
      // In the native client's own stack, see above: what it does after a loss must not come before
      // our closing it.
      if (lossCodes.has(code)) this.#finish('lost');
      settle();
      if (code === codes.ok || expected.includes(code)) resolve({ code, results });
      else if (refusalCodes.has(code)) reject(refusal(what));
      else reject(failed(message));
    });
    if (refused !== codes.ok) abandon(`refused with ${refused}`);
    return promise;
  }

  #factsOf({ ephemeralOwner, czxid, version, aversion, numChildren }: NativeStat): NodeFacts {
    return {
      owner: ephemeralOwner,
      createdOrder: czxid,
      dataVersion: version,
      childCount: numChildren,
      isOpen: this.protects && aversion === 0,
    };
  }

  #finish(end: ConnectionEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.#native.close();
    for (const abandon of this.#waiting) abandon(end);
    this.#settleEnded(end);
  }
}

function refusal(what: string): CimError {
  return new CimError(
    'not-allowed',
    `ZooKeeper refuses: ${what}: --zk-auth is missing, or not the one that the nodes of this cluster were made with`,
  );
}

/** The session that was to be continued is over: a new one is needed. */
export class SessionExpired extends Error {}

const refusalCodes = new Set([codes.noAuth, codes.authFailed]);
const lossCodes = new Set([
  codes.connectionLoss,
  codes.operationTimeout,
  codes.sessionExpired,
  codes.closing,
]);
const ephemeralFlag = 1;
const anyVersion = -1;
const allPermissions = 31;
/** Whoever has shown what this connection has shown. */
const ours: NativeAcl = { perms: allPermissions, scheme: 'auth', auth: '' };

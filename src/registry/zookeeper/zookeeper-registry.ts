/**
 * The registry of a cluster: what is announced are ephemeral nodes (nodes.ts), what is seen are
 * mirrored folders.
 */
import { CimError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import type { Logger } from '../../base/log.ts';
import { ChangeListeners } from '../change-listeners.ts';
import type {
  LiveRoute,
  LiveServer,
  Registry,
  RegistryState,
  RegistryView,
  RouteAnnouncement,
  ServerAnnouncement,
} from '../registry.ts';
import { emptyView } from '../registry-view.ts';
import { ClusterMirror } from './cluster-mirror.ts';
import type { Connection } from './connection.ts';
import { parseEnsemble } from './ensemble.ts';
import {
  choosablePath,
  encodeRoute,
  encodeServer,
  folders,
  livePath,
  routePath,
  secretNode,
} from './nodes.ts';
import { OwnNode } from './own-node.ts';
import { agreeOnSecret, makeFolder, makeParent } from './protection.ts';
import { ZooKeeperSession } from './session.ts';
import { Throttle } from './throttle.ts';

export interface ZooKeeperRegistryOptions {
  /** `host[:port],…[/chroot]` */
  readonly zookeeper: string;
  /**
   * Silence after which ZooKeeper takes this process for dead; ZooKeeper may hold it to bounds of
   * its own.
   */
  readonly sessionTimeoutMs: number;
  /**
   * `user:password`: what is made can be used only by those who have it. Without it every node is
   * open to whoever reaches ZooKeeper.
   */
  readonly auth?: string | undefined;
  /** What the view is to show: a crowd of servers need not all watch each other. */
  readonly follow: readonly ('servers' | 'routes')[];
  readonly log: Logger;
  /** How often a server's load is told at most; see folder-mirror.ts for what it costs. */
  readonly loadPeriodMs?: number;
}

const loadPeriodMs = 5_000;

/**
 * A crowd that comes or goes together is shown in a few pictures, not in one each: every picture
 * costs work for each server.
 */
const viewPeriodMs = 50;

export class ZooKeeperRegistry implements Registry {
  readonly #options: ZooKeeperRegistryOptions;
  readonly #chroot: string;
  readonly #session: ZooKeeperSession;
  readonly #mirror: ClusterMirror;
  readonly #changes = new ChangeListeners();
  readonly #showing = new Throttle(() => this.#show(), viewPeriodMs);
  readonly #firstConnected = expected<void>();
  readonly #ownNodes = new Set<OwnNode>();
  readonly #loadReports = new Set<Throttle>();
  /** The connection, from the moment when the folders are known to be there. */
  #connection: Connection | undefined;
  #usable = expected<Connection>();
  #state: RegistryState = 'connecting';
  /** Why it was not let in at its start. */
  #refusal: CimError | undefined;
  #view: RegistryView = emptyView;
  /** When whoever lives has had the time to come back, as this process has. */
  #completeAt = 0;

  /** Begins to look for ZooKeeper. */
  constructor(options: ZooKeeperRegistryOptions) {
    this.#options = options;
    const { sessionTimeoutMs, auth, follow, log } = options;
    if (auth !== undefined && !/^[^:]+:./.test(auth))
      throw new CimError('bad-config', '--zk-auth: must be a user and a password, USER:PASSWORD');
    const ensemble = parseEnsemble(options.zookeeper);
    const { chroot } = ensemble;
    this.#chroot = chroot;
    const onChange = () => this.#showing.request();
    this.#mirror = new ClusterMirror({ chroot, follow, log, onChange });
    this.#session = new ZooKeeperSession({
      ensemble,
      sessionTimeoutMs,
      auth,
      log,
      onOpen: (connection) => this.#bringUp(connection),
      onConnected: () => this.#connected(),
      onLost: () => this.#lost(),
      onRefused: (error) => this.#refused(error),
      onNodeEvent: (path) => this.#noticeEvent(path),
    });
  }

  get state(): RegistryState {
    return this.#state;
  }

  get problem(): string | null {
    return problems[this.#state];
  }

  get view(): RegistryView {
    return this.#view;
  }

  isGone(instance: string): boolean {
    if (this.#state !== 'connected' || this.#view.servers.has(instance)) return false;
    return performance.now() >= this.#completeAt;
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  whenConnected(): Promise<void> {
    return this.#firstConnected.promise;
  }

  async announceServer(server: LiveServer): Promise<ServerAnnouncement> {
    const live = await this.#place(livePath(server), encodeServer(server));
    const choosable = await this.#place(choosablePath(server), '');
    let { connections } = server;
    const report = new Throttle(() => {
      live.data = encodeServer({ ...server, connections });
      void live.settle();
    }, this.#options.loadPeriodMs ?? loadPeriodMs);
    this.#loadReports.add(report);
    return {
      updateLoad: (load) => {
        if (load.connections === connections || this.#state === 'closed') return;
        connections = load.connections;
        report.request();
      },
      withdraw: () => this.#takeBack(choosable),
      leave: async () => {
        report.stop();
        this.#loadReports.delete(report);
        await this.#takeBack(choosable);
        await this.#takeBack(live);
      },
    };
  }

  async announceRoute(route: LiveRoute): Promise<RouteAnnouncement> {
    const node = await this.#place(routePath(route), encodeRoute(route));
    return { leave: () => this.#takeBack(node) };
  }

  async agreeOnSecret(draw: () => string): Promise<string> {
    const path = this.#chroot + secretNode;
    for (;;) {
      this.#checkOpen();
      const connection = await this.#usable.promise;
      try {
        return await agreeOnSecret(connection, path, this.#options.auth, draw);
      } catch (error) {
        if (!connection.hasEnded) throw error;
      }
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#firstConnected.reject(closedError());
    this.#usable.reject(closedError());
    this.#showing.stop();
    for (const report of this.#loadReports) report.stop();
    for (const node of this.#ownNodes) node.abandon();
    this.#session.close();
  }

  async #bringUp(connection: Connection): Promise<void> {
    for (const path of this.#parentPaths()) await makeParent(connection, path);
    for (const folder of Object.values(folders))
      await makeFolder(connection, this.#chroot + folder);
    this.#connection = connection;
    this.#usable.resolve(connection);
    for (const node of this.#ownNodes) {
      await node.settle();
      if (node.isAbandoned) this.#ownNodes.delete(node);
    }
    await this.#mirror.load(connection);
  }

  #connected(): void {
    this.#showing.stop();
    this.#show();
    if (this.#state === 'lost')
      this.#completeAt = performance.now() + this.#options.sessionTimeoutMs;
    this.#state = 'connected';
    this.#firstConnected.resolve();
  }

  #lost(): void {
    const wasUsable = this.#connection !== undefined;
    this.#connection = undefined;
    if (this.#state === 'closed') return;
    if (this.#state === 'connected') this.#state = 'lost';
    if (wasUsable) this.#usable = expected();
  }

  /** At the start somebody waits to be told; later it may pass, as any failure. */
  #refused(error: CimError): void {
    if (this.#state !== 'connecting') return;
    this.#refusal = error;
    this.#firstConnected.reject(error);
    this.#usable.reject(error);
    for (const node of this.#ownNodes) node.refuse(error);
  }

  #noticeEvent(path: string): void {
    for (const node of this.#ownNodes) {
      if (node.path === path) void node.settle();
    }
    this.#mirror.noticeEvent(path);
  }

  /** The highest first. */
  #parentPaths(): string[] {
    const names = this.#chroot.split('/').slice(1);
    return names.map((_, depth) => `/${names.slice(0, depth + 1).join('/')}`);
  }

  #show(): void {
    this.#view = this.#mirror.view();
    this.#changes.changed();
  }

  #checkOpen(): void {
    if (this.#state === 'closed') throw closedError();
    if (this.#refusal) throw this.#refusal;
  }

  async #place(path: string, data: string): Promise<OwnNode> {
    this.#checkOpen();
    const node = new OwnNode(this.#chroot + path, data, this.#options.log, () => this.#connection);
    this.#ownNodes.add(node);
    void node.settle();
    await node.whenPlaced();
    return node;
  }

  async #takeBack(node: OwnNode): Promise<void> {
    node.abandon();
    const connection = this.#connection;
    await node.settle();
    // Otherwise it goes with the session, or is removed on the next connection.
    if (connection && !connection.hasEnded) this.#ownNodes.delete(node);
  }
}

const problems: Readonly<Record<RegistryState, string | null>> = {
  connecting: 'it is not reached yet',
  connected: null,
  lost: 'it is out of reach or has no quorum: who was there then is still reached, who comes or goes is not noticed',
  closed: 'its session is closed',
};

function closedError(): CimError {
  return new CimError('unavailable', 'the registry is closed');
}

/** A promise to be kept later, and for which perhaps nobody waits. */
function expected<T>(): PromiseWithResolvers<T> {
  const resolvers = Promise.withResolvers<T>();
  resolvers.promise.catch(ignore('whether anybody waits or not'));
  return resolvers;
}

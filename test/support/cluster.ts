/**
 * A cluster whose every connection can be cut: servers and routes of the packaged executable, each
 * behind a proxy that it advertises in the place of its own ports, on real Redis and ZooKeeper.
 */
import { freePort } from './free-port.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { executable, type Role, startRole } from './roles.ts';
import { type BreakableProxy, startTcpProxy } from './tcp-proxy.ts';
import { startZooKeeper, type TestZooKeeper } from './zookeeper.ts';

const clusterSecret = 'test';

export interface TestCluster {
  readonly redis: TestRedis;
  readonly zookeeper: TestZooKeeper;
  readonly servers: readonly ClusterServer[];
  readonly routes: readonly ClusterRoute[];
  /** Of all routes, as clients are given them. */
  readonly routeUrls: readonly string[];
}

/** A role that can be killed and started again where it was. */
abstract class ClusterRole {
  readonly #name: string;
  readonly #args: readonly string[];
  #role: Role | undefined;

  constructor(name: string, args: readonly string[]) {
    this.#name = name;
    this.#args = args;
  }

  get process(): Role['process'] {
    if (!this.#role) throw new Error(`the ${this.#name} was never started`);
    return this.#role.process;
  }

  /** Starts it, unless it is running. */
  async start(program = executable): Promise<void> {
    if (this.#role && !this.#role.process.hasExited) return;
    this.#role = await startRole(this.#name, this.#args, {}, { program });
  }
}

export class ClusterServer extends ClusterRole {
  /** What clients connect through, and what routes do. */
  readonly clients: BreakableProxy;
  readonly links: BreakableProxy;

  constructor(args: readonly string[], clients: BreakableProxy, links: BreakableProxy) {
    super('server', args);
    this.clients = clients;
    this.links = links;
  }

  /** As a client's `ready` event names it. */
  get address(): string {
    return `127.0.0.1:${this.clients.port}`;
  }
}

export class ClusterRoute extends ClusterRole {
  /** What servers and clients connect through. */
  readonly callers: BreakableProxy;

  constructor(args: readonly string[], callers: BreakableProxy) {
    super('route', args);
    this.callers = callers;
  }

  get url(): string {
    return `http://127.0.0.1:${this.callers.port}`;
  }
}

export interface ClusterOptions {
  readonly servers?: number;
  readonly routes?: number;
  readonly serverArgs?: readonly string[];
  readonly routeArgs?: readonly string[];
  /** What all roles are started with: another executable than today's. */
  readonly program?: string;
}

export async function startCluster({
  servers = 2,
  routes = 2,
  serverArgs = [],
  routeArgs = [],
  program,
}: ClusterOptions = {}): Promise<TestCluster> {
  const [redis, zookeeper] = await Promise.all([
    startRedis({ appendfsync: 'always' }),
    startZooKeeper(),
  ]);
  const common = [
    ...['--host', '127.0.0.1', '--zk', zookeeper.address, '--cluster-secret', clusterSecret],
    // Short, so that what has died is missed soon.
    ...['--zk-session-timeout-ms', '4000'],
  ];
  const routeRoles = await Promise.all(
    Array.from({ length: routes }, () =>
      openRoute([...common, '--redis', redis.address, '--strategy', 'round-robin', ...routeArgs]),
    ),
  );
  const serverRoles = await Promise.all(
    Array.from({ length: servers }, () => openServer([...common, ...serverArgs])),
  );
  await Promise.all([...routeRoles, ...serverRoles].map((role) => role.start(program)));
  return {
    redis,
    zookeeper,
    servers: serverRoles,
    routes: routeRoles,
    routeUrls: routeRoles.map(({ url }) => url),
  };
}

async function openServer(args: readonly string[]): Promise<ClusterServer> {
  const [port, httpPort] = [await freePort(), await freePort()];
  const [clients, links] = [await startTcpProxy(port), await startTcpProxy(httpPort)];
  const ports = [
    ...['--port', `${port}`, '--advertise-port', `${clients.port}`],
    ...['--http-port', `${httpPort}`, '--advertise-http-port', `${links.port}`],
  ];
  return new ClusterServer([...ports, ...args], clients, links);
}

async function openRoute(args: readonly string[]): Promise<ClusterRoute> {
  const port = await freePort();
  const callers = await startTcpProxy(port);
  const ports = ['--port', `${port}`, '--advertise-port', `${callers.port}`];
  return new ClusterRoute([...ports, ...args], callers);
}

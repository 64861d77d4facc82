/**
 * A cluster of one's own on this machine: Redis, ZooKeeper, servers and routes as processes on free
 * loopback ports, and between the roles, and before them, networks that can be cut. All of it lives
 * in one folder.
 */
import { join } from 'node:path';
import type { Lifecycle } from '../../base/lifecycle.ts';
import { ownProgram } from '../../base/own-program.ts';
import { drawSecret } from '../../base/secret.ts';
import { freePort } from './free-port.ts';
import { Part, type PartOptions } from './part.ts';
import { redisPart, zookeeperPart } from './services.ts';
import { TcpProxy } from './tcp-proxy.ts';

export interface ClusterOptions {
  readonly folder: string;
  readonly servers: number;
  readonly routes: number;
  /** A part has ended, and nobody has told it to. */
  readonly onProblem: (problem: string) => void;
  /** Gets a step for everything that is started. */
  readonly lifecycle: Lifecycle;
}

export interface ServerPart {
  readonly part: Part;
  /** Between clients and it. */
  readonly clients: TcpProxy;
  /** Between routes and it: where they push to. */
  readonly pushes: TcpProxy;
}

export interface RoutePart {
  readonly part: Part;
  /** Between it and everybody who calls it: servers and clients. */
  readonly callers: TcpProxy;
}

export interface Cluster {
  readonly redis: Part;
  readonly zookeeper: Part;
  readonly servers: readonly ServerPart[];
  readonly routes: readonly RoutePart[];
  /** For clients. */
  readonly routeUrls: readonly string[];
}

/** Short, so that an end of ZooKeeper's sessions is part of a run of minutes. */
const zookeeperSessionMs = 4_000;

/** Resolves when all of it is up. Rejects with `unavailable`. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder } = options;
  const [redisPort, zookeeperPort] = [await freePort(), await freePort()];
  const redis = createPart(options, redisPart(redisPort, folder));
  const zookeeper = createPart(options, zookeeperPart(zookeeperPort, folder));
  await Promise.all([redis.start(), zookeeper.start()]);

  const common = [
    ...['--host', '127.0.0.1', '--zk', `127.0.0.1:${zookeeperPort}`],
    ...['--zk-session-timeout-ms', `${zookeeperSessionMs}`],
  ];
  const secret = drawSecret();
  const role = (name: string, number: number, args: readonly string[]) => {
    const own = ownProgram();
    return createPart(options, {
      name: `${name} ${number}`,
      program: own.program,
      args: [...own.args, name, ...common, ...args],
      env: { CIM_CLUSTER_SECRET: secret, CIM_LOG_LEVEL: 'info' },
      folder,
      isUp: (printed) => printed.includes(`cim ${name} ready`),
    });
  };

  const routes: RoutePart[] = [];
  for (let number = 1; number <= options.routes; number++) {
    const port = await freePort();
    const callers = await startProxy(options, port);
    const args = ['--redis', `127.0.0.1:${redisPort}`, '--port', `${port}`];
    const part = role('route', number, [...args, '--advertise-port', `${callers.port}`]);
    routes.push({ part, callers });
  }
  const servers: ServerPart[] = [];
  for (let number = 1; number <= options.servers; number++) {
    const [port, httpPort] = [await freePort(), await freePort()];
    const clients = await startProxy(options, port);
    const pushes = await startProxy(options, httpPort);
    const part = role('server', number, [
      ...['--port', `${port}`, '--advertise-port', `${clients.port}`],
      ...['--http-port', `${httpPort}`, '--advertise-http-port', `${pushes.port}`],
    ]);
    servers.push({ part, clients, pushes });
  }
  await Promise.all([...routes, ...servers].map(({ part }) => part.start()));
  const routeUrls = routes.map(({ callers }) => `http://127.0.0.1:${callers.port}`);
  return { redis, zookeeper, servers, routes, routeUrls };
}

function createPart(
  { folder, onProblem, lifecycle }: ClusterOptions,
  options: Omit<PartOptions, 'logFile' | 'onCrash'>,
): Part {
  const { name } = options;
  const part = new Part({
    ...options,
    logFile: join(folder, `${name.toLowerCase().replace(' ', '-')}.log`),
    onCrash: (ending) => onProblem(`${name} has ended by itself with ${ending}`),
  });
  lifecycle.onStop(name, () => part.close());
  return part;
}

async function startProxy({ lifecycle }: ClusterOptions, target: number): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen();
  lifecycle.onStop('network', () => proxy.stop());
  return proxy;
}

/**
 * A cluster of one's own on this machine: Redis, ZooKeeper, servers and routes as processes on free
 * loopback ports. All of it lives in one folder.
 */
import { join } from 'node:path';
import type { Program } from '../base/process/own-program.ts';
import { drawSecret } from '../base/secrets/secret.ts';
import { freePort } from './local-ports.ts';
import { readyAddresses } from './local-process.ts';
import { LocalPart, type PartOptions } from './part.ts';
import { redisPart, zookeeperPart } from './services.ts';

export interface ClusterSize {
  readonly servers: number;
  readonly routes: number;
}

/** `Front`: what stands before a port of a role; its own port is the one that others are told. */
export interface ClusterOptions<Front> extends ClusterSize {
  readonly folder: string;
  readonly cim: Program;
  /** Of every role. */
  readonly roleArgs?: readonly string[];
  readonly logLevel: string;
  readonly secret?: string;
  /** When Redis syncs its log: `always`, `everysec` or `no`. */
  readonly appendfsync: string;
  readonly front: (port: number) => Promise<Front>;
  /** A part has ended, and nobody has told it to. */
  readonly onProblem?: (problem: string) => void;
  /** Is given how to end each part, as soon as there is something to end. */
  readonly onStop: (name: string, stop: () => Promise<void>) => void;
  /** The only core that they may use. */
  readonly core?: number;
  /** Ends the waiting for them. */
  readonly signal?: AbortSignal;
}

export interface Cluster<Front> {
  readonly redisPort: number;
  readonly redis: LocalPart;
  readonly zookeeper: LocalPart;
  readonly servers: readonly ServerPart<Front>[];
  readonly routes: readonly RoutePart<Front>[];
  /** For clients. */
  readonly routeUrls: readonly string[];
}

export interface ServerPart<Front> {
  readonly part: LocalPart;
  /** Between clients and it. */
  readonly clients: Front;
  /** Between routes and it: where they push to. */
  readonly pushes: Front;
}

export interface RoutePart<Front> {
  readonly part: LocalPart;
  /** Between it and everybody who calls it: servers and clients. */
  readonly callers: Front;
}

/** Resolves when all of it is up. Rejects with `unavailable`. */
export async function startCluster<Front extends { readonly port: number }>(
  options: ClusterOptions<Front>,
): Promise<Cluster<Front>> {
  const { folder, front, cim, roleArgs = [], logLevel, secret = drawSecret() } = options;
  const [redisPort, zookeeperPort] = [await freePort(), await freePort()];
  const redis = createPart(options, redisPart(redisPort, folder, options.appendfsync));
  const zookeeper = createPart(options, zookeeperPart(zookeeperPort, folder));
  await Promise.all([redis.start(), zookeeper.start()]);

  const common = ['--host', '127.0.0.1', '--zk', `127.0.0.1:${zookeeperPort}`, ...roleArgs];
  const role = (name: string, number: number, args: readonly string[]) =>
    createPart(options, {
      name: `${name} ${number}`,
      command: cim.program,
      args: [...cim.args, name, ...common, ...args],
      // A variable, as the version before has no such port, and takes no such flag.
      env: { CIM_CLUSTER_SECRET: secret, CIM_LOG_LEVEL: logLevel, CIM_WS_PORT: '0' },
      cwd: folder,
      isUp: (started) => readyAddresses(started) !== undefined,
    });
  const routes: RoutePart<Front>[] = [];
  for (let number = 1; number <= options.routes; number++) {
    const port = await freePort();
    const callers = await front(port);
    const args = ['--redis', `127.0.0.1:${redisPort}`, '--port', `${port}`];
    const part = role('route', number, [...args, '--advertise-port', `${callers.port}`]);
    routes.push({ part, callers });
  }
  const servers: ServerPart<Front>[] = [];
  for (let number = 1; number <= options.servers; number++) {
    const [port, httpPort] = [await freePort(), await freePort()];
    const [clients, pushes] = [await front(port), await front(httpPort)];
    const part = role('server', number, [
      ...['--port', `${port}`, '--advertise-port', `${clients.port}`],
      ...['--http-port', `${httpPort}`, '--advertise-http-port', `${pushes.port}`],
    ]);
    servers.push({ part, clients, pushes });
  }
  await Promise.all([...routes, ...servers].map(({ part }) => part.start()));
  const routeUrls = routes.map(({ callers }) => `http://127.0.0.1:${callers.port}`);
  return { redisPort, redis, zookeeper, servers, routes, routeUrls };
}

function createPart<Front>(
  { folder, core, signal, onProblem, onStop }: ClusterOptions<Front>,
  options: Omit<PartOptions, 'logFile' | 'onCrash'>,
): LocalPart {
  const { name } = options;
  const part = new LocalPart({
    ...options,
    core,
    signal,
    logFile: join(folder, `${name.toLowerCase().replace(' ', '-')}.log`),
    onCrash: (ending) => onProblem?.(`${name} has ended by itself with ${ending}`),
  });
  onStop(name, () => part.close());
  return part;
}

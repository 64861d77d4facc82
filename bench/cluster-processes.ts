/** A cluster for benchmarks: one Redis, one ZooKeeper, and as many routes and servers as wished. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requestJson } from '../src/http/client.ts';
import { freePort } from '../src/verify/cluster/free-port.ts';
import { redisProgram, zookeeperProgram } from '../src/verify/cluster/programs.ts';
import { startCim } from './cim-process.ts';
import { type MeasuredProcess, type StartOptions, startMeasured } from './measured-process.ts';

type Pin = Pick<StartOptions, 'core' | 'signal'>;

export type PartName = 'server' | 'route' | 'redis' | 'zookeeper';

export interface ClusterSize {
  readonly servers: number;
  readonly routes: number;
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/**
 * `appendfsync`: when Redis syncs its log, `always`, `everysec` or `no`. Rejects when a part does
 * not start; then the others have been stopped.
 */
export async function startCluster(
  folder: string,
  appendfsync: string,
  pin: Pin = {},
  size: ClusterSize = { servers: 1, routes: 1 },
) {
  /** By what they are: there may be several of a name. */
  const parts: { readonly name: PartName; readonly process: MeasuredProcess }[] = [];
  const start = async <P extends MeasuredProcess>(name: PartName, starting: Promise<P>) => {
    const process = await starting;
    parts.unshift({ name, process });
    return process;
  };
  const stop = async (): Promise<void> => {
    for (const { process } of parts) await process.stop();
  };
  try {
    const [redisPort, zookeeperPort] = [await freePort(), await freePort()];
    await start('redis', startRedis(redisPort, folder, appendfsync, pin));
    await start('zookeeper', startZooKeeper(zookeeperPort, folder, pin));
    const local = ['--host', '127.0.0.1', '--zk', `127.0.0.1:${zookeeperPort}`];
    const common = [...local, '--cluster-secret', 'bench', '--log-level', 'error'];
    const redisAddress = ['--redis', `127.0.0.1:${redisPort}`];
    const routes: string[] = [];
    while (routes.length < size.routes) {
      const starting = startCim(['route', ...common, ...redisAddress], pin);
      const { addresses } = await start('route', starting);
      routes.push(`http://${addresses['http']}`);
    }
    for (let server = 0; server < size.servers; server++)
      await start('server', startCim(['server', ...common], pin));
    for (const route of routes) await whenChoosable(route, size.servers, pin.signal);
    const [route = ''] = routes;
    return { route, routes, redisPort, parts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The route has heard of the servers. */
async function whenChoosable(
  route: string,
  servers: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (;;) {
    const headers = { authorization: 'Bearer bench', 'x-cim-version': '1' };
    const answer = await requestJson(`${route}/servers`, {
      method: 'GET',
      headers,
      timeoutMs: 5_000,
    });
    const known = answer as readonly { choosable: boolean }[];
    if (known.filter(({ choosable }) => choosable).length === servers) return;
    await delay(20, undefined, { signal });
  }
}

function startRedis(
  port: number,
  folder: string,
  appendfsync: string,
  pin: Pin,
): Promise<MeasuredProcess> {
  const { program, args } = redisProgram();
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'yes', appendfsync };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return startMeasured(program, [...args, ...flags, '--dir', folder], {
    ...pin,
    ready: /Ready to accept/,
  });
}

async function startZooKeeper(port: number, parent: string, pin: Pin): Promise<MeasuredProcess> {
  const { program, args } = zookeeperProgram();
  const folder = join(parent, 'zookeeper');
  mkdirSync(folder);
  // Port and folder alone: everything else is as ZooKeeper wants it. The roles wait until it serves.
  const flags = [
    '-Dorg.slf4j.simpleLogger.logFile=System.out',
    '-Dzookeeper.admin.enableServer=false',
  ];
  return startMeasured(
    program,
    ['-Xmx128m', '-XX:+UseSerialGC', ...flags, ...args, `${port}`, folder],
    { ...pin, ready: /binding to port/ },
  );
}

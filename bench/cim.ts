/** cim under measurement, on free ports: `cim dev`, and a cluster on a Redis and a ZooKeeper of its own. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requestJson } from '../src/http/client.ts';
import { type ClusterSize, startCluster as startParts } from '../src/processes/cluster.ts';
import { LocalProcess, readyAddresses } from '../src/processes/local-process.ts';

/** How a process is started: on one core, unless it is told to end meanwhile. */
export interface Pin {
  readonly core?: number;
  readonly signal?: AbortSignal;
}

export type PartName = 'server' | 'route' | 'redis' | 'zookeeper';

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** Of whatever is started here. */
export const secret = 'known-to-the-benchmarks';
export const executable = join(process.cwd(), 'bin', 'cim');

export async function startDev(args: readonly string[], { core, signal }: Pin = {}) {
  const free = ['port', 'http-port', 'route-port'].flatMap((port) => [`--${port}`, '0']);
  const dev = await LocalProcess.start(
    { name: 'dev', command: executable, args: ['dev', ...args, ...free], core },
    (started) => readyAddresses(started) !== undefined,
    signal,
  );
  return { dev, route: `http://${readyAddresses(dev)?.['route']}` };
}

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
  const steps: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of steps.splice(0).reverse()) await step();
  };
  try {
    const { redisPort, redis, zookeeper, servers, routes, routeUrls } = await startParts({
      ...{ folder, appendfsync, secret, ...size, ...pin },
      cim: { program: executable, args: [] },
      logLevel: 'error',
      front: async (port) => ({ port }),
      onStop: (_, step) => steps.push(step),
    });
    for (const route of routeUrls) await whenChoosable(route, size.servers, pin.signal);
    const name = (name: PartName) => ({ name });
    /** By what they are: there may be several of a name. */
    const parts = [
      ...servers.map(({ part }) => ({ ...name('server'), process: part.process })),
      ...routes.map(({ part }) => ({ ...name('route'), process: part.process })),
      { ...name('zookeeper'), process: zookeeper.process },
      { ...name('redis'), process: redis.process },
    ];
    const [route = ''] = routeUrls;
    return { route, routes: routeUrls, redisPort, parts, stop };
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
  const headers = { authorization: `Bearer ${secret}`, 'x-cim-version': '1' };
  for (;;) {
    const request = { method: 'POST', headers, body: {}, timeoutMs: 5_000 } as const;
    const known = (await requestJson(`${route}/servers`, request)) as { choosable: boolean }[];
    if (known.filter(({ choosable }) => choosable).length === servers) return;
    await delay(20, undefined, { ...(signal && { signal }) });
  }
}

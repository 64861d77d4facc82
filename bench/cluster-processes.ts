/** The smallest cluster, for benchmarks: one Redis, one ZooKeeper, one route, one server. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requestJson } from '../src/http/client.ts';
import { freePort } from '../src/verify/cluster/free-port.ts';
import { redisProgram, zookeeperProgram } from '../src/verify/cluster/programs.ts';
import { startCim } from './cim-process.ts';
import { type MeasuredProcess, type StartOptions, startMeasured } from './measured-process.ts';

type Pin = Pick<StartOptions, 'core' | 'signal'>;

/**
 * `appendfsync`: when Redis syncs its log, `always`, `everysec` or `no`. Rejects when a part does
 * not start; then the others have been stopped.
 */
export async function startCluster(folder: string, appendfsync: string, pin: Pin = {}) {
  const parts: { readonly name: string; readonly process: MeasuredProcess }[] = [];
  const start = async <P extends MeasuredProcess>(name: string, starting: Promise<P>) => {
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
    const { addresses } = await start(
      'route',
      startCim(['route', ...common, ...redisAddress], pin),
    );
    await start('server', startCim(['server', ...common], pin));
    const route = `http://${addresses['http']}`;
    await whenChoosable(route, pin.signal);
    return { route, parts, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The route has heard of the server. */
async function whenChoosable(route: string, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    const headers = { authorization: 'Bearer bench', 'x-cim-version': '1' };
    const answer = await requestJson(`${route}/servers`, {
      method: 'GET',
      headers,
      timeoutMs: 5_000,
    });
    if ((answer as readonly { choosable: boolean }[]).some(({ choosable }) => choosable)) return;
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

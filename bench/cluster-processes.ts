/** The smallest cluster, for benchmarks: one Redis, one ZooKeeper, one route, one server. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { requestJson } from '../src/http/client.ts';
import { freePort } from '../src/verify/cluster/free-port.ts';
import { redisProgram, zookeeperProgram } from '../src/verify/cluster/programs.ts';
import { startCim } from './cim-process.ts';
import { type MeasuredProcess, type StartOptions, startMeasured } from './measured-process.ts';

type Pin = Pick<StartOptions, 'core'>;

/** `appendfsync`: when Redis syncs its log, `always`, `everysec` or `no`. */
export async function startCluster(folder: string, appendfsync: string, pin: Pin = {}) {
  const [redisPort, zookeeperPort] = [await freePort(), await freePort()];
  const redis = await startRedis(redisPort, folder, appendfsync, pin);
  const zookeeper = await startZooKeeper(zookeeperPort, folder, pin);
  const local = ['--host', '127.0.0.1', '--zk', `127.0.0.1:${zookeeperPort}`];
  const common = [...local, '--cluster-secret', 'bench', '--log-level', 'error'];
  const redisAddress = ['--redis', `127.0.0.1:${redisPort}`];
  const route = await startCim(['route', ...common, ...redisAddress], pin);
  const server = await startCim(['server', ...common], pin);
  await whenChoosable(`http://${route.addresses['http']}`);
  const parts: { readonly name: string; readonly process: MeasuredProcess }[] = [
    { name: 'server', process: server },
    { name: 'route', process: route },
    { name: 'redis', process: redis },
    { name: 'zookeeper', process: zookeeper },
  ];
  return {
    route: `http://${route.addresses['http']}`,
    parts,
    async stop() {
      for (const { process } of parts) await process.stop();
    },
  };
}

/** The route has heard of the server. */
async function whenChoosable(route: string): Promise<void> {
  for (;;) {
    const headers = { authorization: 'Bearer bench', 'x-cim-version': '1' };
    const answer = await requestJson(`${route}/servers`, {
      method: 'GET',
      headers,
      timeoutMs: 5_000,
    });
    if ((answer as readonly { choosable: boolean }[]).some(({ choosable }) => choosable)) return;
    await delay(20);
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

/** The smallest cluster, for benchmarks: one Redis, one ZooKeeper, one route, one server. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../src/verify/cluster/free-port.ts';
import { redisProgram, zookeeperProgram } from '../src/verify/cluster/programs.ts';
import { type MeasuredProcess, startCim, startMeasured } from './cim-process.ts';

/** `appendfsync`: when Redis syncs its log, `always`, `everysec` or `no`. */
export async function startCluster(folder: string, appendfsync: string) {
  const [redisPort, zookeeperPort] = [await freePort(), await freePort()];
  const redis = await startRedis(redisPort, folder, appendfsync);
  const zookeeper = await startZooKeeper(zookeeperPort, folder);
  const local = ['--host', '127.0.0.1', '--zk', `127.0.0.1:${zookeeperPort}`];
  const common = [...local, '--cluster-secret', 'bench', '--log-level', 'error'];
  const route = await startCim(['route', ...common, '--redis', `127.0.0.1:${redisPort}`]);
  const server = await startCim(['server', ...common]);
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

function startRedis(port: number, folder: string, appendfsync: string): Promise<MeasuredProcess> {
  const { program, args } = redisProgram();
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'yes', appendfsync };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return startMeasured(program, [...args, ...flags, '--dir', folder], /Ready to accept/);
}

async function startZooKeeper(port: number, parent: string): Promise<MeasuredProcess> {
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
    /binding to port/,
  );
}

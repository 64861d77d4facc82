/** Real Redis and ZooKeeper as parts of a cluster, with their data in folders of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askPort } from './local-ports.ts';
import type { PartOptions } from './part.ts';
import { redisProgram, zookeeperProgram } from './programs.ts';

type ServiceOptions = Pick<PartOptions, 'name' | 'command' | 'args' | 'cwd' | 'isUp'>;

/**
 * `appendfsync`: when its log is synced. With `always` every write is on the disk before it is
 * answered: what it has acknowledged survives a kill -9.
 */
export function redisPart(port: number, parent: string, appendfsync: string): ServiceOptions {
  const { program, args } = redisProgram();
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'yes', appendfsync };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  return {
    name: 'Redis',
    command: program,
    args: [...args, ...flags],
    cwd: makeFolder(parent, 'redis'),
    // While it loads what it had, it says so instead.
    isUp: async () => (await askPort(port, 'PING\r\nQUIT\r\n')).startsWith('+PONG'),
  };
}

export function zookeeperPart(port: number, parent: string): ServiceOptions {
  const { program, args } = zookeeperProgram();
  const folder = makeFolder(parent, 'zookeeper');
  const config = join(folder, 'zoo.cfg');
  const settings = {
    // Sessions end within a tick of their time.
    tickTime: 500,
    maxSessionTimeout: 60_000,
    dataDir: join(folder, 'data'),
    clientPort: port,
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: 0,
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'srvr',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(config, lines.join(''));
  return {
    name: 'ZooKeeper',
    command: program,
    args: ['-Xmx128m', '-XX:+UseSerialGC', ...args, config],
    cwd: folder,
    // The port is open before requests are served.
    isUp: async () => (await askPort(port, 'srvr')).startsWith('Zookeeper version'),
  };
}

function makeFolder(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  return folder;
}

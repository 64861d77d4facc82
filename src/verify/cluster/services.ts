/** Real Redis and ZooKeeper as parts of a cluster, with their data in folders of the run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { PartOptions } from './part.ts';
import { redisProgram, zookeeperProgram } from './programs.ts';

type ServiceOptions = Omit<PartOptions, 'logFile' | 'onCrash'>;

/** Every write is on the disk before it is answered: what it has acknowledged survives a kill -9. */
export function redisPart(port: number, parent: string): ServiceOptions {
  const { program, args } = redisProgram();
  const settings = {
    port: `${port}`,
    bind: '127.0.0.1',
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
  };
  return {
    name: 'Redis',
    program,
    args: [...args, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    folder: makeFolder(parent, 'redis'),
    // While it loads what it had, it says so instead.
    isUp: async () => (await ask(port, 'PING\r\n')).startsWith('+PONG'),
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
    program,
    args: ['-Xmx128m', '-XX:+UseSerialGC', ...args, config],
    folder,
    // The port is open before requests are served.
    isUp: async () => (await ask(port, 'srvr')).startsWith('Zookeeper version'),
  };
}

function makeFolder(parent: string, name: string): string {
  const folder = join(parent, name);
  mkdirSync(folder);
  return folder;
}

/** The beginning of the answer; empty when there is none. */
function ask(port: number, question: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(question));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('error', () => {}); // not there yet: `close` follows
    socket.once('data', (bytes) => {
      resolve(bytes.toString());
      socket.destroy();
    });
    socket.once('close', () => resolve(''));
  });
}

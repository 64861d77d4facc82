/**
 * A real ZooKeeper server (the Debian package's) on a free port, with its data in a temporary
 * folder.
 */

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Library from 'zookeeper';
import { askPort } from '../../src/processes/local-ports.ts';
import { freePort } from './free-port.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { onTeardown } from './teardown.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitUntil } from './wait-until.ts';

const jar = '/usr/share/java/zookeeper.jar';
const logger = '/usr/share/java/slf4j-simple.jar';

export async function startZooKeeper(): Promise<TestZooKeeper> {
  const zookeeper = new TestZooKeeper(await freePort());
  await zookeeper.start();
  return zookeeper;
}

export class TestZooKeeper {
  readonly port: number;
  readonly #folder: string;
  #process: TestProcess | undefined;

  constructor(port: number) {
    this.port = port;
    this.#folder = temporaryFolder('zookeeper');
  }

  /** For `--zk`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it, unless it is running: again with the data that it had. */
  async start(): Promise<void> {
    if (this.#process && !this.#process.hasExited) return;
    const config = join(this.#folder, 'zoo.cfg');
    // A short tick: sessions may be as short as 400 ms, and their end is noticed within a tick.
    const settings = {
      tickTime: 200,
      maxSessionTimeout: 60_000,
      dataDir: join(this.#folder, 'data'),
      clientPort: this.port,
      clientPortAddress: '127.0.0.1',
      maxClientCnxns: 0,
      'admin.enableServer': false,
      '4lw.commands.whitelist': '*',
    };
    writeFileSync(
      config,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const properties = {
      'zookeeper.forceSync': 'no',
      'zookeeper.preAllocSize': 64,
      'org.slf4j.simpleLogger.logFile': join(this.#folder, 'zookeeper.log'),
    };
    this.#process = await startProcess({
      name: 'zookeeper',
      command: 'java',
      args: [
        // Quick to start rather than quick to run.
        ...['-Xmx96m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
        ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
        ...['-cp', `${jar}:${logger}`, 'org.apache.zookeeper.server.ZooKeeperServerMain', config],
      ],
      // The port is open before requests are served.
      ready: async () => (await this.ask('srvr')).startsWith('Zookeeper version'),
    });
  }

  async stop(): Promise<void> {
    await this.#running.stop();
  }

  async kill(): Promise<void> {
    await this.#running.kill();
  }

  /** While it is stopped: it is empty when it starts again. */
  loseData(): void {
    rmSync(join(this.#folder, 'data'), { recursive: true });
  }

  freeze(): void {
    this.#running.freeze();
  }

  thaw(): void {
    this.#running.thaw();
  }

  /** The answer to one of ZooKeeper's "four letter words"; empty when there is none. */
  ask(word: string): Promise<string> {
    return askPort(this.port, word);
  }

  get #running(): TestProcess {
    if (!this.#process) throw new Error('not started');
    return this.#process;
  }
}

/**
 * Somebody else's plain session with ZooKeeper: a Java server, an operator, or a look at what is
 * there.
 */
export async function openZooKeeperShell(address: string): Promise<ZooKeeperShell> {
  const client = new Library({ connect: address, timeout: 10_000, debug_level: 0 });
  let isConnected = false;
  client.once('connect', () => {
    isConnected = true;
  });
  client.init({});
  onTeardown(() => client.close());
  await waitUntil(`the shell is connected to ${address}`, () => isConnected);
  return new ZooKeeperShell(client);
}

export class ZooKeeperShell {
  readonly #client: Library;

  constructor(client: Library) {
    this.#client = client;
  }

  async create(
    path: string,
    data: string,
    kind: 'persistent' | 'ephemeral' = 'persistent',
  ): Promise<void> {
    await this.#client.create(path, data, kind === 'ephemeral' ? 1 : 0);
  }

  async children(path: string): Promise<string[]> {
    return (await this.#client.get_children(path, false)) as string[];
  }

  /** The data and the owning session. */
  async read(path: string): Promise<{ data: string; owner: string }> {
    const [stat, data] = (await this.#client.get(path, false)) as unknown as [
      { ephemeralOwner: string },
      Buffer | null,
    ];
    return { data: data?.toString() ?? '', owner: stat.ephemeralOwner };
  }

  async write(path: string, data: string): Promise<void> {
    await this.#client.set(path, data, -1);
  }

  async remove(path: string): Promise<void> {
    await this.#client.delete_(path, -1);
  }
}

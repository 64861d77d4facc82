/**
 * A real ZooKeeper server (the Debian package's) on a free port, with its data in a temporary
 * folder.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askPort } from '../../src/processes/local-ports.ts';
import { freePort } from './free-port.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { onTeardown } from './teardown.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { ShellCall, ShellMessage } from './zookeeper-shell.ts';

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
 * there. In a process of its own (zookeeper-shell.ts), as theirs would be.
 */
export async function openZooKeeperShell(address: string): Promise<ZooKeeperShell> {
  const child = fork(join(__dirname, 'zookeeper-shell.ts'), [address], { execArgv: [] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  onTeardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const shell = new ZooKeeperShell(child);
  await shell.isConnected;
  return shell;
}

export class ZooKeeperShell {
  /** Rejects when the process has ended before. */
  readonly isConnected: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    const connected = Promise.withResolvers<void>();
    this.isConnected = connected.promise;
    child.on('message', (message: ShellMessage) => {
      if (message === 'connected') return connected.resolve();
      const { call, error, result } = message;
      const waiting = this.#waiting.get(call);
      this.#waiting.delete(call);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    child.once('exit', () => {
      const ended = new Error('the shell has ended');
      connected.reject(ended);
      for (const { reject } of this.#waiting.values()) reject(ended);
    });
  }

  create(
    path: string,
    data: string,
    kind: 'persistent' | 'ephemeral' = 'persistent',
  ): Promise<void> {
    return this.#call('create', path, data, kind);
  }

  children(path: string): Promise<string[]> {
    return this.#call('children', path);
  }

  /** The data and the owning session. */
  read(path: string): Promise<{ data: string; owner: string }> {
    return this.#call('read', path);
  }

  write(path: string, data: string): Promise<void> {
    return this.#call('write', path, data);
  }

  remove(path: string): Promise<void> {
    return this.#call('remove', path);
  }

  #call<Result>(...what: ShellCall['what']): Promise<Result> {
    const waiting = Promise.withResolvers<unknown>();
    this.#calls += 1;
    this.#waiting.set(this.#calls, waiting);
    this.#child.send({ call: this.#calls, what } satisfies ShellCall);
    return waiting.promise as Promise<Result>;
  }
}

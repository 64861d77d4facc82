/** Real Redis servers (the Debian package's) on free ports, with their data in temporary folders: one, or a Redis Cluster of several. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { startProcess, type TestProcess } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { waitUntil } from './wait-until.ts';

const run = promisify(execFile);
const slotCount = 16_384;

/** A server of its own. `settings` are added to those of redis.conf, by name. */
export async function startRedis(settings: Readonly<Record<string, string>> = {}) {
  const redis = new TestRedis(await freePort(), settings);
  await redis.start();
  return redis;
}

export class TestRedis {
  readonly port: number;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #folder = temporaryFolder('redis');
  #process: TestProcess | undefined;

  constructor(port: number, settings: Readonly<Record<string, string>> = {}) {
    this.port = port;
    // Acknowledged writes are with the kernel, so they survive a kill -9.
    this.#settings = { save: '', appendonly: 'yes', ...settings };
  }

  /** For `--redis`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** All that it has logged since it was started last. */
  get output(): string {
    return this.#process?.output ?? '';
  }

  /** Starts it, unless it is running: again with the data that it had. */
  async start(mode: readonly string[] = []): Promise<void> {
    if (this.#process && !this.#process.hasExited) return;
    const settings = {
      port: `${this.port}`,
      bind: '127.0.0.1',
      dir: this.#folder,
      ...this.#settings,
    };
    this.#process = await startProcess({
      name: `redis ${this.port}`,
      command: 'redis-server',
      args: [...mode, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
      cwd: this.#folder,
      ready: () => this.#answers(),
    });
  }

  /** What `redis-cli` prints for this command; throws on an error reply. */
  async command(...command: readonly string[]): Promise<string> {
    const access = this.#settings['tls-port']
      ? ['--tls', '--cacert', this.#settings['tls-ca-cert-file'] ?? '']
      : [];
    const { stdout } = await run('redis-cli', ['-e', '-p', `${this.port}`, ...access, ...command], {
      env: { ...process.env, REDISCLI_AUTH: this.#settings['requirepass'] ?? '' },
    });
    return stdout.trim();
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  freeze(): void {
    this.#process?.freeze();
  }

  thaw(): void {
    this.#process?.thaw();
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.command('PING')) === 'PONG';
    } catch {
      return false;
    }
  }
}

/** A Redis Cluster of masters, each with as many replicas as asked. A part that is gone leaves the others at work. */
export async function startRedisCluster({
  masters = 3,
  replicas = 0,
} = {}): Promise<TestRedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: masters * (1 + replicas) }, startClusterNode),
  );
  const cluster = new TestRedisCluster(nodes.slice(0, masters), nodes.slice(masters));
  await cluster.form();
  return cluster;
}

export class TestRedisCluster {
  readonly masters: readonly TestClusterNode[];
  readonly replicas: readonly TestClusterNode[];

  constructor(masters: readonly TestClusterNode[], replicas: readonly TestClusterNode[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  /** For `--redis`: any node leads to all. */
  get address(): string {
    return this.nodes[0]?.address ?? '';
  }

  get nodes(): readonly TestClusterNode[] {
    return [...this.masters, ...this.replicas];
  }

  /** Introduces the nodes to each other, shares out the slots, and waits until all agree. */
  async form(): Promise<void> {
    const [first, ...others] = this.nodes;
    if (!first) throw new Error('a cluster has nodes');
    const share = slotCount / this.masters.length;
    for (const [index, master] of this.masters.entries()) {
      const [from, to] = [Math.ceil(index * share), Math.ceil((index + 1) * share) - 1];
      await master.command('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`);
      await master.command('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`);
    }
    for (const other of others) await other.meet(first);
    await this.#agreed((nodes) => nodes.split('\n').length === this.nodes.length);
    for (const [index, replica] of this.replicas.entries()) {
      const master = this.masters[index % this.masters.length];
      await replica.command(
        'CLUSTER',
        'REPLICATE',
        await (master ?? first).command('CLUSTER', 'MYID'),
      );
    }
    await this.#agreed((nodes) => (nodes.match(/slave /g)?.length ?? 0) === this.replicas.length);
    await waitUntil('the cluster is ready', async () => {
      const states = await Promise.all(this.nodes.map((node) => node.command('CLUSTER', 'INFO')));
      return states.every((state) => state.includes('cluster_state:ok'));
    });
  }

  /** The master that holds a key. */
  async masterOf(key: string): Promise<TestClusterNode> {
    const slot = Number(await this.masters[0]?.command('CLUSTER', 'KEYSLOT', key));
    for (const master of this.masters) {
      const [, ranges = ''] =
        / connected((?: [\d-]+)+)$/m.exec(
          (await master.command('CLUSTER', 'NODES'))
            .split('\n')
            .find((line) => line.includes('myself')) ?? '',
        ) ?? [];
      for (const range of ranges.trim().split(' ')) {
        const [from = Number.NaN, to = from] = range.split('-').map(Number);
        if (slot >= from && slot <= to) return master;
      }
    }
    throw new Error(`no master holds slot ${slot}`);
  }

  #agreed(agrees: (nodes: string) => boolean): Promise<unknown> {
    return waitUntil('the nodes know each other', async () => {
      const views = await Promise.all(this.nodes.map((node) => node.command('CLUSTER', 'NODES')));
      return views.every(agrees);
    });
  }
}

async function startClusterNode(): Promise<TestClusterNode> {
  const node = new TestClusterNode(await freePort(), await freePort());
  await node.start();
  return node;
}

export class TestClusterNode extends TestRedis {
  readonly #busPort: number;

  constructor(port: number, busPort: number) {
    super(port, {
      'cluster-enabled': 'yes',
      'cluster-port': `${busPort}`,
      'cluster-node-timeout': '1000',
      'cluster-require-full-coverage': 'no',
    });
    this.#busPort = busPort;
  }

  async meet(other: TestClusterNode): Promise<void> {
    await this.command('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`, `${other.#busPort}`);
  }
}

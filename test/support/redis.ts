/** Real Redis servers (the Debian package's) on free ports, with their data in temporary folders: one, or a Redis Cluster of several. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Authority } from './certificates.ts';
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

/** Settings for a second port, with TLS; what tests themselves ask a server goes to the first. */
export async function tlsSettings(authority: Authority) {
  const { cert, key } = authority.issue();
  return {
    'tls-port': `${await freePort()}`,
    'tls-cert-file': cert,
    'tls-key-file': key,
    'tls-ca-cert-file': authority.ca,
    'tls-auth-clients': 'no',
    // Servers speak TLS among themselves, and tell clients that come with it their ports for it.
    'tls-replication': 'yes',
    'tls-cluster': 'yes',
  };
}

/** A sentinel that, with as many as `quorum` in all, decides on a failover of `master`, within a second or two. */
export async function startSentinel(
  name: string,
  { port }: Pick<TestRedis, 'port'>,
  settings: Readonly<Record<string, string>> = {},
  quorum = 1,
): Promise<TestRedis> {
  const sentinel = new TestSentinel(await freePort(), [
    ...Object.entries(settings).map((setting) => setting.join(' ')),
    `sentinel monitor ${name} 127.0.0.1 ${port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 5000`,
  ]);
  await sentinel.start();
  return sentinel;
}

export class TestRedis {
  readonly port: number;
  protected readonly folder = temporaryFolder('redis');
  readonly #settings: Readonly<Record<string, string>>;
  #process: TestProcess | undefined;

  constructor(port: number, settings: Readonly<Record<string, string>> = {}) {
    this.port = port;
    // Acknowledged writes are with the kernel, so they survive a kill -9. (With `everysec` they are not always: while a sync takes its
    // time, Redis keeps what follows to itself for up to two seconds.)
    this.#settings = {
      save: '',
      appendonly: 'yes',
      appendfsync: 'no',
      // Otherwise a master waits five seconds for more replicas that might come.
      'repl-diskless-sync-delay': '0',
      ...settings,
    };
  }

  /** For `--redis`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts it, unless it is running: again with the data that it had. */
  async start(): Promise<void> {
    if (this.#process && !this.#process.hasExited) return;
    this.#process = await startProcess({
      name: `redis ${this.port}`,
      command: 'redis-server',
      args: this.arguments(),
      cwd: this.folder,
      ready: () => this.#answers(),
    });
  }

  /** What `redis-cli` prints for this command; throws on an error reply. */
  async command(...command: readonly string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-e', '-p', `${this.port}`, ...command], {
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

  protected arguments(): string[] {
    const settings = { port: `${this.port}`, bind: '127.0.0.1', ...this.#settings };
    return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.command('PING')) === 'PONG';
    } catch {
      return false;
    }
  }
}

/** Keeps what it learns in its configuration, so that is a file. */
class TestSentinel extends TestRedis {
  readonly #configuration: readonly string[];

  constructor(port: number, configuration: readonly string[]) {
    super(port);
    this.#configuration = configuration;
  }

  protected override arguments(): string[] {
    const file = join(this.folder, 'sentinel.conf');
    const lines = [`port ${this.port}`, 'bind 127.0.0.1', ...this.#configuration];
    writeFileSync(file, lines.join('\n'));
    return [file, '--sentinel'];
  }
}

/** A Redis Cluster of masters, each with as many replicas as asked. A part that is gone leaves the others at work. */
export async function startRedisCluster({
  masters = 3,
  replicas = 0,
  authority = undefined as Authority | undefined,
} = {}): Promise<TestRedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: masters * (1 + replicas) }, () => startClusterNode(authority)),
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

  /** The masters that hold these keys. */
  async mastersOf(keys: readonly string[]): Promise<TestClusterNode[]> {
    const asked = this.nodes.map(async (node) => ({
      ranges: await node.slotRanges(),
      slots: await node.slotsOf(keys),
    }));
    const { ranges, slots } = await Promise.any(asked);
    return slots.map((slot) => {
      const range = ranges.find(({ from, to }) => slot >= from && slot <= to);
      const master = this.nodes.find(({ port }) => port === range?.port);
      if (!master) throw new Error(`no master holds slot ${slot}`);
      return master;
    });
  }

  /** Moves the slot of this key, and all its keys one by one, as resharding does: clients are redirected meanwhile. */
  async moveSlot(key: string, from: TestClusterNode, to: TestClusterNode): Promise<void> {
    const slot = await from.command('CLUSTER', 'KEYSLOT', key);
    const [fromId, toId] = [
      await from.command('CLUSTER', 'MYID'),
      await to.command('CLUSTER', 'MYID'),
    ];
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    for (;;) {
      const [name] = (await from.command('CLUSTER', 'GETKEYSINSLOT', slot, '1')).split('\n');
      if (!name) break;
      await from.command('MIGRATE', '127.0.0.1', `${to.port}`, name, '0', '5000');
    }
    for (const node of [to, from]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  }

  #agreed(agrees: (nodes: string) => boolean): Promise<unknown> {
    return waitUntil('the nodes know each other', async () => {
      const views = await Promise.all(this.nodes.map((node) => node.command('CLUSTER', 'NODES')));
      return views.every(agrees);
    });
  }
}

async function startClusterNode(authority: Authority | undefined): Promise<TestClusterNode> {
  const tls = authority && (await tlsSettings(authority));
  const node = new TestClusterNode(await freePort(), await freePort(), tls);
  await node.start();
  return node;
}

export class TestClusterNode extends TestRedis {
  readonly #busPort: number;
  /** The port by which other nodes know it. */
  readonly #ownPort: number;

  constructor(
    port: number,
    busPort: number,
    tls?: Readonly<Record<string, string>> & { 'tls-port': string },
  ) {
    super(port, {
      ...tls,
      'cluster-enabled': 'yes',
      'cluster-port': `${busPort}`,
      'cluster-node-timeout': '1000',
      'cluster-require-full-coverage': 'no',
    });
    this.#busPort = busPort;
    this.#ownPort = tls ? Number(tls['tls-port']) : port;
  }

  /** For `--redis rediss://…`. */
  get tlsAddress(): string {
    return `127.0.0.1:${this.#ownPort}`;
  }

  /** Which slots are whose, as this node sees it. */
  async slotRanges(): Promise<{ from: number; to: number; port: number }[]> {
    const ranges = JSON.parse(await this.command('--json', 'CLUSTER', 'SLOTS'));
    return ranges.map(([from, to, [, port]]: [number, number, [string, number]]) => ({
      from,
      to,
      port,
    }));
  }

  async slotsOf(keys: readonly string[]): Promise<number[]> {
    const slots =
      "local slots = {} for i, key in ipairs(ARGV) do slots[i] = redis.call('CLUSTER', 'KEYSLOT', key) end return slots";
    return (await this.command('EVAL', slots, '0', ...keys)).split('\n').map(Number);
  }

  async meet(other: TestClusterNode): Promise<void> {
    await this.command('CLUSTER', 'MEET', '127.0.0.1', `${other.#ownPort}`, `${other.#busPort}`);
  }
}

/**
 * Redis behind Sentinel as it is run: a master, a replica and three Sentinels, each server reached by
 * a network of its own that can be cut, with a configuration that Sentinel rewrites.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startSentinel, TestRedis } from './redis.ts';
import { type PartedProxy, startPartedProxy } from './tcp-proxy.ts';
import { waitUntil } from './wait-until.ts';

const name = 'main';
/** Where the connections of the Sentinels come from; a server's come from an address of its own. */
const sentinelSource = '127.0.1.1';
/** A Sentinel makes a master that came back a replica after some ten seconds. */
const inStepMs = 300_000;
const downAfterMs = '3000';

/** A server whose configuration is a file, which it rewrites when it is given another role. */
export class DataServer extends TestRedis {
  /** Where its own connections come from. */
  readonly source: string;
  readonly #proxy: PartedProxy;

  constructor(port: number, proxy: PartedProxy, source: string) {
    super(port);
    this.#proxy = proxy;
    this.source = source;
  }

  /** Where all others find it. */
  get publicPort(): number {
    return this.#proxy.port;
  }

  /** No byte passes any more from or to these callers. */
  cutOff(isCutOff: (caller: string) => boolean): void {
    this.#proxy.cutOff(isCutOff);
  }

  /** What it says of itself (INFO). */
  async fields(): Promise<ReadonlyMap<string, string>> {
    const info = await this.command('INFO');
    return new Map(info.split('\n').map((line) => line.trim().split(':', 2) as [string, string]));
  }

  protected override arguments(): string[] {
    const file = join(this.folder, 'redis.conf');
    if (!existsSync(file)) {
      const settings = {
        port: `${this.port}`,
        bind: '127.0.0.1',
        'bind-source-addr': this.source,
        'replica-announce-ip': '127.0.0.1',
        'replica-announce-port': `${this.publicPort}`,
        save: '""',
        appendonly: 'yes',
        appendfsync: 'always',
        'repl-diskless-sync-delay': '0',
      };
      const lines = Object.entries(settings).map((setting) => setting.join(' '));
      writeFileSync(file, `${lines.join('\n')}\n`);
    }
    return [file];
  }
}

export async function startSentinelGroup(): Promise<SentinelGroup> {
  const servers: DataServer[] = [];
  for (const place of [1, 2]) {
    const port = await freePort();
    const server = new DataServer(port, await startPartedProxy(port), `127.0.2.${place}`);
    await server.start();
    servers.push(server);
  }
  const [master, replica] = servers as [DataServer, DataServer];
  await replica.command('REPLICAOF', '127.0.0.1', `${master.publicPort}`);
  await replica.command('CONFIG', 'REWRITE');
  const sentinels: TestRedis[] = [];
  for (let count = 0; count < 3; count += 1) {
    const settings = {
      'bind-source-addr': sentinelSource,
      'sentinel announce-ip': '127.0.0.1',
    };
    const sentinel = await startSentinel(name, { port: master.publicPort }, settings, 2);
    // Else a busy machine alone makes them fail over, again and again.
    await sentinel.command('SENTINEL', 'SET', name, 'down-after-milliseconds', downAfterMs);
    sentinels.push(sentinel);
  }
  const group = new SentinelGroup(servers, sentinels);
  await group.whenInStep();
  return group;
}

export class SentinelGroup {
  readonly servers: readonly DataServer[];
  readonly #sentinels: readonly TestRedis[];

  constructor(servers: readonly DataServer[], sentinels: readonly TestRedis[]) {
    this.servers = servers;
    this.#sentinels = sentinels;
  }

  /** For `--redis`. */
  get address(): string {
    return `sentinel://${this.#sentinels.map(({ address }) => address).join(',')}/${name}`;
  }

  /** On which all Sentinels agree; undefined: they differ. */
  async master(): Promise<DataServer | undefined> {
    const answers = await Promise.all(
      this.#sentinels.map((sentinel) =>
        sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name),
      ),
    );
    const [first] = answers;
    if (!answers.every((answer) => answer === first)) return undefined;
    return this.servers.find(({ publicPort }) => first?.endsWith(`\n${publicPort}`));
  }

  async whenMaster(): Promise<DataServer> {
    return waitUntil('the Sentinels agree', () => this.master(), { pollMs: 100 });
  }

  async whenOtherThan(before: DataServer): Promise<void> {
    await waitUntil(
      'another server is the master',
      async () => ![undefined, before].includes(await this.master()),
      { pollMs: 100 },
    );
  }

  /** The master has its replica, and both have written files of all that they have. */
  async whenInStep(): Promise<void> {
    await waitUntil(
      'master and replica are in step',
      async () => {
        const master = await this.master();
        // Who is given another role ends its connections, perhaps the one that asks.
        const asked = Promise.all(this.servers.map((server) => server.fields()));
        const fields = await asked.catch(() => []);
        return (
          master &&
          fields.every(
            (field) =>
              (field.get('role') === 'master' || field.get('master_link_status') === 'up') &&
              field.get('aof_rewrite_in_progress') === '0' &&
              field.get('aof_rewrite_scheduled') === '0',
          ) &&
          fields[this.servers.indexOf(master)]?.get('connected_slaves') === '1'
        );
      },
      { pollMs: 100, timeoutMs: inStepMs },
    );
  }

  /** Nothing passes between this server and whoever `isCut` says; all else does. */
  cut(server: DataServer, isCut: 'from all' | 'from its peers'): void {
    const peers = [sentinelSource, ...this.servers.map(({ source }) => source)];
    server.cutOff((caller) => isCut === 'from all' || peers.includes(caller));
    for (const other of this.servers)
      if (other !== server) other.cutOff((caller) => caller === server.source);
  }

  heal(): void {
    for (const server of this.servers) server.cutOff(() => false);
  }
}

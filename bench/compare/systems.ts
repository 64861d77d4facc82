/**
 * The systems of the comparison: how each is started, with what it needs to do the same work, and
 * what it promises about messages that it has acknowledged.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptsConnections, freePort } from '../../src/processes/local-ports.ts';
import { LocalProcess, type ProcessOptions } from '../../src/processes/local-process.ts';
import { findProgram, redisProgram } from '../../src/processes/programs.ts';
import { secret, startCluster, startDev } from '../cim.ts';
import type { LoadOrder, Protocol } from '../load/load.ts';
import { type Collections, collectionsOfCim, collectionsOfRelay } from './collections.ts';

export interface Start {
  readonly folder: string;
  readonly core: number;
  /** Ends the waiting for it. */
  readonly signal: AbortSignal;
}

export interface RunningSystem {
  readonly order: Pick<LoadOrder, 'port' | 'route' | 'pids'>;
  /** Resolves when one of its processes has ended, to which, and how. */
  readonly ended: Promise<string>;
  /** Of a system that tells it: what its garbage collector has done. Called last. */
  readonly collections?: () => Promise<Collections>;
  stop(): Promise<void>;
}

export interface System {
  readonly protocol: Protocol;
  /** What it keeps of an acknowledged message, and when it is on disk; of the durable rows. */
  readonly durability?: string;
  start(start: Start): Promise<RunningSystem>;
}

const durabilityOfDev = 'SQLite in a file, WAL; every batch is synced before its acknowledgements';

export const systems = {
  relay: {
    protocol: 'relay',
    async start(start: Start) {
      const started = await single('relay', (port) => script('bench/relay.ts', port))(start);
      return { ...started, collections: () => collectionsOfRelay(started.process) };
    },
  },
  'ws relay': {
    protocol: 'ws-relay',
    start: single('ws relay', (port) => script('bench/ws-relay.ts', port)),
  },
  'cim dev': { protocol: 'cim', durability: durabilityOfDev, start: cimDev },
  /** The same over WebSocket. */
  'cim ws': { protocol: 'cim-ws', durability: durabilityOfDev, start: cimDev },
  'cim cluster': {
    protocol: 'cim',
    durability: 'Redis, append-only file, synced once a second (appendfsync everysec)',
    async start({ folder, ...pin }) {
      const { route, parts, stop } = await startCluster(folder, 'everysec', pin);
      const processes = parts.map(({ name, process }) => [name, process] as const);
      return { ...running({ port: 0, route }, Object.fromEntries(processes)), stop };
    },
  },
  nats: {
    protocol: 'nats',
    durability: 'JetStream, file storage; synced every two minutes (its default)',
    start: single('nats', (port, folder) => {
      const config = write(folder, 'nats.conf', [
        `listen: "127.0.0.1:${port}"`,
        `jetstream { store_dir: "${join(folder, 'jetstream')}" }`,
        'max_pending: 256MB',
      ]);
      return { command: needed('nats-server'), args: ['-c', config] };
    }),
  },
  mosquitto: {
    protocol: 'mqtt',
    durability: 'in memory; the whole is saved every 30 minutes and when it stops (its default)',
    start: single('mosquitto', (port, folder) => {
      const config = write(folder, 'mosquitto.conf', [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous true',
        'user root',
        'persistence true',
        `persistence_location ${folder}/`,
        'set_tcp_nodelay true',
        'max_inflight_messages 0',
        'max_queued_messages 0',
        'log_dest none',
      ]);
      return { command: needed('mosquitto'), args: ['-c', config] };
    }),
  },
  redis: {
    protocol: 'redis',
    start: single('redis', (port, folder) => {
      const { program, args } = redisProgram();
      const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
      const buffers = ['--client-output-buffer-limit', 'pubsub', '0', '0', '0'];
      return { command: program, args: [...args, ...flags, ...buffers, '--maxclients', '19000'] };
    }),
  },
  'socket.io': {
    protocol: 'socket-io',
    start: single('socket.io', (port) => script('bench/peers/socket-io.mjs', port)),
  },
  aedes: {
    protocol: 'mqtt',
    durability: 'in memory only',
    start: single('aedes', (port) => script('bench/peers/aedes.mjs', port)),
  },
  ejabberd: {
    protocol: 'xmpp',
    durability:
      'nothing is kept while the receiver is online; else Mnesia, a log that is dumped now and then',
    start: single('ejabberd', ejabberd),
  },
} satisfies Record<string, System>;

export type SystemName = keyof typeof systems;

async function cimDev({ folder, ...pin }: Start): Promise<RunningSystem> {
  const flags = ['--data', join(folder, 'data'), '--log-level', 'error'];
  // With a secret it tells its counters.
  const { dev, route } = await startDev([...flags, '--cluster-secret', secret], pin);
  return {
    ...running({ port: 0, route }, { dev }),
    collections: () => collectionsOfCim(route, secret),
  };
}

/** What is started: a program that listens on the port that it is told. */
type Service = Pick<ProcessOptions, 'command' | 'args' | 'env'>;

function single(name: string, serviceOn: (port: number, folder: string) => Service) {
  return async ({ folder, core, signal }: Start) => {
    const port = await freePort();
    const service = { name, core, ...serviceOn(port, folder) };
    const process = await LocalProcess.start(service, () => acceptsConnections(port), signal);
    return { ...running({ port }, { [name]: process }), process };
  };
}

function running(
  where: Pick<LoadOrder, 'port' | 'route'>,
  parts: Readonly<Record<string, LocalProcess>>,
): RunningSystem {
  const processes = Object.values(parts);
  const pids = Object.entries(parts).map(([name, { pid }]) => [name, pid]);
  return {
    order: { ...where, pids: Object.fromEntries(pids) },
    ended: Promise.race(processes.map((process) => process.whenEnded())),
    async stop() {
      for (const process of processes) await process.stop();
    },
  };
}

function script(path: string, port: number): Service {
  return { command: process.execPath, args: [path, `${port}`] };
}

/** Without its script, which drops to another user and forks; and without any limit on traffic. */
function ejabberd(port: number, folder: string): Service {
  const spool = join(folder, 'mnesia');
  mkdirSync(spool);
  const config = write(folder, 'ejabberd.yml', [
    'hosts: ["localhost"]',
    'loglevel: error',
    'registration_timeout: infinity',
    'auth_method: internal',
    'auth_password_format: plain',
    'acl: { local: { user_regexp: "" } }',
    'shaper_rules: { no_limit: [{ infinity: all }] }',
    'access_rules: { c2s: [{ allow: all }], register: [{ allow: all }] }',
    'listen:',
    `  - { port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s, access: c2s, shaper: none, backlog: 4096 }`,
    'modules:',
    '  mod_offline: { access_max_user_messages: no_limit, store_empty_body: false }',
    '  mod_register: { access: register, ip_access: all, welcome_message: {} }',
    '  mod_roster: {}',
    '  mod_stream_mgmt: { max_ack_queue: infinity }',
  ]);
  const args = ['-noinput', '-mnesia', 'dir', `"${spool}"`, '-s', 'ejabberd'];
  const env = {
    EJABBERD_CONFIG_PATH: config,
    ERL_LIBS: '/usr/lib/x86_64-linux-gnu',
    HOME: folder,
    ERL_CRASH_DUMP: join(folder, 'crash'),
    EJABBERD_LOG_PATH: join(folder, 'ejabberd.log'),
  };
  return { command: needed('erl'), args, env };
}

function write(folder: string, name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function needed(name: string): string {
  const path = findProgram(name);
  if (path === undefined)
    throw new Error(`${name} is not there: make bench installs what is missing`);
  return path;
}

/**
 * The systems of the comparison: how each is started, with what it needs to do the same work, and
 * what it promises about messages that it has acknowledged.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/verify/cluster/free-port.ts';
import { findProgram, redisProgram } from '../../src/verify/cluster/programs.ts';
import { startCim } from '../cim-process.ts';
import { startCluster } from '../cluster-processes.ts';
import type { LoadOrder, Protocol } from '../load/load.ts';
import { type MeasuredProcess, startMeasured } from '../measured-process.ts';
import { type Collections, collectionsOfCim, collectionsOfRelay } from './collections.ts';

export interface Start {
  readonly folder: string;
  readonly core: number;
  /** Ends the waiting for it. */
  readonly signal: AbortSignal;
}

/** How one of its processes is started. */
type Pin = Omit<Start, 'folder'>;

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

/** Of a `cim dev` that is to tell its counters. */
const secret = 'known-to-the-comparison';

export const systems = {
  relay: {
    protocol: 'relay',
    async start({ folder: _folder, ...pin }) {
      const port = await freePort();
      const args = ['bench/relay.ts', `${port}`];
      const relay = await startMeasured(process.execPath, args, { ...pin, ready: port });
      return { ...running({ port }, { relay }), collections: () => collectionsOfRelay(relay) };
    },
  },
  'cim dev': {
    protocol: 'cim',
    durability: 'SQLite in a file, WAL; every batch is synced before its acknowledgements',
    async start({ folder, ...pin }) {
      const flags = ['--data', join(folder, 'data'), '--log-level', 'error'];
      const dev = await startCim(['dev', ...flags, '--cluster-secret', secret], pin);
      const route = `http://${dev.addresses['route']}`;
      return {
        ...running({ port: 0, route }, { dev }),
        collections: () => collectionsOfCim(route, secret),
      };
    },
  },
  'cim cluster': {
    protocol: 'cim',
    durability: 'Redis, append-only file, synced once a second (appendfsync everysec)',
    async start({ folder, ...pin }) {
      const { route, parts } = await startCluster(folder, 'everysec', pin);
      const processes = parts.map(({ name, process }) => [name, process] as const);
      return running({ port: 0, route }, Object.fromEntries(processes));
    },
  },
  nats: {
    protocol: 'nats',
    durability: 'JetStream, file storage; synced every two minutes (its default)',
    start: ({ folder, ...pin }) =>
      single('nats', (port) => {
        const config = write(folder, 'nats.conf', [
          `listen: "127.0.0.1:${port}"`,
          `jetstream { store_dir: "${join(folder, 'jetstream')}" }`,
          'max_pending: 256MB',
        ]);
        return startMeasured(needed('nats-server'), ['-c', config], { ...pin, ready: port });
      }),
  },
  mosquitto: {
    protocol: 'mqtt',
    durability: 'in memory; the whole is saved every 30 minutes and when it stops (its default)',
    start: ({ folder, ...pin }) =>
      single('mosquitto', (port) => {
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
        return startMeasured(needed('mosquitto'), ['-c', config], { ...pin, ready: port });
      }),
  },
  redis: {
    protocol: 'redis',
    start: ({ folder, ...pin }) =>
      single('redis', (port) => {
        const { program, args } = redisProgram();
        const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
        const buffers = ['--client-output-buffer-limit', 'pubsub', '0', '0', '0'];
        const all = [...args, ...flags, ...buffers, '--maxclients', '19000'];
        return startMeasured(program, all, { ...pin, ready: port });
      }),
  },
  'socket.io': {
    protocol: 'socket-io',
    start: ({ folder: _folder, ...pin }) =>
      single('socket.io', (port) => startPeer('socket-io', port, pin)),
  },
  aedes: {
    protocol: 'mqtt',
    durability: 'in memory only',
    start: ({ folder: _folder, ...pin }) =>
      single('aedes', (port) => startPeer('aedes', port, pin)),
  },
  ejabberd: {
    protocol: 'xmpp',
    durability:
      'nothing is kept while the receiver is online; else Mnesia, a log that is dumped now and then',
    start: ({ folder, ...pin }) => single('ejabberd', (port) => startEjabberd(folder, port, pin)),
  },
} satisfies Record<string, System>;

export type SystemName = keyof typeof systems;

async function single(
  name: string,
  start: (port: number) => Promise<MeasuredProcess>,
): Promise<RunningSystem> {
  const port = await freePort();
  return running({ port }, { [name]: await start(port) });
}

function running(
  where: Pick<LoadOrder, 'port' | 'route'>,
  parts: Readonly<Record<string, MeasuredProcess>>,
): RunningSystem {
  const pids = Object.entries(parts).map(([name, { pid }]) => [name, pid]);
  return {
    order: { ...where, pids: Object.fromEntries(pids) },
    ended: Promise.race(
      Object.entries(parts).map(async ([name, { ended }]) => `${name} ${await ended}`),
    ),
    async stop() {
      for (const process of Object.values(parts)) await process.stop();
    },
  };
}

function startPeer(name: string, port: number, pin: Pin): Promise<MeasuredProcess> {
  return startMeasured(process.execPath, [`bench/peers/${name}.mjs`, `${port}`], {
    ...pin,
    ready: port,
  });
}

/** Without its script, which drops to another user and forks; and without any limit on traffic. */
function startEjabberd(folder: string, port: number, pin: Pin): Promise<MeasuredProcess> {
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
  return startMeasured(needed('erl'), args, { ...pin, ready: port, env });
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

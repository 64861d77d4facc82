/**
 * The processes of the system, as far as they are on this machine: those that listen on the ports
 * that the load talks to, and those that these talk to in turn. Found in /proc; elsewhere than on
 * Linux there are none.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { cpuSecondsOf, rssBytesOf } from '../processes/process-figures.ts';

export interface SystemProcess {
  readonly pid: number;
  /** `cim server`, `redis-server`, …; where there are several of a kind, with the pid. */
  readonly name: string;
}

interface TcpSocket {
  readonly inode: string;
  readonly state: string;
  readonly localPort: number;
  readonly remotePort: number;
}

const listening = '0A';
const established = '01';
/** Server → route → Redis, ZooKeeper. */
const hopsMax = 2;
/** In the order in which they are told of; everything else follows. */
const roles: readonly string[] = ['cim dev', 'cim server', 'cim route'];

/** `addresses`: `host:port`. `others`: processes that are no part of it. */
export function findSystem(
  addresses: readonly string[],
  others: readonly number[],
): readonly SystemProcess[] {
  const own = new Set(
    Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .map(({ address }) => address),
  );
  const ports = addresses.flatMap((address) => {
    const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
    return host === 'localhost' || own.has(host) ? [Number(port)] : [];
  });
  return ports.length === 0 ? [] : arrange(follow(ports, new Set(others)));
}

/** The same ones always in the same order, and each with a name of its own. */
export function arrange(processes: readonly SystemProcess[]): readonly SystemProcess[] {
  const rank = ({ name }: SystemProcess) => roles.indexOf(name) + 1 || roles.length + 1;
  const ofKind = Map.groupBy(processes, ({ name }) => name);
  return processes
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || a.pid - b.pid)
    .map(({ pid, name }) => ({
      pid,
      name: (ofKind.get(name)?.length ?? 0) > 1 ? `${name} ${pid}` : name,
    }));
}

export function cpuSeconds(processes: readonly SystemProcess[]): readonly number[] {
  return processes.map(({ pid }) => orZero(() => cpuSecondsOf(pid)));
}

export function rssBytes(processes: readonly SystemProcess[]): readonly number[] {
  return processes.map(({ pid }) => orZero(() => rssBytesOf(pid)));
}

function follow(ports: readonly number[], others: ReadonlySet<number>): readonly SystemProcess[] {
  const sockets = readSockets().map((socket) => ({ ...socket, pid: 0 }));
  const pidOf = readOwners();
  for (const socket of sockets) socket.pid = pidOf.get(socket.inode) ?? 0;
  const found = new Map<number, SystemProcess>();
  const add = (pid: number): boolean => {
    if (pid === 0 || found.has(pid) || others.has(pid)) return false;
    found.set(pid, { pid, name: nameOf(pid) });
    return true;
  };
  let next = new Set(ports);
  for (let hop = 0; hop <= hopsMax; hop++) {
    const listeners = sockets.filter(
      ({ state, localPort }) => state === listening && next.has(localPort),
    );
    const added = new Set(listeners.map(({ pid }) => pid).filter(add));
    const connected = sockets.filter(({ state, pid }) => state === established && added.has(pid));
    next = new Set(connected.map(({ remotePort }) => remotePort));
    // Servers connect to routes: they are at the other end, beside other clients.
    for (const { pid, localPort } of sockets)
      if (next.has(localPort) && roles.includes(nameOf(pid))) add(pid);
  }
  return [...found.values()];
}

function readSockets(): readonly TcpSocket[] {
  return ['tcp', 'tcp6'].flatMap((table) =>
    orEmpty(() => readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1)).map(
      (line) => {
        const [, local = '', remote = '', state = '', , , , , , inode = ''] = line
          .trim()
          .split(/\s+/);
        return { inode, state, localPort: portOf(local), remotePort: portOf(remote) };
      },
    ),
  );
}

/** Hexadecimal, behind the address. */
function portOf(address: string): number {
  return Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);
}

/** The process of each socket, by inode: of those that may be looked into. */
function readOwners(): ReadonlyMap<string, number> {
  const owners = new Map<string, number>();
  for (const pid of orEmpty(() => readdirSync('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of orEmpty(() => readdirSync(`/proc/${pid}/fd`))) {
      const [link = ''] = orEmpty(() => [readlinkSync(`/proc/${pid}/fd/${descriptor}`)]);
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode !== undefined) owners.set(inode, Number(pid));
    }
  }
  return owners;
}

/** A role of cim by its name, everything else as its program. */
function nameOf(pid: number): string {
  const [line = ''] = orEmpty(() => [readFileSync(`/proc/${pid}/cmdline`, 'utf8')]);
  const words = line.split('\0');
  const program = basename(words[0] ?? '');
  if (words.some((word) => word.startsWith('org.apache.zookeeper.'))) return 'zookeeper';
  const script = words.slice(1).find((word) => !word.startsWith('-')) ?? '';
  // Of one that has hidden its command line.
  if (/^cim \w+$/.test(program)) return program;
  if (program === 'cim') return `cim ${script}`;
  if (/^cim\.(mjs|cjs)$/.test(basename(script))) return `cim ${words[words.indexOf(script) + 1]}`;
  return program.split(' ')[0] ?? '';
}

/** Processes come and go, and those of others may not be looked into. */
function orEmpty<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}

function orZero(read: () => number): number {
  // NaN: one that has ended, and whose parent has not looked, has no memory.
  return orEmpty(() => [read()])[0] || 0;
}

/**
 * Whether this machine lets the rows be run: what would otherwise show as a row that fails, or
 * hangs, after a quarter of an hour.
 *
 * Connections that wait in TIME_WAIT are in nobody's way: every system listens on a port of its own,
 * and the kernel gives a local port again for another destination.
 */
import { readFileSync } from 'node:fs';
import { findProgram } from '../../src/processes/programs.ts';
import { openingMax } from '../load/driver.ts';
import type { Row } from './rows.ts';

export interface Cores {
  readonly system: number;
  readonly load: number;
}

/** What the machine allows; undefined: it does not say. */
export interface Machine {
  /** That a process may have open: Node.js raises its own limit up to this, and hands it on. */
  readonly descriptors: number | undefined;
  /** For outgoing connections. */
  readonly localPorts: number | undefined;
  /** Connections that a listener has not taken yet. */
  readonly backlog: number | undefined;
  /** That the firewall can still remember. */
  readonly tracked: number | undefined;
  readonly cores: readonly number[];
  readonly missingPrograms: readonly string[];
}

/** Files, pipes, and connections that are not those of the row. */
const descriptorsBeside = 500;
const portsBeside = 1_000;
/** Systems whose connections the firewall remembers at once: closed ones for two minutes. */
const trackedSystems = 3;

/** Empty: all can be run. Each a line for people. */
export function findObstacles(
  rows: readonly Pick<Row, 'name' | 'connections'>[],
  { system, load }: Cores,
  machine: Machine,
): readonly string[] {
  const obstacles = machine.missingPrograms.map((name) => `${name} is not there`);
  for (const core of [system, load])
    if (!machine.cores.includes(core))
      obstacles.push(
        `core ${core} is not there, or not for this process: ${machine.cores.join(', ')} are (--system-core, --load-core)`,
      );
  if (system === load)
    obstacles.push(`system and load would share core ${load} (--system-core, --load-core)`);

  const [largest] = rows.toSorted((a, b) => b.connections - a.connections);
  if (!largest) return obstacles;
  const { name, connections } = largest;
  const lack = (have: number | undefined, need: number, what: string, remedy: string): void => {
    if (have !== undefined && have < need)
      obstacles.push(`${what}: ${have}, and ${name} needs ${need} (${remedy})`);
  };
  lack(
    machine.descriptors,
    connections + descriptorsBeside,
    'files that a process may open',
    'ulimit -Hn; or leave the row out with --only',
  );
  lack(
    machine.localPorts,
    connections + portsBeside,
    'local ports for connections',
    'sysctl net.ipv4.ip_local_port_range',
  );
  lack(machine.backlog, openingMax, 'connections that may wait', 'sysctl net.core.somaxconn');
  lack(
    machine.tracked,
    trackedSystems * connections,
    'connections that the firewall can still remember',
    'sysctl net.netfilter.nf_conntrack_max; or wait until it has forgotten some',
  );
  return obstacles;
}

export function readMachine(): Machine {
  const [firstPort, lastPort] = numbersIn('/proc/sys/net/ipv4/ip_local_port_range');
  const [trackedMax] = numbersIn('/proc/sys/net/netfilter/nf_conntrack_max');
  const [tracked] = numbersIn('/proc/sys/net/netfilter/nf_conntrack_count');
  const known = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : b - a;
  return {
    descriptors: numbersIn('/proc/self/limits', /^Max open files +\d+ +(\d+)/m)[0],
    localPorts: known(firstPort, lastPort),
    backlog: numbersIn('/proc/sys/net/core/somaxconn')[0],
    tracked: known(tracked, trackedMax),
    cores: coresIn(textOf('/proc/self/status')),
    missingPrograms: ['taskset'].filter((name) => findProgram(name) === undefined),
  };
}

/** `Cpus_allowed_list: 0-2,5`. */
function coresIn(status: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function numbersIn(path: string, pattern = /^([\s\d]+)$/): readonly number[] {
  const text = pattern.exec(textOf(path))?.[1]?.trim() ?? '';
  return text === '' ? [] : text.split(/\s+/).map(Number);
}

/** Empty where there is no such file: not every kernel has all of them. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

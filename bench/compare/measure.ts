/** One row on one system: a fresh system on one core, the load on another. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadOrder, LoadResult } from '../load/load.ts';
import type { Row } from './rows.ts';
import { type RunningSystem, type System, type SystemName, systems } from './systems.ts';

export interface Cores {
  readonly system: number;
  readonly load: number;
}

export interface Figures {
  readonly row: string;
  readonly system: SystemName;
  readonly messagesPerSecond: number;
  /** Of all processes of the system, and of each of them. */
  readonly cpuUsPerMessage: number;
  readonly cpuUsOf: Readonly<Record<string, number>>;
  readonly loadCpuUsPerMessage: number;
  /** How busy the two cores were, 1 = all the time. */
  readonly systemBusy: number;
  readonly loadBusy: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** What the system has grown by when all were connected; where they do nothing else, some time later. */
  readonly rssPerConnection: number;
  readonly missing: number;
}

export interface Failure {
  readonly row: string;
  readonly system: SystemName;
  readonly failure: string;
}

const run = promisify(execFile);
/** Beyond what the work takes: to open the connections, and to drain. */
const overheadMsMax = 240_000;

export async function measure(
  row: Row,
  name: SystemName,
  cores: Cores,
): Promise<Figures | Failure> {
  const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
  const system: System = systems[name];
  let started: RunningSystem | undefined;
  try {
    started = await system.start({ folder, core: cores.system });
    const { title: _title, systems: _systems, name: _name, ...work } = row;
    const order: LoadOrder = { ...work, ...started.order, protocol: system.protocol };
    const result = await load(order, cores.load);
    return figuresOf(row, name, result);
  } catch (error) {
    return { row: row.name, system: name, failure: reasonOf(error) };
  } finally {
    await started?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(order: LoadOrder, core: number): Promise<LoadResult> {
  const words = ['-c', `${core}`, process.execPath, 'bench/load/load.ts', JSON.stringify(order)];
  const { stdout } = await run('taskset', words, {
    timeout: overheadMsMax + order.warmUpMs + order.measureMs,
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout) as LoadResult;
}

function figuresOf(row: Row, system: SystemName, result: LoadResult): Figures {
  const { seconds, delivered, cpuSeconds, loadCpuSeconds, rssBytes } = result;
  const held = row.window === 0 ? rssBytes.after : rssBytes.connected;
  const cpu = Object.values(cpuSeconds).reduce((sum, value) => sum + value, 0);
  const each = (value: number) => (delivered === 0 ? 0 : (value * 1e6) / delivered);
  return {
    row: row.name,
    system,
    messagesPerSecond: delivered / seconds,
    cpuUsPerMessage: each(cpu),
    cpuUsOf: Object.fromEntries(
      Object.entries(cpuSeconds).map(([name, value]) => [name, each(value)]),
    ),
    loadCpuUsPerMessage: each(loadCpuSeconds),
    systemBusy: cpu / seconds,
    loadBusy: loadCpuSeconds / seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    rssPerConnection: (held - rssBytes.before) / row.connections,
    missing: result.missing,
  };
}

interface LoadError {
  readonly message: string;
  /** Of a process that has ended with an error. */
  readonly killed?: boolean;
  readonly stderr?: string;
}

/** The line of a stack trace that says what happened. */
function reasonOf(error: unknown): string {
  const { killed, stderr, message } = error as LoadError;
  if (killed === true) return 'the connections could not be opened in the time for it';
  return /^\w*Error.*$/m.exec(stderr ?? '')?.[0] ?? message.split('\n')[0] ?? '';
}

/** One row on one system: a fresh system on one core, the load on another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ignore } from '../../src/base/ignore.ts';
import { AskedProcess } from '../../src/processes/asked-process.ts';
import type { LoadOrder, LoadResult } from '../load/load.ts';
import type { Collections } from './collections.ts';
import type { Cores } from './preflight.ts';
import type { Row } from './rows.ts';
import { type RunningSystem, type System, type SystemName, systems } from './systems.ts';

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
  /**
   * What the system has grown by from the first hundredth of the connections to when all were
   * connected; where they do nothing else, some time later.
   */
  readonly rssPerConnection: number;
  readonly missing: number;
  /** From the start of the system to the end of the work; undefined if it does not tell. */
  readonly collections?: Collections | undefined;
}

export interface Failure {
  readonly row: string;
  readonly system: SystemName;
  readonly failure: string;
}

/** Beyond what the work takes: to open the connections, and to drain. */
const overheadMsMax = 240_000;
/** The kernel tells of the end of a process later than its connections do. */
const systemEndMsMax = 200;

/**
 * Resolves when the system has been stopped, and what it has stored is removed. `signal` ends it
 * early: then it resolves to a failure.
 */
export async function measure(
  row: Row,
  name: SystemName,
  cores: Cores,
  signal: AbortSignal,
): Promise<Figures | Failure> {
  const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
  const system: System = systems[name];
  let started: RunningSystem | undefined;
  try {
    started = await system.start({ folder, core: cores.system, signal });
    const { title: _title, systems: _systems, name: _name, ...work } = row;
    const order: LoadOrder = { ...work, ...started.order, protocol: system.protocol };
    const result = await load(order, cores.load, started.ended, signal);
    return figuresOf(row, name, result, await started.collections?.());
  } catch (error) {
    return { row: row.name, system: name, failure: (error as Error).message.split('\n')[0] ?? '' };
  } finally {
    await started?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rejects when the system has ended meanwhile, with how: nothing else that went wrong matters then. */
async function load(
  order: LoadOrder,
  core: number,
  systemEnded: Promise<string>,
  signal: AbortSignal,
): Promise<LoadResult> {
  const [command, args] = [process.execPath, ['bench/load/load.ts']];
  const load = new AskedProcess<LoadOrder, LoadResult>({ name: 'the load', command, args, core });
  const timeMs = overheadMsMax + order.warmUpMs + order.measureMs;
  const ending = new AbortController();
  const isOver = AbortSignal.any([signal, ending.signal]);
  const late = delay(timeMs, 'the load was not done in the time for it: are all connected?', {
    signal: isOver,
  });
  const failed = Promise.race([systemEnded, late]).then((how) => {
    throw new Error(how);
  });
  try {
    return await Promise.race([load.ask(order), failed]);
  } catch (error) {
    // What the load has died of may be that the system has: that is heard of a little later.
    const how = await Promise.race([systemEnded, delay(systemEndMsMax)]);
    throw how === undefined ? error : new Error(how);
  } finally {
    ending.abort();
    await load.kill();
    failed.catch(ignore('the race that it is in hears of it'));
  }
}

function figuresOf(
  row: Row,
  system: SystemName,
  result: LoadResult,
  collections: Collections | undefined,
): Figures {
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
    rssPerConnection: (held - rssBytes.before) / (row.connections - rssBytes.connectionsBefore),
    missing: result.missing,
    collections,
  };
}

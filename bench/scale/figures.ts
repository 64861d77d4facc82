/** What is measured: costs per message, by the processes of the system. Pure. */
import type { ClusterSize } from '../../src/processes/cluster.ts';
import type { PartName } from '../cim.ts';
import type { Work } from './crowd-order.ts';

/** Of each kind of process, all of a kind together. */
export type ByPart = Readonly<Record<PartName, number>>;

export const partNames: readonly PartName[] = ['server', 'route', 'redis', 'zookeeper'];

export interface Slice {
  readonly seconds: number;
  readonly sent: number;
  readonly delivered: number;
  readonly acknowledgements: number;
  readonly cpuSeconds: ByPart;
  readonly crowdCpuSeconds: number;
  /** What each kind of process has written to sockets. */
  readonly writtenBytes: ByPart;
  /** To sockets of clients, and by them. */
  readonly clientBytesRead: number;
  readonly clientBytesWritten: number;
  readonly scriptCalls: number;
  readonly redisMemoryBytes: number;
  readonly redisFileBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** With connections that do nothing but say that they are there. */
export interface Idle {
  readonly connections: number;
  /** CPU seconds per second. */
  readonly cores: ByPart;
  readonly rssBytes: ByPart;
}

/** Medians of slices, of each figure on its own. "Each" is per message that was sent. */
export interface Point {
  readonly size: ClusterSize;
  readonly connections: number;
  readonly work: Work;
  readonly acknowledging: boolean;
  readonly sentPerSecond: number;
  readonly deliveriesEach: number;
  readonly acknowledgementsEach: number;
  /** Without what the connections cost that do nothing. */
  readonly cpuUsEach: ByPart;
  readonly crowdCpuUsEach: number;
  /** How busy all processes of the system were together, in cores. */
  readonly cores: number;
  readonly writtenBytesEach: ByPart;
  readonly clientBytesReadEach: number;
  readonly clientBytesWrittenEach: number;
  /** Messages in one call of a script of Redis. */
  readonly perScriptCall: number;
  readonly redisMemoryBytesEach: number;
  readonly redisFileBytesEach: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly missing: number;
}

/** Of one step of many clients' coming. */
export interface StepCost {
  readonly count: number;
  readonly seconds: number;
  readonly cpuUsEach: ByPart;
  readonly redisMemoryBytesEach: number;
}

export function summarize(
  about: Pick<Point, 'size' | 'connections' | 'work' | 'acknowledging' | 'missing'>,
  slices: readonly Slice[],
  idle: Idle,
): Point {
  const of = (value: (slice: Slice) => number): number => median(slices.map(value));
  const each = (value: (slice: Slice) => number): number =>
    of((slice) => value(slice) / Math.max(1, slice.sent));
  const eachByPart = (value: (slice: Slice, part: PartName) => number): ByPart =>
    byPart((part) => each((slice) => value(slice, part)));
  return {
    ...about,
    sentPerSecond: of(({ sent, seconds }) => sent / seconds),
    deliveriesEach: each(({ delivered }) => delivered),
    acknowledgementsEach: each(({ acknowledgements }) => acknowledgements),
    cpuUsEach: eachByPart(
      ({ cpuSeconds, seconds }, part) => 1e6 * (cpuSeconds[part] - idle.cores[part] * seconds),
    ),
    crowdCpuUsEach: each(({ crowdCpuSeconds }) => 1e6 * crowdCpuSeconds),
    cores: of(({ cpuSeconds, seconds }) => sumOf(cpuSeconds) / seconds),
    writtenBytesEach: eachByPart(({ writtenBytes }, part) => writtenBytes[part]),
    clientBytesReadEach: each(({ clientBytesRead }) => clientBytesRead),
    clientBytesWrittenEach: each(({ clientBytesWritten }) => clientBytesWritten),
    perScriptCall: of(({ sent, scriptCalls }) => sent / Math.max(1, scriptCalls)),
    redisMemoryBytesEach: each(({ redisMemoryBytes }) => redisMemoryBytes),
    redisFileBytesEach: each(({ redisFileBytes }) => redisFileBytes),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
  };
}

export function byPart(value: (part: PartName) => number): ByPart {
  return Object.fromEntries(partNames.map((part) => [part, value(part)])) as ByPart;
}

export function sumOf(parts: ByPart): number {
  return partNames.reduce((sum, part) => sum + parts[part], 0);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

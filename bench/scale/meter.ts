/** Measures a cluster while a crowd is at work on it. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AskedProcess } from '../../src/processes/asked-process.ts';
import type { ClusterSize } from '../../src/processes/cluster.ts';
import type { Cluster } from '../cim.ts';
import type { Ended, FromCrowd, Taken, ToCrowd, Work } from './crowd-order.ts';
import {
  type ByPart,
  byPart,
  type Idle,
  type Point,
  type Slice,
  type StepCost,
  summarize,
} from './figures.ts';
import { type RedisCounts, readRedis } from './redis-info.ts';

interface Snapshot {
  readonly at: number;
  /** Since the one before. */
  readonly taken: Taken;
  readonly redis: RedisCounts;
  readonly written: ByPart;
  readonly cpu: ByPart;
}

/** The crowd as the script sees it: a process on a core of its own that does what it is told. */
export type CrowdProcess = AskedProcess<ToCrowd, FromCrowd>;

/** A figure is the median of so many slices. */
const slices = 3;
const sliceMs = 1_000;
const warmUpMs = 1_000;
const idleMs = 3_000;

export class Meter {
  readonly #cluster: Cluster;
  readonly #size: ClusterSize;
  readonly #crowd: CrowdProcess;
  #idle: Idle = { connections: 0, cores: byPart(() => 0), rssBytes: byPart(() => 0) };

  constructor(cluster: Cluster, size: ClusterSize, crowd: CrowdProcess) {
    this.#cluster = cluster;
    this.#size = size;
    this.#crowd = crowd;
  }

  /** What the connections cost that there are now, from then on taken off what messages cost. */
  async idle(connections: number): Promise<Idle> {
    await delay(1_000);
    const before = this.#cpuSeconds();
    const startedAt = performance.now();
    await delay(idleMs);
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = this.#cpuSeconds();
    const rssBytes = this.#sum((process) => process.rssBytes());
    const cores = byPart((part) => (after[part] - before[part]) / seconds);
    this.#idle = { connections, cores, rssBytes };
    return this.#idle;
  }

  /** What `count` clients cost in this step. */
  async step(order: ToCrowd, count: number): Promise<StepCost> {
    const before = { cpu: this.#cpuSeconds(), redis: await this.#redis(), at: performance.now() };
    await this.#crowd.ask(order);
    const after = { cpu: this.#cpuSeconds(), redis: await this.#redis(), at: performance.now() };
    return {
      count,
      seconds: (after.at - before.at) / 1_000,
      cpuUsEach: byPart((part) => (1e6 * (after.cpu[part] - before.cpu[part])) / count),
      redisMemoryBytesEach: (after.redis.memoryBytes - before.redis.memoryBytes) / count,
    };
  }

  /** What is done seldom costs more at first. */
  async warmUp(work: Work, ms: number): Promise<void> {
    await this.#crowd.ask({ do: 'begin', work, acknowledging: false });
    await delay(ms);
    await this.#crowd.ask({ do: 'end' });
  }

  async measure(work: Work, { acknowledging = false } = {}): Promise<Point> {
    await this.#crowd.ask({ do: 'begin', work, acknowledging });
    await delay(warmUpMs);
    const measured: Slice[] = [];
    for (let last = await this.#snapshot(); measured.length < slices; ) {
      await delay(sliceMs);
      const next = await this.#snapshot();
      measured.push(sliceOf(last, next));
      last = next;
    }
    const { missing } = (await this.#crowd.ask({ do: 'end' })) as Ended;
    const { connections } = this.#idle;
    return summarize(
      { size: this.#size, connections, work, acknowledging, missing },
      measured,
      this.#idle,
    );
  }

  async #snapshot(): Promise<Snapshot> {
    const redis = await this.#redis();
    const taken = (await this.#crowd.ask({ do: 'take' })) as Taken;
    const written = this.#sum(({ pid }) => writtenBytesOf(pid));
    return { taken, redis, written, cpu: this.#cpuSeconds(), at: performance.now() };
  }

  #redis() {
    return readRedis(this.#cluster.redisPort);
  }

  #cpuSeconds(): ByPart {
    return this.#sum((process) => process.cpuSeconds());
  }

  #sum(value: (process: Cluster['parts'][number]['process']) => number): ByPart {
    return byPart((part) =>
      this.#cluster.parts
        .filter(({ name }) => name === part)
        .reduce((sum, { process }) => sum + value(process), 0),
    );
  }
}

function sliceOf(from: Snapshot, to: Snapshot): Slice {
  const { taken } = to;
  return {
    seconds: (to.at - from.at) / 1_000,
    sent: taken.sent,
    delivered: taken.delivered,
    acknowledgements: taken.acknowledgements,
    cpuSeconds: byPart((part) => to.cpu[part] - from.cpu[part]),
    crowdCpuSeconds: taken.cpuSeconds,
    writtenBytes: {
      ...byPart((part) => to.written[part] - from.written[part]),
      // Its files are not to be counted.
      redis: to.redis.bytesWritten - from.redis.bytesWritten,
    },
    clientBytesRead: taken.bytesRead,
    clientBytesWritten: taken.bytesWritten,
    scriptCalls: to.redis.scriptCalls - from.redis.scriptCalls,
    redisMemoryBytes: to.redis.memoryBytes - from.redis.memoryBytes,
    redisFileBytes: to.redis.fileBytes - from.redis.fileBytes,
    p50Ms: taken.p50Ms,
    p99Ms: taken.p99Ms,
  };
}

/** By system calls that write, to whatever. */
function writtenBytesOf(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

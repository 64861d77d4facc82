/** What is measured, in parts that stand alone: each has clusters of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AskedProcess } from '../../src/processes/asked-process.ts';
import type { ClusterSize } from '../../src/processes/cluster.ts';
import { startCluster } from '../cim.ts';
import type { CrowdOptions, Work } from './crowd-order.ts';
import type { Idle, Point, StepCost } from './figures.ts';
import { type CrowdProcess, Meter } from './meter.ts';

/** The coming of clients, up to so many. */
export interface Coming {
  readonly connections: number;
  readonly register: StepCost;
  /** `/login` over HTTP, and the session over TCP. */
  readonly logIn: StepCost;
  readonly connect: StepCost;
}

export interface Results {
  readonly connections: {
    readonly coming: readonly Coming[];
    readonly idle: readonly Idle[];
    readonly points: readonly Point[];
  };
  /** By how many messages are on their way at a time. */
  readonly batches: { readonly points: readonly Point[] };
  readonly groups: { readonly points: readonly Point[]; readonly join: StepCost };
  readonly sizes: { readonly points: readonly Point[] };
}

export interface Run {
  readonly cores: { readonly system: number; readonly load: number };
  readonly signal: AbortSignal;
  report(point: Point): void;
}

type Part<Name extends keyof Results> = (run: Run) => Promise<Results[Name]>;

/** Of a text. */
export const textBytes = 64;

const connectionSteps = [100, 1_000, 5_000, 15_000];
/** The most connections that each part has. */
export const connectionsMax: Readonly<Record<keyof Results, number>> = {
  connections: Math.max(...connectionSteps),
  batches: 100,
  groups: 5_000,
  sizes: 1_000,
};
const one: ClusterSize = { servers: 1, routes: 1 };
const clusterSizes: readonly ClusterSize[] = [
  one,
  { servers: 2, routes: 1 },
  { servers: 4, routes: 1 },
  { servers: 1, routes: 2 },
  { servers: 4, routes: 2 },
];
const busy: Work = { kind: 'scattered', durable: true, window: 100 };
/** Hardly anything else is on its way. */
const alone: Work = { ...busy, window: 2 };
const transient: Work = { ...busy, durable: false };
const smallGroups = groupWork(100, 10);
const aloneGroup = groupWork(1, 10);
const groupShapes: readonly Work[] = [
  aloneGroup,
  smallGroups,
  groupWork(10, 100),
  groupWork(1, 1_000),
  groupWork(1, 5_000),
];
const warmUpMs = 3_000;

export const parts: { readonly [Name in keyof Results]: Part<Name> } = {
  connections: measureConnections,
  batches: measureBatches,
  groups: measureGroups,
  sizes: measureSizes,
};

/** More and more of them on one cluster; at each step the same number of messages on their way. */
function measureConnections(run: Run): Promise<Results['connections']> {
  return withCrowd(run, one, async (_crowd, meter) => {
    const coming: Coming[] = [];
    const idle: Idle[] = [];
    const points: Point[] = [];
    const take = report(run, points);
    let before = 0;
    for (const connections of connectionSteps) {
      coming.push(await come(meter, connections, before));
      if (before === 0) await meter.warmUp(busy, warmUpMs);
      before = connections;
      idle.push(await meter.idle(connections));
      take(await meter.measure(transient));
      take(await meter.measure(busy));
    }
    take(await meter.measure(busy, { acknowledging: true }));
    return { coming, idle, points };
  });
}

function measureBatches(run: Run): Promise<Results['batches']> {
  return withCrowd(run, one, async (_crowd, meter) => {
    const points: Point[] = [];
    const take = report(run, points);
    const pairs = (connections: number, window: number): Work => ({
      ...{ kind: 'pairs', durable: true, connections, window },
    });
    await come(meter, connectionsMax.batches, 0);
    await meter.warmUp(pairs(100, 1), warmUpMs);
    await meter.idle(connectionsMax.batches);
    for (const connections of [2, 10, 100]) take(await meter.measure(pairs(connections, 1)));
    for (const window of [10, 100]) take(await meter.measure(pairs(100, window)));
    return { points };
  });
}

function measureGroups(run: Run): Promise<Results['groups']> {
  return withCrowd(run, one, async (crowd, meter) => {
    const points: Point[] = [];
    const take = report(run, points);
    await come(meter, connectionsMax.groups, 0);
    for (const [groups, members] of [
      [10, 100],
      [1, 1_000],
      [1, 5_000],
    ] as const)
      await crowd.ask({ do: 'form', groups, members });
    const join = await meter.step({ do: 'form', groups: 100, members: 10 }, 1_000);
    await meter.warmUp(smallGroups, warmUpMs);
    await meter.idle(connectionsMax.groups);
    for (const shape of groupShapes) take(await meter.measure(shape));
    take(await meter.measure(smallGroups, { acknowledging: true }));
    return { points, join };
  });
}

async function measureSizes(run: Run): Promise<Results['sizes']> {
  const points: Point[] = [];
  const take = report(run, points);
  for (const size of clusterSizes) {
    await withCrowd(run, size, async (crowd, meter) => {
      await come(meter, connectionsMax.sizes, 0);
      await crowd.ask({ do: 'form', groups: 100, members: 10 });
      // Everybody has written once, so that every route knows whom messages are for.
      await meter.warmUp(
        { kind: 'pairs', durable: true, connections: connectionsMax.sizes, window: 1 },
        0,
      );
      await meter.warmUp(busy, warmUpMs);
      await meter.idle(connectionsMax.sizes);
      for (const work of [busy, alone, transient, smallGroups, aloneGroup])
        take(await meter.measure(work));
    });
  }
  return { points };
}

async function come(meter: Meter, total: number, before: number): Promise<Coming> {
  const count = total - before;
  return {
    connections: total,
    register: await meter.step({ do: 'register', total }, count),
    logIn: await meter.step({ do: 'logIn' }, count),
    connect: await meter.step({ do: 'connect' }, count),
  };
}

function report(run: Run, points: Point[]): (point: Point) => void {
  return (point) => {
    points.push(point);
    run.report(point);
  };
}

/** A fresh cluster, with nothing stored, on one core, and its people on the other. */
async function withCrowd<T>(
  { cores, signal }: Run,
  size: ClusterSize,
  use: (crowd: CrowdProcess, meter: Meter) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cim-bench-'));
  try {
    const cluster = await startCluster(folder, 'everysec', { core: cores.system, signal }, size);
    try {
      const options: CrowdOptions = { routes: cluster.routes, bytes: textBytes };
      const crowd: CrowdProcess = new AskedProcess({
        name: 'the crowd',
        command: process.execPath,
        args: ['bench/scale/crowd.ts', JSON.stringify(options)],
        core: cores.load,
      });
      const stop = (): void => void crowd.kill();
      signal.addEventListener('abort', stop);
      try {
        return await use(crowd, new Meter(cluster, size, crowd));
      } finally {
        signal.removeEventListener('abort', stop);
        await crowd.kill();
      }
    } finally {
      await cluster.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With one message on its way in each. */
function groupWork(groups: number, members: number): Work {
  return { kind: 'groups', durable: true, window: 1, groups, members };
}

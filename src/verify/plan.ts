/**
 * What goes wrong in a run: at which moment, to whom, for how long. Drawn from the seed before the
 * run begins. Pure.
 */
import { SeededRandom } from '../witness/seeded-random.ts';

/** What happens to a device of this run; nothing is needed for it but the device. */
export const disturbances = {
  restart: { text: 'device restarted', forMs: [0, 3_000] },
  crash: { text: 'device crashed', forMs: [0, 3_000] },
  cut: { text: 'device cut', forMs: [0, 0] },
  outage: { text: 'device without network', forMs: [500, 5_000] },
  // Longer than the 15 s within which an SDK notices a dead connection, and shorter.
  silence: { text: 'device half-open', forMs: [1_000, 20_000] },
  slow: { text: 'device slow', forMs: [2_000, 8_000] },
} as const satisfies Kinds;

/** What happens to the cluster; it has to be one that the run has started. */
export const faults = {
  'server-kill': { text: 'server killed', part: 'server', forMs: [200, 4_000] },
  'server-freeze': { text: 'server frozen', part: 'server', forMs: [1_000, 8_000] },
  'server-restart': { text: 'server restarted', part: 'server', forMs: [0, 1_000] },
  'server-cut': { text: 'server cut from clients', part: 'server', forMs: [0, 0] },
  'server-silence': { text: 'server half-open to clients', part: 'server', forMs: [2_000, 12_000] },
  'push-cut': { text: 'server cut from routes', part: 'server', forMs: [0, 0] },
  'push-silence': { text: 'server half-open to routes', part: 'server', forMs: [2_000, 12_000] },
  'route-kill': { text: 'route killed', part: 'route', forMs: [200, 4_000] },
  'route-freeze': { text: 'route frozen', part: 'route', forMs: [1_000, 8_000] },
  'route-restart': { text: 'route restarted', part: 'route', forMs: [0, 1_000] },
  'route-cut': { text: 'route cut', part: 'route', forMs: [0, 0] },
  'route-silence': { text: 'route half-open', part: 'route', forMs: [2_000, 12_000] },
  'redis-kill': { text: 'Redis killed', part: 'redis', forMs: [200, 3_000] },
  'redis-freeze': { text: 'Redis frozen', part: 'redis', forMs: [1_000, 6_000] },
  'zookeeper-kill': { text: 'ZooKeeper killed', part: 'zookeeper', forMs: [200, 5_000] },
  // Past the end of every session, and short of it.
  'zookeeper-freeze': { text: 'ZooKeeper frozen', part: 'zookeeper', forMs: [1_000, 12_000] },
} as const satisfies Kinds<{ readonly part: Part }>;

export type DisturbanceKind = keyof typeof disturbances;
export type FaultKind = keyof typeof faults;
export type Part = 'server' | 'route' | 'redis' | 'zookeeper';

type Kinds<More = unknown> = Readonly<
  Record<string, { readonly text: string; readonly forMs: readonly [number, number] } & More>
>;

export interface Planned<Kind> {
  readonly atMs: number;
  readonly forMs: number;
  readonly kind: Kind;
  /** Which device, server or route: its place, from 0. */
  readonly target: number;
}

export type Disturbance = Planned<DisturbanceKind>;
export type Fault = Planned<FaultKind>;

export interface Plan {
  readonly disturbances: readonly Disturbance[];
  readonly faults: readonly Fault[];
}

/** The last of what goes wrong is over by then: the end of a run is to show that all is well. */
const calmMs = 1_000;

export interface PlanOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly devices: number;
  /** Undefined: it is not to be harmed. */
  readonly cluster: ClusterSize | undefined;
}

interface ClusterSize {
  readonly servers: number;
  readonly routes: number;
}

export function drawPlan({ cluster, ...options }: PlanOptions): Plan {
  return {
    disturbances: drawDisturbances(options),
    faults: cluster ? drawFaults({ ...options, ...cluster }) : [],
  };
}

/** In the order of their times. Never two at a time on one device. */
function drawDisturbances(options: Omit<PlanOptions, 'cluster'>): Disturbance[] {
  const { seed, durationMs, devices } = options;
  const random = new SeededRandom(seed, 'disturbances');
  const kinds = new Bag(keysOf(disturbances), random);
  const busyUntil = new Map<number, number>();
  const plan: Disturbance[] = [];
  for (let atMs = 1_000; ; atMs += random.integer(300, 2_000)) {
    const kind = kinds.draw();
    const [leastMs, mostMs] = disturbances[kind].forMs;
    const forMs = random.integer(leastMs, mostMs);
    const target = random.integer(0, devices - 1);
    if (atMs + calmMs > durationMs) return plan;
    if (atMs < (busyUntil.get(target) ?? 0) || atMs + forMs + calmMs > durationMs) continue;
    busyUntil.set(target, atMs + forMs + 500);
    plan.push({ atMs, forMs, kind, target });
  }
}

type FaultOptions = Pick<PlanOptions, 'seed' | 'durationMs'> & ClusterSize;

/**
 * In the order of their times. At most two at a time: one of a server or a route, and one of Redis
 * or ZooKeeper; between two of a kind the cluster gets some seconds to recover.
 */
function drawFaults(options: FaultOptions): Fault[] {
  return [
    ...drawLane(options, ['server', 'route'], [1_500, 5_000]),
    ...drawLane(options, ['redis', 'zookeeper'], [4_000, 15_000]),
  ].sort((one, other) => one.atMs - other.atMs);
}

function drawLane(
  { seed, durationMs, servers, routes }: FaultOptions,
  parts: readonly Part[],
  pauseMs: readonly [number, number],
): Fault[] {
  const random = new SeededRandom(seed, `faults of ${parts.join(' and ')}`);
  const kinds = new Bag(
    keysOf(faults).filter((kind) => parts.includes(faults[kind].part)),
    random,
  );
  const counts = { server: servers, route: routes, redis: 1, zookeeper: 1 };
  const plan: Fault[] = [];
  for (let atMs = random.integer(...pauseMs); ; ) {
    const kind = kinds.draw();
    const [leastMs, mostMs] = faults[kind].forMs;
    const leftMs = durationMs - calmMs - atMs;
    if (leftMs < 0) return plan;
    const forMs = Math.min(leftMs, random.integer(leastMs, mostMs));
    const target = random.integer(0, counts[faults[kind].part] - 1);
    plan.push({ atMs, forMs, kind, target });
    atMs += forMs + random.integer(...pauseMs);
  }
}

/** Everything in it is drawn once before anything is drawn again. */
class Bag<T> {
  readonly #all: readonly T[];
  readonly #random: SeededRandom;
  #left: T[] = [];

  constructor(all: readonly T[], random: SeededRandom) {
    this.#all = all;
    this.#random = random;
  }

  draw(): T {
    if (this.#left.length === 0) this.#left = this.#random.shuffle(this.#all);
    const item = this.#left.pop();
    if (item === undefined) throw new Error('a bag is not empty');
    return item;
  }
}

function keysOf<Key extends string>(table: Readonly<Record<Key, unknown>>): Key[] {
  return Object.keys(table) as Key[];
}

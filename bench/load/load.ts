/**
 * The load generator of the comparison: one process, which opens the connections, keeps messages in
 * flight, and tells what it has counted. bench/compare.ts starts it, on a core of its own, and asks it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../../src/base/errors.ts';
import { keepAlive, someAtATime } from '../../src/load/heartbeats.ts';
import { answerQuestions } from '../../src/processes/asked-process.ts';
import { cpuSecondsOf, rssBytesOf } from '../../src/processes/process-figures.ts';
import { type Driver, type DriverOptions, openingMax, type Pattern } from './driver.ts';
import { cimDriver, cimWebSocketDriver } from './drivers/cim.ts';
import { mqttDriver } from './drivers/mqtt.ts';
import { natsDriver } from './drivers/nats.ts';
import { redisDriver } from './drivers/redis.ts';
import { relayDriver } from './drivers/relay.ts';
import { socketIoDriver } from './drivers/socket-io.ts';
import { wsRelayDriver } from './drivers/ws-relay.ts';
import { xmppDriver } from './drivers/xmpp.ts';
import { Engine } from './engine.ts';

const drivers = {
  cim: cimDriver,
  'cim-ws': cimWebSocketDriver,
  mqtt: mqttDriver,
  nats: natsDriver,
  redis: redisDriver,
  relay: relayDriver,
  'socket-io': socketIoDriver,
  'ws-relay': wsRelayDriver,
  xmpp: xmppDriver,
} satisfies Record<string, (options: DriverOptions) => Driver>;

export type Protocol = keyof typeof drivers;

export interface Work {
  readonly connections: number;
  readonly pattern: Pattern;
  readonly durable: boolean;
  readonly bytes: number;
  /** 0: the connections are only held. */
  readonly window: number;
  /** Absent: the next message follows at once. */
  readonly gapMs?: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadOrder extends Work {
  readonly protocol: Protocol;
  readonly port: number;
  readonly route?: string;
  /** The processes of the system, by what they are called. */
  readonly pids: Readonly<Record<string, number>>;
}

export interface LoadResult {
  readonly seconds: number;
  readonly delivered: number;
  /** Sent and not arrived, when all was over: 0 if the figures are to be trusted. */
  readonly missing: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of each process of the system while it was measured, and of this one. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly loadCpuSeconds: number;
  /** Of all processes of the system. */
  readonly rssBytes: {
    /** When the first hundredth of the connections was open, and how many that were. */
    readonly before: number;
    readonly connectionsBefore: number;
    readonly connected: number;
    readonly after: number;
  };
}

const drainMsMax = 5_000;

await answerQuestions(run);
process.exit(0);

async function run(order: LoadOrder): Promise<LoadResult> {
  const { protocol, pids, window, gapMs = 0, warmUpMs, measureMs } = order;
  const engine = new Engine({ ...order, gapMs });
  const driver = drivers[protocol]({ ...order, events: engine, turn: engine.turn });
  await driver.prepare?.();
  // From the first on: opening them all takes longer than a silent client is kept.
  const beating = keepAlive(engine.connections);
  // What a system loads and compiles when it is first used is not what its connections cost.
  const first = Math.ceil(order.connections / 100);
  await openAll(driver, engine, 0, first);
  const before = rssOf(pids);
  await openAll(driver, engine, first, order.connections);
  await delay(1_000);
  const connected = rssOf(pids);
  if (window > 0) engine.start();
  await delay(warmUpMs);
  engine.reset();
  const from = { cpu: cpuOf(pids), own: process.cpuUsage(), at: performance.now() };
  await delay(measureMs);
  const seconds = (performance.now() - from.at) / 1_000;
  const delivered = engine.deliveredCount;
  const cpu = cpuOf(pids);
  const own = process.cpuUsage(from.own);
  const after = rssOf(pids);
  engine.end();
  for (let waitedMs = 0; engine.missing > 0 && waitedMs < drainMsMax; waitedMs += 50)
    await delay(50);
  clearInterval(beating);
  if (engine.failure !== '') throw new CimError('unavailable', engine.failure);
  if (window > 0 && delivered === 0) throw new CimError('unavailable', 'nothing has arrived');
  const { latencies } = engine;
  return {
    seconds,
    delivered,
    missing: engine.missing,
    p50Ms: latencies.percentile(50),
    p99Ms: latencies.percentile(99),
    maxMs: latencies.maxMs,
    cpuSeconds: Object.fromEntries(
      Object.keys(pids).map((name) => [name, (cpu[name] ?? 0) - (from.cpu[name] ?? 0)]),
    ),
    loadCpuSeconds: (own.user + own.system) / 1e6,
    rssBytes: { before, connectionsBefore: first, connected, after },
  };
}

/** Some at a time: a login takes a while. */
async function openAll(driver: Driver, engine: Engine, from: number, to: number): Promise<void> {
  await someAtATime(openingMax, [from, to], async (index) => {
    engine.connections[index] = await driver.open(index);
    if (engine.failure !== '') throw new CimError('unavailable', engine.failure);
  });
}

function cpuOf(pids: LoadOrder['pids']): Record<string, number> {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSecondsOf(pid)]));
}

function rssOf(pids: LoadOrder['pids']): number {
  return Object.values(pids).reduce((sum, pid) => sum + rssBytesOf(pid), 0);
}

/**
 * `cim bench`: puts load on a cluster as clients would, and says what it took. Here is the order of a
 * run; the rest is the others': the processes that have the connections (crew.ts, worker.ts), what
 * is counted and used meanwhile (meter.ts), how much more would be too much (load-search.ts,
 * saturation.ts), and how to say so (report.ts).
 */
import { randomInt } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { exitCodes } from '../base/exit-codes.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { Lifecycle } from '../base/process/lifecycle.ts';
import { listenForSignals, type SignalSource } from '../base/process/signals.ts';
import type { BenchSettings } from '../config/settings.ts';
import { createProgress, type Progress } from '../load/progress.ts';
import { lookUpRoutes } from '../registry/visit-registry.ts';
import { Crew } from './crew.ts';
import { LoadSearch } from './load-search.ts';
import { defaultProcesses, Meter } from './meter.ts';
import type { Order } from './order.ts';
import {
  type BenchReport,
  breachOf,
  figuresOf,
  formatReport,
  type SearchStep,
  type Subject,
} from './report.ts';
import { nameSaturation } from './saturation.ts';
import { findSystem, rssBytes } from './system-processes.ts';

export interface BenchHost extends SignalSource {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

interface Run {
  readonly settings: BenchSettings;
  readonly subject: Subject;
  readonly connections: number;
  readonly crew: Crew;
  readonly meter: Meter;
  readonly progress: Progress;
  /** Resolves when the run is to end, with what there is. */
  readonly interrupted: Promise<'signal'>;
}

/** Until queues have their length, and code is compiled. */
const warmUpMs = 1_500;
const fetchMs = 500;
const searchWarmUpSeconds = 2;
const searchStartPerSecond = 500;
/** Ids of a run's clients: above those that people have, and different ones each time. */
const firstIdMin = 4_000_000_000_000_000;
const firstIdMax = firstIdMin + 2 ** 47;

/** Resolves to the exit code. */
export async function runBench(
  settings: BenchSettings,
  log: Logger,
  host: BenchHost,
): Promise<number> {
  const lifecycle = new Lifecycle(log);
  const signals = listenForSignals(host);
  try {
    const outcome = await Promise.race([
      bench(settings, log, host, lifecycle, signals.first),
      signals.second,
    ]);
    if (outcome === 'signal') {
      host.stderr.write('cim bench: cut off\n');
      return exitCodes.failure;
    }
    const { report, isCutOff } = outcome;
    host.stdout.write(settings.json ? `${JSON.stringify(report)}\n` : formatReport(report));
    if (isCutOff)
      throw new CimError('unavailable', 'all connections have ended in the middle of it');
    return exitCodes.ok;
  } finally {
    await lifecycle.stop();
    signals.close();
  }
}

async function bench(
  settings: BenchSettings,
  log: Logger,
  host: BenchHost,
  lifecycle: Lifecycle,
  interrupted: Promise<'signal'>,
): Promise<{ readonly report: BenchReport; readonly isCutOff: boolean }> {
  assertSensible(settings);
  const { clients, devices, pattern } = settings;
  const connections = clients * devices;
  const progress = createProgress(
    settings.json ? 'none' : host.stderr.isTTY ? 'bar' : 'lines',
    host.stderr,
  );
  lifecycle.onStop('progress', () => progress.end());
  const routes = await routesOf(settings, log);
  if (routes.length === 0) throw new CimError('unavailable', 'no route is registered');
  const crew = new Crew(settings.processes ?? defaultProcesses(connections));
  lifecycle.onStop('load', () => crew.stop());

  const own = [process.pid, ...crew.pids];
  const routeAddresses = routes.map(addressOf);
  const before = findSystem(routeAddresses, own);
  const rssBefore = new Map(before.map(({ pid }, index) => [pid, rssBytes(before)[index] ?? 0]));
  progress.phase('logging in', clients + connections);
  const subject = subjectOf(settings);
  const { inFlight, bytes } = subject;
  const firstUserId = randomInt(firstIdMin, firstIdMax);
  const order: Omit<Order, 'from' | 'to'> = {
    ...{ routes, pattern, firstUserId, connections, devices, inFlight, bytes },
    groups: settings.groups,
    tls: { tlsCa: settings.tlsCa, tlsName: settings.tlsName },
    portOwner: settings.portOwner,
  };
  const showing = setInterval(
    () => progress.update(crew.registeredCount + crew.openCount, ''),
    250,
  );
  const opened = await Promise.race([crew.open(order), interrupted]).finally(() =>
    clearInterval(showing),
  );
  if (opened === 'signal') throw new CimError('unavailable', 'ended while clients were logging in');
  const system = findSystem([...routeAddresses, ...opened], own);
  const meter = new Meter(
    crew,
    system,
    system.map(({ pid }, index) => rssBefore.get(pid) ?? rssBytes(system)[index] ?? 0),
  );
  const run: Run = { settings, subject, connections, crew, meter, progress, interrupted };
  const report = settings.findMax ? await findMax(run) : await measureOnce(run);
  progress.end();
  return { report, isCutOff: isAlone(run) };
}

function subjectOf({ pattern, clients, devices, inFlight, bytes, rate }: BenchSettings): Subject {
  // A call over HTTP has a connection of its own: more at a time would be more callers.
  const usual = pattern === 'http' || pattern === 'login' ? 1 : 10;
  return { pattern, clients, devices, inFlight: inFlight ?? usual, bytes, perSecond: rate };
}

async function measureOnce(run: Run): Promise<BenchReport> {
  const { settings, subject, connections, crew, meter } = run;
  await crew.run(subject.perSecond);
  await measure(run, settings.pattern, settings.seconds);
  const figures = figuresOf(meter.stretch, connections);
  await crew.finish();
  return { subject, connections, figures };
}

async function findMax(run: Run): Promise<BenchReport> {
  const { settings, subject, connections, crew, meter } = run;
  const { p99Ms: p99MsMax, rate } = settings;
  const search = new LoadSearch(rate ?? searchStartPerSecond);
  const steps: SearchStep[] = [];
  let saturated: string | undefined;
  let lowestBroken = Infinity;
  // A system that has just been started is slow: it would break the first step, and the search stay
  // below that.
  await crew.run(undefined);
  await measure(run, 'warming up', searchWarmUpSeconds);
  await crew.finish();
  for (let perSecond = search.next; perSecond !== undefined; perSecond = search.next) {
    await crew.run(perSecond);
    const isWhole = await measure(run, `${perSecond}/s`, settings.seconds);
    const { stretch } = meter;
    const figures = figuresOf(stretch, connections);
    if (!isWhole) {
      if (steps.length === 0)
        steps.push({ perSecond, held: false, breach: 'ended early', figures });
      break;
    }
    const breach = breachOf(figures, { perSecond, p99MsMax });
    const held = breach === undefined;
    steps.push({ perSecond, held, breach, figures });
    search.report(held);
    if (held || perSecond > lowestBroken) continue;
    lowestBroken = perSecond;
    saturated = nameSaturation({
      problems: figures.problems,
      system: figures.system,
      load: stretch.load,
      machineShare: stretch.machineShare,
    });
    // What it was too much for is to be over before the next step.
    await crew.finish();
  }
  await crew.finish();
  const best =
    steps.findLast(({ held, perSecond }) => held && perSecond === search.best) ?? steps[0];
  if (!best) throw new CimError('unavailable', 'ended before anything was measured');
  const outcome = { maxPerSecond: search.best, p99MsMax, saturated, steps };
  const tried: Subject = { ...subject, perSecond: best.perSecond };
  return { subject: tried, connections, figures: best.figures, search: outcome };
}

/** Resolves to false when it was told to end earlier, or nobody is there any more. */
async function measure(run: Run, name: string, seconds: number): Promise<boolean> {
  const { meter, progress, interrupted } = run;
  const until = async (endMs: number): Promise<boolean> => {
    while (performance.now() < endMs) {
      const leftMs = Math.min(fetchMs, endMs - performance.now());
      if ((await Promise.race([pause(leftMs), interrupted])) === 'signal') return false;
      const { counts } = await meter.fetch();
      if (isAlone(run)) return false;
      const perSecond = Math.round((counts.shown * 1_000) / Math.max(1, leftMs));
      const doneMs = 1_000 * seconds - Math.max(0, endMs - performance.now());
      progress.update(Math.max(0, Math.round(doneMs)), `${perSecond} shown/s`);
    }
    return true;
  };
  progress.phase(name, 1_000 * seconds);
  await meter.warmUp();
  if (!(await until(performance.now() + warmUpMs))) return false;
  await meter.start();
  return until(performance.now() + 1_000 * seconds);
}

/** All connections have ended. When logins are what is measured there are none that stay. */
function isAlone({ settings, crew }: Run): boolean {
  return settings.pattern !== 'login' && crew.openCount === 0;
}

function routesOf(
  { zk, zkAuth, route }: BenchSettings,
  log: Logger,
): readonly string[] | Promise<readonly string[]> {
  return zk === undefined ? route : lookUpRoutes({ zookeeper: zk, auth: zkAuth }, log);
}

function assertSensible(settings: BenchSettings): void {
  const { pattern, clients, groups, findMax, devices, bytes, inFlight } = settings;
  if (pattern === 'login' && (inFlight ?? 1) > 1)
    throw new CimError('usage', '--in-flight: a device logs in once at a time');
  if (pattern === 'idle' && findMax)
    throw new CimError('usage', '--find-max: connections that do nothing have no rate');
  if (pattern === 'group' && groups === 0)
    throw new CimError('usage', '--groups: there is no group to write to');
  if (pattern === 'group' && groups * 2 > clients)
    throw new CimError('usage', '--groups: every group needs two clients');
  if (pattern === 'group' && clients / groups > limits.groupMembersMax)
    throw new CimError('usage', `--clients: a group has at most ${limits.groupMembersMax} members`);
  if (devices > limits.devicesPerUserMax || bytes > limits.textBytesMax)
    throw new Error('options have let through what is over a limit');
}

function addressOf(route: string): string {
  const { hostname, port, protocol } = new URL(route);
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

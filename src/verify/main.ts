/**
 * `cim verify`: many people with many devices write to each other through a cluster while things go
 * wrong, and a ledger says whether every promise was kept. Here is the order of a run; the rest is
 * the others': who (population.ts), what they say (workload.ts), what goes wrong (plan.ts), all of
 * it drawn from the seed; the devices (crowd.ts); what was sent and shown (ledger.ts), what to think
 * of it (checker.ts), and how to say so (report.ts).
 */
import { randomInt } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { exitCodes } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { listenForSignals, type SignalSource } from '../base/signals.ts';
import { nodePlatform } from '../client/sdk/node/node-platform.ts';
import type { VerifySettings } from '../config/settings.ts';
import { lookUpRoutes } from '../registry/visit-registry.ts';
import { Crowd } from './crowd.ts';
import { Latency } from './latency.ts';
import { Ledger } from './ledger.ts';
import { Pauses } from './pauses.ts';
import { drawDisturbances } from './plan.ts';
import { deviceCount, drawPopulation } from './population.ts';
import { startProgress } from './progress.ts';
import { formatReport, makeReport, type Report } from './report.ts';
import { drawWorkload } from './workload.ts';

export interface VerifyHost extends SignalSource {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Resolves to the exit code: 0 if every promise was kept. */
export async function runVerify(
  settings: VerifySettings,
  log: Logger,
  host: VerifyHost,
): Promise<number> {
  const signals = listenForSignals(host);
  const pauses = new Pauses();
  void signals.first.then(() => pauses.endAll());
  try {
    const report = await Promise.race([run(settings, log, host, pauses), signals.second]);
    if (report === 'signal') {
      host.stderr.write('cim verify: cut off, there is no verdict\n');
      return exitCodes.failure;
    }
    host.stdout.write(settings.json ? `${JSON.stringify(report)}\n` : formatReport(report));
    return report.isKept ? exitCodes.ok : exitCodes.failure;
  } finally {
    signals.close();
  }
}

/** Ends early, but in good order, when the pauses are ended. */
async function run(
  settings: VerifySettings,
  log: Logger,
  host: VerifyHost,
  pauses: Pauses,
): Promise<Report> {
  const { zk, route = [] } = settings;
  const seed = settings.seed ?? randomInt(2 ** 32);
  const durationMs = settings.minutes * 60_000;
  const population = drawPopulation({
    seed,
    run: randomInt(2 ** 30),
    users: settings.users,
    devices: settings.devices,
    usesLobby: settings.lobby,
  });
  const disturbances = drawDisturbances({ seed, durationMs, devices: deviceCount(population) });

  const ledger = new Ledger();
  const latency = new Latency();
  const problems: string[] = [];
  const crowd = new Crowd({
    population,
    routes: zk === undefined ? route : () => lookUpRoutes(zk, log),
    platform: nodePlatform(),
    ledger,
    latency,
    onProblem: (problem) => problems.push(problem),
  });
  let activity = 'logging in';
  let startMs = Infinity;
  const endProgress = startProgress({
    kind: settings.json ? 'none' : host.stderr.isTTY ? 'bar' : 'lines',
    durationMs,
    stream: host.stderr,
    clock: systemClock,
    status: () => ({
      elapsedMs: Math.max(0, performance.now() - startMs),
      sent: ledger.sent.size,
      stored: ledger.storedCount,
      shown: ledger.shownCount,
      activity,
    }),
  });
  try {
    await crowd.gather(() => pauses.isOver);
    startMs = performance.now();
    activity = 'writing';
    const workload = drawWorkload({ seed, population, messagesPerSecond: settings.rate });
    crowd.begin(workload, disturbances);
    await pauses.pause(durationMs);
    activity = 'waiting for what is on its way';
    await crowd.heal();
    await crowd.settle();
  } finally {
    endProgress();
    await crowd.close();
  }
  return makeReport({
    seed,
    again: replayCommand(settings, seed),
    people: settings.users,
    disturbances,
    ledger,
    problems,
    latency: latency.summary(),
  });
}

/** The line that draws the same again. */
function replayCommand(settings: VerifySettings, seed: number): string {
  const { minutes, users, devices, rate, lobby, zk, route = [] } = settings;
  return [
    `cim verify --seed ${seed} --minutes ${minutes}`,
    `--users ${users} --devices ${devices} --rate ${rate}`,
    ...(lobby ? ['--lobby'] : []),
    ...(zk === undefined ? route.map((url) => `--route ${url}`) : [`--zk ${zk}`]),
  ].join(' ');
}

/**
 * `cim verify`: many people with many devices write to each other through a cluster while things go
 * wrong, and a ledger says whether every promise was kept. Here is the order of a run; the rest is
 * the others': where (stage.ts), who (population.ts), what they say (workload.ts) and what goes
 * wrong (plan.ts), all of it drawn from the seed; the devices (crowd.ts); what was sent and shown,
 * and what to think of it (src/witness/), and how to say so (report.ts).
 */
import { randomInt } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import { exitCodes } from '../base/exit-codes.ts';
import type { Logger } from '../base/log.ts';
import { Tls } from '../base/network/tls.ts';
import { Lifecycle } from '../base/process/lifecycle.ts';
import { listenForSignals, type SignalSource } from '../base/process/signals.ts';
import { safeJson } from '../base/text/safe-text.ts';
import { nodePlatform } from '../client/sdk/node/node-platform.ts';
import type { VerifySettings } from '../config/settings.ts';
import { describeMarkBreach } from '../witness/check-marks.ts';
import { check } from '../witness/checker.ts';
import { describeBreach } from '../witness/describe-breach.ts';
import { Ledger } from '../witness/ledger.ts';
import { Crowd } from './crowd.ts';
import { Latency } from './latency.ts';
import { Pauses } from './pauses.ts';
import { drawPlan } from './plan.ts';
import { deviceCount, drawPopulation } from './population.ts';
import { startProgress } from './progress.ts';
import { formatReport, makeReport, type VerifyReport } from './report.ts';
import { hasOwnCluster, openStage, type Stage } from './stage.ts';
import { drawWorkload } from './workload.ts';

export interface VerifyHost extends SignalSource {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Breaches described in what is kept: where all goes wrong, more of it would explain no more. */
const evidenceMax = 1_000;

interface Run {
  readonly settings: VerifySettings;
  readonly log: Logger;
  readonly host: VerifyHost;
  /** When they are ended, the run ends too, early but in good order. */
  readonly pauses: Pauses;
  readonly lifecycle: Lifecycle;
}

/** Resolves to the exit code: 0 if every promise was kept. */
export async function runVerify(
  settings: VerifySettings,
  log: Logger,
  host: VerifyHost,
): Promise<number> {
  const lifecycle = new Lifecycle(log);
  const pauses = new Pauses();
  const signals = listenForSignals(host);
  void signals.first.then(() => pauses.endAll());
  try {
    const outcome = verify({ settings, log, host, pauses, lifecycle });
    const report = await Promise.race([outcome, signals.second]);
    if (report === 'signal') {
      host.stderr.write('cim verify: cut off, there is no verdict\n');
      return exitCodes.failure;
    }
    host.stdout.write(settings.json ? `${safeJson(report)}\n` : formatReport(report));
    return report.isKept ? exitCodes.ok : exitCodes.failure;
  } finally {
    await lifecycle.stop();
    signals.close();
  }
}

async function verify({ settings, log, host, pauses, lifecycle }: Run): Promise<VerifyReport> {
  const { seed, population, plan } = drawScript(settings);
  const ledger = new Ledger(population.groups);
  const latency = new Latency();
  const problems: string[] = [];
  const onProblem = (problem: string) => problems.push(problem);
  const durationMs = settings.minutes * 60_000;
  let phase = 'starting';
  let startMs = Infinity;
  let stage: Stage | undefined;
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
      phase,
      wrong: stage?.injector?.present ?? '',
    }),
  });
  lifecycle.onStop('progress', endProgress);

  stage = await openStage({ settings, log, onProblem, lifecycle });
  const { routes, injector, keepEvidence } = stage;
  const platform = nodePlatform(await Tls.open(settings), settings.portOwner);
  const crowd = new Crowd({ population, routes, platform, ledger, latency, onProblem });
  lifecycle.onStop('devices', () => crowd.close());

  phase = 'logging in';
  await crowd.gather(() => pauses.isOver);
  phase = 'writing';
  startMs = performance.now();
  crowd.begin(
    drawWorkload({ seed, population, messagesPerSecond: settings.rate }),
    plan.disturbances,
  );
  injector?.begin(plan.faults);
  await pauses.pause(durationMs);
  phase = 'waiting for what is on its way';
  await Promise.all([crowd.heal(), injector?.heal()]);
  await crowd.settle();
  phase = 'reading back';
  await crowd.readBack();
  endProgress();

  const verdict = check(ledger);
  const { breaches } = verdict;
  const ahead = verdict.markBreaches.filter(({ kind }) => kind === 'ahead');
  const isKept = breaches.length + ahead.length + problems.length === 0;
  const evidence = () => [
    ...breaches.slice(0, evidenceMax).map((breach) => describeBreach(breach, ledger)),
    ...ahead.slice(0, evidenceMax).map(describeMarkBreach),
  ];
  return makeReport({
    seed,
    again: replayCommand(settings, seed),
    people: settings.users,
    plan,
    ledger,
    verdict,
    problems,
    latency: latency.summary(),
    ...(!isKept &&
      keepEvidence && { evidenceIn: keepEvidence({ breaches: evidence(), problems, plan }) }),
  });
}

/** All that is drawn from the seed before the run begins. */
function drawScript(settings: VerifySettings) {
  const { seed = randomInt(2 ** 32), minutes, users, devices, groups } = settings;
  const { lobby, servers, routes } = settings;
  const isOwn = hasOwnCluster(settings);
  const population = drawPopulation({
    seed,
    // A cluster of one's own knows no other run: even names and ids are those of the seed.
    run: isOwn ? seed % 2 ** 30 : randomInt(2 ** 30),
    users,
    devices,
    groups,
    usesLobby: lobby || isOwn,
  });
  const plan = drawPlan({
    seed,
    durationMs: minutes * 60_000,
    devices: deviceCount(population),
    cluster: settings.faults ? { servers, routes } : undefined,
  });
  return { seed, population, plan };
}

/** The line that draws the same again. */
function replayCommand(settings: VerifySettings, seed: number): string {
  const { minutes, users, devices, groups, rate, servers, routes, zk, route = [] } = settings;
  const where = hasOwnCluster(settings)
    ? [`--servers ${servers} --routes ${routes}`]
    : zk === undefined
      ? route.map((url) => `--route ${url}`)
      : [`--zk ${zk}`];
  return [
    `cim verify --seed ${seed} --minutes ${minutes}`,
    `--users ${users} --devices ${devices} --groups ${groups} --rate ${rate}`,
    ...(settings.lobby ? ['--lobby'] : []),
    ...where,
    ...(settings.faults ? ['--faults'] : []),
  ].join(' ');
}

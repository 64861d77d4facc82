/**
 * One seed from its start to the verdict: a cluster and its people, some time in which things go
 * wrong, then everything works again, and once it is quiet the ledger is checked.
 */
import { ignore } from '../../src/base/ignore.ts';
import type { Store } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/witness/seeded-random.ts';
import { check } from './checker.ts';
import { Cluster } from './cluster.ts';
import { type Disturbance, drawDisturbances } from './disturbances.ts';
import { drawFaults } from './fault-profile.ts';
import { type Scenario, talk } from './scenarios.ts';
import { actMsMax } from './workload.ts';
import { hashOf } from './world.ts';

export interface Verdict {
  readonly seed: number;
  /** In one line each; empty when everything promised was kept. */
  readonly violations: readonly string[];
  /** The course of events, in one line each. */
  readonly trace: readonly string[];
  /** Of the trace: two courses that differ have different ones. */
  readonly hash: string;
  readonly messages: number;
  readonly virtualMs: number;
}

/** What is not right this long after the end of all faults is not going to be. */
const quietMsMax = 120_000;
/** How often it is looked whether all is done. */
const lookMs = 1_000;
/** Once all is done: time for something to happen once more. */
const afterMs = 3_000;

export async function simulate(
  seed: number,
  around: (store: Store) => Store = (store) => store,
  scenario: Scenario = talk,
): Promise<Verdict> {
  const random = new SeededRandom(seed, 'simulation');
  const cluster = await Cluster.create(random, around, scenario);
  const { world } = cluster;
  const { time } = world;
  await time.runUntil(1);
  for (const device of cluster.devices)
    time.after(random.chance(0.7) ? 0 : random.integer(0, 10_000), () => {
      if (!device.process.alive) device.start();
    });

  const endsAt = random.integer(1_000, 12_000);
  world.faults = drawFaults(random);
  const failsOver = scenario.failsOver && random.chance(0.2);
  cluster.hasChanges = scenario.hasChanges && !failsOver;
  cluster.hasGroups = scenario.hasGroups && !failsOver && random.chance(0.5);
  scheduleAll(cluster, endsAt, drawDisturbances(random, failsOver), scenario);
  await time.runUntil(endsAt);
  cluster.heal();
  // Nobody begins anything once all has come.
  await time.runUntil(endsAt + actMsMax);
  await untilDone(cluster, endsAt + quietMsMax);
  const isReadBack = !cluster.hasChanges || (await readBack(cluster));
  // Where old messages give way to new ones, what was read may be kept no longer.
  const isCounted = scenario !== talk || (await countUnread(cluster));
  return {
    seed,
    violations: [
      ...violationsOf(cluster),
      ...(isReadBack ? [] : ['histories cannot be read']),
      ...(isCounted ? [] : ['what is unread is not told']),
    ],
    trace: world.trace,
    hash: hashOf(world.trace),
    messages: cluster.ledger.sent.size,
    virtualMs: time.now,
  };
}

function scheduleAll(
  cluster: Cluster,
  endsAt: number,
  kinds: readonly Disturbance[],
  { act }: Scenario,
): void {
  const { random, time } = cluster.world;
  const acts = random.integer(1, 6);
  for (let index = 0; index < acts; index++)
    time.after(random.integer(0, endsAt), () => act(cluster));
  if (kinds.length === 0) return;
  const count = random.integer(1, 12);
  for (let index = 0; index < count; index++)
    time.after(random.integer(0, endsAt), () => random.pick(kinds)(cluster));
}

async function untilDone(cluster: Cluster, until: number): Promise<void> {
  const { time } = cluster.world;
  let done = false;
  while (!done && time.now < until) {
    await time.runUntil(time.now + lookMs);
    // Nor is it read back before every change is answered.
    if (cluster.ledger.waitingCount > 0 || violationsOf(cluster).length > 0) continue;
    await time.runUntil(time.now + afterMs);
    done = violationsOf(cluster).length === 0;
  }
}

/** Whether everybody could. */
async function readBack(cluster: Cluster): Promise<boolean> {
  const { time } = cluster.world;
  let isDone = false;
  cluster.readBack().then(() => {
    isDone = true;
  }, ignore('then it is not done'));
  await time.runUntil(time.now + quietMsMax);
  return isDone;
}

/** Whether everybody could ask how much is unread, and what they hear is right in the end. */
async function countUnread(cluster: Cluster): Promise<boolean> {
  const { time } = cluster.world;
  const until = time.now + quietMsMax;
  let isDone = false;
  let isAsked = false;
  while (time.now < until && !(isDone && violationsOf(cluster).length === 0)) {
    if (!isAsked || isDone) {
      isAsked = true;
      isDone = false;
      cluster.countUnread().then(() => {
        isDone = true;
      }, ignore('then it is not done'));
    }
    await time.runUntil(time.now + lookMs);
  }
  return isDone;
}

function violationsOf(cluster: Cluster): string[] {
  cluster.noteStored();
  return check(cluster.ledger, cluster.record);
}

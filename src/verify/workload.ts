/**
 * Who says something to whom, and when: an endless sequence, drawn from the seed. Bursts, messages
 * to oneself and to nobody are among it. Pure.
 */
import type { Target } from '../client/sdk/index.ts';
import { SeededRandom } from '../witness/seeded-random.ts';
import { groupsOf, nobody, otherGroups, type Population } from './population.ts';

export interface Saying {
  readonly atMs: number;
  /** Of the sender: its place among all devices of the population. */
  readonly device: number;
  readonly target: Target;
  /** So many messages, one after the other. */
  readonly count: number;
}

const burstProbability = 0.02;
const burstMessages = 20;
/** One burst of so many and otherwise single ones: what a saying has on average. */
const meanMessages = 1 + burstProbability * (burstMessages - 1);

const toNobodyProbability = 0.01;
const toOneselfProbability = 0.02;
/** To a group that the sender is not in: refused. */
const toOthersProbability = 0.01;
/** A message to a group is shown to everybody in it: most of what is shown, at this share. */
const toGroupProbability = 0.25;

export interface WorkloadOptions {
  readonly seed: number;
  readonly population: Population;
  readonly messagesPerSecond: number;
}

export function* drawWorkload(options: WorkloadOptions): Generator<Saying, never> {
  const { seed, population, messagesPerSecond } = options;
  const random = new SeededRandom(seed, 'workload');
  const devices = population.people.flatMap(({ userId, devices }) => devices.map(() => userId));
  const meanMs = (1_000 / messagesPerSecond) * meanMessages;
  for (let atMs = 0; ; atMs += 2 * meanMs * random.fraction()) {
    const device = random.integer(0, devices.length - 1);
    const target = drawTarget(random, population, devices[device] ?? 0);
    const count = random.chance(burstProbability) ? burstMessages : 1;
    yield { atMs, device, target, count };
  }
}

function drawTarget(random: SeededRandom, population: Population, sender: number): Target {
  const groups = groupsOf(population, sender);
  const others = otherGroups(population, sender);
  let dice = random.fraction();
  const isDrawn = (probability: number) => {
    dice -= probability;
    return dice < 0;
  };
  if (isDrawn(toNobodyProbability)) return { to: nobody(population) };
  if (isDrawn(toOneselfProbability)) return { to: sender };
  if (others.length > 0 && isDrawn(toOthersProbability)) return { group: random.pick(others) };
  if (groups.length > 0 && isDrawn(toGroupProbability)) return { group: random.pick(groups) };
  return { to: random.pick(population.people).userId };
}

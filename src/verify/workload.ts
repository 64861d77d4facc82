/**
 * Who says something to whom, or changes what was said, and when: an endless sequence, drawn from the
 * seed. Bursts, messages to oneself and to nobody are among it. Pure.
 */
import type { Target } from '../client/sdk/index.ts';
import type { ChangeKind } from '../witness/ledger.ts';
import { SeededRandom } from '../witness/seeded-random.ts';
import { groupsOf, nobody, otherGroups, type Population } from './population.ts';

interface Doing {
  readonly atMs: number;
  /** Who does it: its place among all devices of the population. */
  readonly device: number;
}

export interface Saying extends Doing {
  readonly kind: 'say';
  readonly target: Target;
  /** So many messages, one after the other. */
  readonly count: number;
  /** They answer one of this conversation, if the device knows one: a fraction says which. */
  readonly reply: number | undefined;
}

/** Of a message that the device knows. */
export interface Changing extends Doing {
  readonly kind: ChangeKind;
  /** Which one: a fraction. */
  readonly choice: number;
  /** No reactions: those that were there are taken back. */
  readonly takesBack: boolean;
  /** An edit or a retraction of what somebody else has said, which is refused. */
  readonly isForeign: boolean;
}

export type Act = Saying | Changing;

const burstProbability = 0.02;
const burstMessages = 20;

const toNobodyProbability = 0.01;
const toOneselfProbability = 0.02;
/** To a group that the sender is not in: refused. */
const toOthersProbability = 0.01;
/** A message to a group is shown to everybody in it: most of what is shown, at this share. */
const toGroupProbability = 0.25;

const replyProbability = 0.1;
const changeProbability = 0.15;
const changeKinds: readonly ChangeKind[] = ['edit', 'edit', 'retract', 'react', 'react', 'react'];
const takesBackProbability = 0.2;
const foreignProbability = 0.05;

/** What an act has on average: changes are messages too, and single ones. */
const meanMessages = 1 + (1 - changeProbability) * burstProbability * (burstMessages - 1);

export interface WorkloadOptions {
  readonly seed: number;
  readonly population: Population;
  readonly messagesPerSecond: number;
}

export function* drawWorkload(options: WorkloadOptions): Generator<Act, never> {
  const { seed, population, messagesPerSecond } = options;
  const random = new SeededRandom(seed, 'workload');
  const devices = population.people.flatMap(({ userId, devices }) => devices.map(() => userId));
  const meanMs = (1_000 / messagesPerSecond) * meanMessages;
  for (let atMs = 0; ; atMs += 2 * meanMs * random.fraction()) {
    const device = random.integer(0, devices.length - 1);
    if (random.chance(changeProbability)) {
      yield { atMs, device, ...drawChange(random) };
      continue;
    }
    const target = drawTarget(random, population, devices[device] ?? 0);
    const count = random.chance(burstProbability) ? burstMessages : 1;
    const reply = random.chance(replyProbability) ? random.fraction() : undefined;
    yield { atMs, device, kind: 'say', target, count, reply };
  }
}

function drawChange(random: SeededRandom): Omit<Changing, keyof Doing> {
  return {
    kind: random.pick(changeKinds),
    choice: random.fraction(),
    takesBack: random.chance(takesBackProbability),
    isForeign: random.chance(foreignProbability),
  };
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

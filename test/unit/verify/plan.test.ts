// Goal: a run is drawn from its seed and nothing else, and a plan heals what it breaks. Method:
// many seeds, each drawn twice.
import { describe, expect, test } from '@jest/globals';
import { disturbances, drawPlan, type Fault, faults, type Plan } from '../../../src/verify/plan.ts';
import { drawPopulation, nobody } from '../../../src/verify/population.ts';
import { drawWorkload } from '../../../src/verify/workload.ts';
import { SeededRandom } from '../../../src/witness/seeded-random.ts';

const seeds = Array.from({ length: 50 }, (_, seed) => seed);
const durationMs = 60_000;

const cluster = { servers: 3, routes: 2 };

function planOf(seed: number): Plan {
  return drawPlan({ seed, durationMs, devices: 5, cluster });
}

describe('a plan', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  test.each(seeds)(
    'of seed %i is in order, is over in time, and overlaps as little as it says',
    (seed) => {
      const plan = planOf(seed);
      for (const lane of [plan.disturbances, plan.faults]) {
        expect(lane.map(({ atMs }) => atMs)).toEqual(
          lane.map(({ atMs }) => atMs).sort((one, other) => one - other),
        );
        for (const { atMs, forMs } of lane) expect(atMs + forMs).toBeLessThan(durationMs);
      }
      for (const device of [0, 1, 2, 3, 4])
        expect(overlaps(plan.disturbances.filter(({ target }) => target === device))).toBe(false);
      const isOfBackbone = ({ kind }: Fault) => ['redis', 'zookeeper'].includes(faults[kind].part);
      expect(overlaps(plan.faults.filter(isOfBackbone))).toBe(false);
      expect(overlaps(plan.faults.filter((fault) => !isOfBackbone(fault)))).toBe(false);
      for (const { kind, target } of plan.faults)
        expect(target).toBeLessThan(
          { server: 3, route: 2, redis: 1, zookeeper: 1 }[faults[kind].part],
        );
    },
  );

  test('of some minutes has everything in it', () => {
    const plan = drawPlan({ seed: 1, durationMs: 5 * 60_000, devices: 20, cluster });
    const kindsOf = (lane: readonly { kind: string }[]) => new Set(lane.map(({ kind }) => kind));
    expect(kindsOf(plan.disturbances)).toEqual(new Set(Object.keys(disturbances)));
    expect(kindsOf(plan.faults)).toEqual(new Set(Object.keys(faults)));
  });

  test('of a cluster that is not to be harmed has no faults', () => {
    expect(drawPlan({ seed: 1, durationMs, devices: 5, cluster: undefined }).faults).toEqual([]);
  });
});

function overlaps(plan: readonly { atMs: number; forMs: number }[]): boolean {
  return plan.some(({ atMs }, index) => {
    const before = plan[index - 1];
    return before !== undefined && before.atMs + before.forMs > atMs;
  });
}

describe('who says what', () => {
  const population = drawPopulation({
    seed: 3,
    groups: 2,
    run: 5,
    users: 4,
    devices: 3,
    usesLobby: true,
  });
  const take = (count: number) => {
    const workload = drawWorkload({ seed: 3, population, messagesPerSecond: 100 });
    return Array.from({ length: count }, () => workload.next().value);
  };

  test('is the same for the same seed', () => {
    expect(take(500)).toEqual(take(500));
  });

  test('comes at the rate that was asked for, and goes to everybody, to a group and to nobody', () => {
    const acts = take(20_000);
    const sayings = acts.filter((act) => act.kind === 'say');
    const changes = acts.length - sayings.length;
    const messages = sayings.reduce((sum, { count }) => sum + count, changes);
    const seconds = (acts.at(-1)?.atMs ?? 0) / 1_000;
    expect(messages / seconds).toBeGreaterThan(95);
    expect(messages / seconds).toBeLessThan(105);
    const receivers = new Set(
      sayings.map(({ target }) => ('group' in target ? target.group : target.to)),
    );
    const people = population.people.map(({ userId }) => userId);
    const groups = population.groups.map(({ name }) => name);
    const expected = [...people, nobody(population), ...groups, 'lobby'];
    expect(receivers).toEqual(new Set(expected));
    expect(new Set(acts.map(({ kind }) => kind))).toEqual(
      new Set(['say', 'edit', 'retract', 'react']),
    );
  });

  test('runs have no accounts in common, and ids stay exact', () => {
    const last = drawPopulation({
      seed: 3,
      groups: 2,
      run: 2 ** 30 - 1,
      users: 1_000,
      devices: 1,
      usesLobby: false,
    });
    const next = drawPopulation({
      seed: 3,
      groups: 2,
      run: 6,
      users: 1,
      devices: 1,
      usesLobby: false,
    });
    expect(Number.isSafeInteger(nobody(last))).toBe(true);
    expect(next.people[0]?.userId).toBeGreaterThan(nobody(population));
  });
});

test('chance: everything within its bounds, and all of it', () => {
  const random = new SeededRandom(1, 'test');
  const drawn = Array.from({ length: 1_000 }, () => random.integer(3, 5));
  expect(new Set(drawn)).toEqual(new Set([3, 4, 5]));
  expect(random.shuffle([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4]);
  const fractions = Array.from({ length: 1_000 }, () => random.fraction());
  expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
  expect(fractions.reduce((sum, fraction) => sum + fraction, 0) / 1_000).toBeCloseTo(0.5, 1);
});

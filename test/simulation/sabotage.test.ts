/** The simulation finds what it is there for: each way to break a promise, within a few seeds. */
import { expect, test } from '@jest/globals';
import { floodSabotages, markSabotages, sabotages } from './sabotage.ts';
import { flooding, talk } from './scenarios.ts';
import { simulate } from './simulate.ts';

/** Enough for each to come about; most do in the first few. */
const seedsMax = 100;

const all = [
  ...Object.entries(sabotages).map((entry) => [...entry, talk] as const),
  ...Object.entries(markSabotages).map((entry) => [...entry, talk] as const),
  ...Object.entries(floodSabotages).map((entry) => [...entry, flooding] as const),
];

test.each(all)(
  '%s is found out',
  async (_name, sabotage, scenario) => {
    let found = 0;
    for (let seed = 1; seed <= seedsMax && found === 0; seed++)
      found = (await simulate(seed, sabotage, scenario)).violations.length;
    expect(found).toBeGreaterThan(0);
  },
  120_000,
);

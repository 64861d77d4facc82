/** The simulation finds what it is there for: each way to break a promise, within a few seeds. */
import { expect, test } from '@jest/globals';
import { sabotages } from './sabotage.ts';
import { simulate } from './simulate.ts';

/** Enough for each to come about; most do in the first few. */
const seedsMax = 40;

test.each(Object.entries(sabotages))(
  '%s is found out',
  async (_name, sabotage) => {
    let found = 0;
    for (let seed = 1; seed <= seedsMax && found === 0; seed++)
      found = (await simulate(seed, sabotage)).violations.length;
    expect(found).toBeGreaterThan(0);
  },
  120_000,
);

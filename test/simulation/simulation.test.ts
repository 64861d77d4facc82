/**
 * The delivery core through seeded courses of events: CimClients, servers and routes as they are,
 * over a simulated store, network and time. The first thousand seeds here; CIM_SEED starts
 * elsewhere, and `make simulate` goes further.
 */
import { expect, test } from '@jest/globals';
import { reportOf } from './report.ts';
import { flooding } from './scenarios.ts';
import { simulate } from './simulate.ts';

const first = Number(process.env['CIM_SEED'] ?? 1);
const parts = 4;
const seedsPerPart = 250;
const floods = 40;

test.each(Array.from({ length: parts }, (_, part) => first + part * seedsPerPart))(
  `what was promised is kept by ${seedsPerPart} seeds from %i`,
  async (from) => {
    for (let seed = from; seed < from + seedsPerPart; seed++) {
      const verdict = await simulate(seed);
      if (verdict.violations.length > 0) throw new Error(reportOf(verdict));
    }
  },
  // Seconds, on an idle machine.
  180_000,
);

test('what was promised is kept where mailboxes are flooded', async () => {
  for (let seed = first; seed < first + floods; seed++) {
    const verdict = await simulate(seed, undefined, flooding);
    if (verdict.violations.length > 0) throw new Error(reportOf(verdict));
  }
}, 180_000);

test('a seed has one course', async () => {
  for (let seed = first; seed < first + 20; seed++) {
    const [once, again] = [await simulate(seed), await simulate(seed)];
    expect(again.trace).toEqual(once.trace);
    expect(again.hash).toBe(once.hash);
  }
  expect((await simulate(first + 1)).hash).not.toBe((await simulate(first)).hash);
});

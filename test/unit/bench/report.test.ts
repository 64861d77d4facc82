// Goal: a report says what was measured. Method: tallies as workers send them, and the texts.
import { expect, test } from '@jest/globals';
import { figuresOf, formatReport, hasHeld, type Stretch } from '../../../src/bench/report.ts';
import { Tally } from '../../../src/bench/tally.ts';

function tallyOf(latenciesMs: readonly number[]): Tally {
  const tally = new Tally();
  for (const latencyMs of latenciesMs) tally.recordLatency(latencyMs);
  tally.counts.begun = tally.counts.done = tally.counts.shown = latenciesMs.length;
  return tally;
}

function stretchOf(tally: Tally): Stretch {
  const system = [{ name: 'cim dev', cpuSeconds: 1, rssBytes: 90e6, grownBytes: 2e6 }];
  return { seconds: 2, tally, system, load: [0.5], machineShare: 0.7 };
}

const subject = {
  pattern: 'private',
  clients: 100,
  devices: 1,
  inFlight: 10,
  bytes: 64,
  perSecond: undefined,
} as const;

test('what several workers have counted is one', () => {
  const whole = new Tally();
  for (const part of [tallyOf([1, 2]), tallyOf([30]), tallyOf([])]) whole.add(part.toMessage(0));
  whole.problem('busy');
  whole.add({ ...tallyOf([]).toMessage(0), problems: { busy: 2 } });
  expect(whole.counts.shown).toBe(3);
  expect(whole.problems).toEqual({ busy: 3 });
  expect(whole.percentile(50)).toBeCloseTo(2, 1);
  expect(whole.maxMs).toBeCloseTo(30, 0);
});

test('figures: rates, times, and what it cost the system', () => {
  const figures = figuresOf(stretchOf(tallyOf(Array.from({ length: 1_000 }, () => 4))), 100);
  expect(figures).toMatchObject({ sentPerSecond: 500, shownPerSecond: 500, loadCores: [0.5] });
  expect(figures.system).toEqual([
    { name: 'cim dev', cores: 0.5, cpuUs: 1_000, rssMegabytes: 90, rssPerConnectionKilobytes: 20 },
  ]);
  const text = formatReport({ subject, connections: 100, figures });
  expect(text).toContain('private: 100 connections, 10 in flight each, 64 bytes\n');
  expect(text).toMatch(/to shown +p50 4\.0 ms/);
  expect(text).toMatch(/cim dev +50 % of a core, 1000 µs each; 90 MB, 20 KB per connection/);
  expect(text).not.toContain('refused');
});

test('a step has held when all was begun, in time, and nothing refused', () => {
  const asked = { perSecond: 500, p99MsMax: 10 };
  const held = (tally: Tally) => hasHeld(figuresOf(stretchOf(tally), 100), asked);
  const good = Array.from({ length: 1_000 }, () => 4);
  expect(held(tallyOf(good))).toBe(true);
  expect(held(tallyOf(good.map((ms, index) => (index % 50 === 0 ? 20 : ms))))).toBe(false);
  expect(held(tallyOf(good.slice(0, 900)))).toBe(false);
  const refused = tallyOf(good);
  refused.problem('busy');
  expect(held(refused)).toBe(false);
});

test('the outcome of a search names the most, each step, and what gave way', () => {
  const figures = figuresOf(stretchOf(tallyOf([1, 2, 3])), 100);
  const steps = [
    { perSecond: 500, held: true, figures },
    { perSecond: 1_000, held: false, figures },
  ];
  const search = { maxPerSecond: 500, p99MsMax: 50, saturated: 'the disk', steps };
  const text = formatReport({ subject, connections: 100, figures, search });
  expect(text).toContain('most: 500/s with p99 within 50 ms\n');
  expect(text).toMatch(/1000\/s +p99 3\.0 ms, too much/);
  expect(text).toContain('what gave way first: the disk\n');
});

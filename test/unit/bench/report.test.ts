// Goal: a report says what was measured. Method: tallies as workers send them, and the texts.
import { expect, test } from '@jest/globals';
import { breachOf, figuresOf, formatReport, type Stretch } from '../../../src/bench/report.ts';
import { Tally } from '../../../src/bench/tally.ts';

function tallyOf(latenciesMs: readonly number[]): Tally {
  const tally = new Tally();
  for (const latencyMs of latenciesMs) tally.latencies.record(latencyMs);
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
  expect(whole.latencies.percentile(50)).toBeCloseTo(2, 1);
  expect(whole.latencies.maxMs).toBeCloseTo(30, 0);
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
  expect(text).toMatch(/cim dev +50 % of a core, 1\.0 ms each; 90 MB$/m);
  expect(text).not.toContain('failed');
});

test('of connections that do nothing it is told what memory each takes', () => {
  const figures = figuresOf(stretchOf(tallyOf([])), 100);
  const text = formatReport({
    subject: { ...subject, pattern: 'idle' },
    connections: 100,
    figures,
  });
  expect(text).toMatch(/cim dev +50 % of a core; 90 MB, 20 KB per connection$/m);
});

test('a step has held when all was begun, in time, and nothing refused', () => {
  const asked = { perSecond: 500, p99MsMax: 10 };
  const breach = (tally: Tally) => breachOf(figuresOf(stretchOf(tally), 100), asked);
  const good = Array.from({ length: 1_000 }, () => 4);
  expect(breach(tallyOf(good))).toBeUndefined();
  const late = good.map((ms, index) => (index % 50 === 0 ? 20 : ms));
  expect(breach(tallyOf(late))).toBe('too late');
  expect(breach(tallyOf(good.slice(0, 900)))).toBe('only 450/s could be begun');
  const disordered = tallyOf(good);
  disordered.counts.again = 3;
  expect(breach(disordered)).toBe('3 to be sent again');
  const refused = tallyOf(good);
  refused.problem('busy');
  expect(breach(refused)).toBe('1 failed');
  const lossy = tallyOf(good);
  lossy.counts.lost = 2;
  expect(breach(lossy)).toBe('2 lost');
});

test('the outcome of a search names the most, each step, and what gave way', () => {
  const figures = figuresOf(stretchOf(tallyOf([1, 2, 3])), 100);
  const steps = [
    { perSecond: 500, held: true, breach: undefined, figures },
    { perSecond: 1_000, held: false, breach: '7 lost', figures },
  ];
  const search = { maxPerSecond: 500, p99MsMax: 50, saturated: 'the disk', steps };
  const text = formatReport({ subject, connections: 100, figures, search });
  expect(text).toContain('most: 500/s with p99 within 50 ms\n');
  expect(text).toMatch(/1000\/s +p99 3\.0 ms, too much: 7 lost/);
  expect(text).toContain('what gave way first: the disk\n');
});

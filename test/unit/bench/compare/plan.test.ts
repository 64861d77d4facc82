// Goal: a run does what it was asked for, and knows how long it still takes. Method: small plans.
import { expect, test } from '@jest/globals';
import { Forecast, planOf } from '../../../../bench/compare/plan.ts';
import { rows } from '../../../../bench/compare/rows.ts';

const all = { only: undefined, systems: undefined, seconds: undefined };

test('every row on each of its systems, or what was chosen of them', () => {
  expect(planOf(rows, all).length).toBe(rows.flatMap(({ systems }) => systems).length);
  const some = planOf(rows, { only: ['transient-1', 'durable-1'], systems: ['nats'], seconds: 1 });
  expect(some.map(({ row, system }) => [row.name, system, row.measureMs])).toEqual([
    ['transient-1', 'nats', 1_000],
    ['durable-1', 'nats', 1_000],
  ]);
});

test('a quick look warms up for as long as a long one', () => {
  const warmUps = (seconds: number | undefined) =>
    planOf(rows, { ...all, seconds }).map(({ row }) => row.warmUpMs);
  expect(warmUps(1)).toEqual(warmUps(undefined));
});

test('what there is not is named, with what there is', () => {
  const plan = (only: string, system: string) =>
    planOf(rows, { ...all, only: [only], systems: [system] });
  expect(() => plan('transient-2', 'nats')).toThrow('no row transient-2; there are transient-1,');
  expect(() => plan('transient-1', 'kafka')).toThrow('no system kafka; there are relay,');
  expect(() => plan('durable-1', 'redis')).toThrow('none of these rows');
});

test('what is left is expected to be as slow as what was done', () => {
  const steps = planOf(rows, {
    ...all,
    only: ['transient-1'],
    systems: ['relay', 'nats', 'redis'],
  });
  const forecast = new Forecast(steps);
  const wholeMs = forecast.leftMs(0);
  expect(forecast.leftMs(1_000)).toBe(wholeMs - 1_000);
  forecast.stepTook((2 * wholeMs) / 3);
  expect(forecast.leftMs(0)).toBeCloseTo((4 * wholeMs) / 3);
  // The present one takes longer than expected: the last is still to come.
  expect(forecast.leftMs(10 * wholeMs)).toBeCloseTo((2 * wholeMs) / 3);
});

/**
 * Goal: the series of the last hour say what counters, gauges and histograms have said meanwhile, and
 * take no more room than an hour does. Method: a virtual clock.
 */
import { expect, test } from '@jest/globals';
import { Counters } from '../../../../src/base/process/counters.ts';
import { latencyBounds } from '../../../../src/base/process/histogram.ts';
import { Vitals } from '../../../../src/base/process/vitals.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function measured() {
  const counters = new Counters();
  const clock = new VirtualClock();
  const stored = ['private', 'group'].map((kind) => {
    const family = { name: 'messages.stored', description: 'stored', label: 'kind', value: kind };
    return counters.add(`messages.stored.${kind}`, 'stored', family);
  });
  const busy = counters.add('messages.refused.busy', 'refused for now');
  const level = { connections: 3 };
  counters.gauge('connections', 'connections', () => level.connections);
  const [append, read] = ['append', 'read'].map((call) =>
    counters.histogram('store.duration-seconds', 'calls', latencyBounds, { call }),
  );
  const vitals = new Vitals({
    families: () => counters.families(),
    counters: () => counters.list(),
    clock,
  });
  onTeardown(() => vitals.stop());
  return { vitals, clock, stored, busy, level, append, read };
}

test('levels are as they are, rates per second, and quantiles of what came meanwhile', async () => {
  const { vitals, clock, stored, level, append, read } = measured();
  for (const counter of stored) counter.value += 5;
  level.connections = 7;
  for (let times = 0; times < 100; times += 1) append?.observe(0.0015);
  // Of another call: it has no part in the series.
  for (let times = 0; times < 100; times += 1) read?.observe(9);
  await clock.advance(5_000);
  expect(vitals.latest()).toMatchObject({ connections: 7, storedPerSecond: 2 });
  const { storeP50Ms, storeP99Ms } = vitals.latest();
  expect(storeP50Ms).toBeCloseTo(1.5);
  expect(storeP99Ms).toBeCloseTo(1.99);

  await clock.advance(5_000);
  expect(vitals.latest()).toMatchObject({ connections: 7, storedPerSecond: 0, storeP50Ms: null });
  expect(vitals.lastHour()).toMatchObject({
    stepMs: 5_000,
    endsAt: clock.now(),
    series: { connections: [7, 7], storedPerSecond: [2, 0], storeP99Ms: [storeP99Ms, null] },
  });
});

test('what a role does not measure is no series', async () => {
  const { vitals, clock } = measured();
  await clock.advance(5_000);
  expect(Object.keys(vitals.latest()).sort()).toEqual(
    ['connections', 'refusedPerSecond', 'storeP50Ms', 'storeP99Ms', 'storedPerSecond'].filter(
      (name) => name !== 'refusedPerSecond',
    ),
  );
});

test('an hour is kept, and no more', async () => {
  const { vitals, clock, level } = measured();
  for (let step = 1; step <= 800; step += 1) {
    level.connections = step;
    await clock.advance(5_000);
  }
  const { series } = vitals.lastHour();
  expect(series.connections).toEqual(Array.from({ length: 720 }, (_, place) => place + 81));
});

test('what was refused within the last minute is told, and forgotten after it', async () => {
  const { vitals, clock, busy, stored } = measured();
  busy.value += 3;
  for (const counter of stored) counter.value += 1;
  const refused = { what: 'messages.refused.busy', description: 'refused for now', perMinute: 3 };
  expect(vitals.refused()).toEqual([refused]);
  await clock.advance(55_000);
  expect(vitals.refused()).toEqual([refused]);
  await clock.advance(5_000);
  expect(vitals.refused()).toEqual([]);
});

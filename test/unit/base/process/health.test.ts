import { expect, test } from '@jest/globals';
import { Counters } from '../../../../src/base/process/counters.ts';
import { faults } from '../../../../src/base/process/faults.ts';
import { Health, watchLife } from '../../../../src/base/process/health.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { recordingLog } from '../../http/recording-log.ts';

function health() {
  const counters = new Counters();
  const { log, lines } = recordingLog();
  const value = (name: string) => counters.list().find((one) => one.name === name)?.value;
  return { health: new Health({ counters, log }), lines, value };
}

const refuses = faults['store-refusals'].words;
const unreachable = faults['route-connection'].words;

test('a condition is reported while it lasts, by whose fault it is', () => {
  const { health: whole } = health();
  const [first, second] = [whole.add('store-refusals'), whole.add('route-connection')];
  expect(whole.report()).toEqual({ own: [], shared: [] });
  first.set('the disk is full');
  second.set('');
  const refusal = `${refuses}: the disk is full`;
  expect(whole.report()).toEqual({ own: [unreachable], shared: [refusal] });
  first.set(null);
  expect(whole.report()).toEqual({ own: [unreachable], shared: [] });
});

test('what is the matter is told with its remedy, and since when', () => {
  const { health: whole } = health();
  const condition = whole.add('store-refusals');
  expect(whole.problems()).toEqual([]);
  const before = Date.now();
  condition.set('its disk is full');
  const [problem] = whole.problems();
  expect(problem).toEqual({
    condition: 'store-refusals',
    fault: 'shared',
    reason: `${refuses}: its disk is full`,
    remedy: faults['store-refusals'].remedy,
    since: expect.any(Number),
  });
  expect(problem?.since).toBeGreaterThanOrEqual(before);
});

test('the words of each fault are its own, and none has its remedy to find', () => {
  const all = Object.values(faults);
  expect(new Set(all.map(({ words }) => words)).size).toBe(all.length);
  for (const { remedy } of all) expect(remedy).not.toBe('');
});

test('each change is logged once, and each beginning counted', () => {
  const { health: whole, lines, value } = health();
  const condition = whole.add('store-refusals');
  for (let times = 0; times < 100; times += 1) condition.set('the disk is full');
  expect(lines).toEqual([
    `{"fields":{"condition":"store-refusals","fault":"shared","reason":"${refuses}: the disk is full"},"message":"not well"}`,
  ]);
  condition.set('the disk is gone');
  for (let times = 0; times < 100; times += 1) condition.set(null);
  expect(lines.slice(1)).toEqual([
    `{"fields":{"condition":"store-refusals","fault":"shared","reason":"${refuses}: the disk is gone"},"message":"not well"}`,
    `{"fields":{"condition":"store-refusals","was":"${refuses}: the disk is gone"},"message":"well again"}`,
  ]);
  expect(value('health.store-refusals')).toBe(1);
  condition.set('the disk is full');
  expect(value('health.store-refusals')).toBe(2);
});

test('what a part logs itself is not logged twice, but counted', () => {
  const { health: whole, lines, value } = health();
  whole.add('registry').set('it has no quorum');
  expect(lines).toEqual([]);
  expect(value('health.registry')).toBe(1);
});

test('what is watched is looked at when somebody asks, and every second', async () => {
  const { health: whole, lines } = health();
  const clock = new VirtualClock();
  let reason: string | null = null;
  whole.watch('route-connection', () => reason);
  const stop = whole.run(clock);
  reason = '';
  expect(whole.report().own).toEqual([unreachable]);
  expect(lines).toHaveLength(1);
  reason = null;
  await clock.advance(1_000);
  expect(lines).toHaveLength(2);
  stop();
  reason = '';
  await clock.advance(10_000);
  expect(lines).toHaveLength(2);
});

test('a role is not ready before it has begun, and when it was told to stop', () => {
  const { health: whole } = health();
  const life = watchLife(whole);
  expect(whole.report().own).toEqual(['it is starting']);
  life.started();
  expect(whole.report().own).toEqual([]);
  life.stopping();
  expect(whole.report().own).toEqual(['it is stopping']);
});

import { expect, test } from '@jest/globals';
import { Counters } from '../../../../src/base/process/counters.ts';
import { Health, watchLife } from '../../../../src/base/process/health.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';
import { recordingLog } from '../../http/recording-log.ts';

function health() {
  const counters = new Counters();
  const { log, lines } = recordingLog();
  const value = (name: string) => counters.list().find((one) => one.name === name)?.value;
  return { health: new Health({ counters, log }), lines, value };
}

const full = { name: 'full', fault: 'shared', meaning: 'the disk was full' } as const;
const deaf = { name: 'deaf', fault: 'own', meaning: 'it heard nothing' } as const;

test('a condition is reported while it lasts, by whose fault it is', () => {
  const { health: whole } = health();
  const [first, second] = [whole.add(full), whole.add(deaf)];
  expect(whole.report()).toEqual({ own: [], shared: [] });
  first.set('the disk is full');
  second.set('it hears nothing');
  expect(whole.report()).toEqual({ own: ['it hears nothing'], shared: ['the disk is full'] });
  first.set(null);
  expect(whole.report()).toEqual({ own: ['it hears nothing'], shared: [] });
});

test('each change is logged once, and each beginning counted', () => {
  const { health: whole, lines, value } = health();
  const condition = whole.add(full);
  for (let times = 0; times < 100; times += 1) condition.set('the disk is full');
  expect(lines).toEqual([
    '{"fields":{"condition":"full","fault":"shared","reason":"the disk is full"},"message":"not well"}',
  ]);
  condition.set('the disk is gone');
  for (let times = 0; times < 100; times += 1) condition.set(null);
  expect(lines.slice(1)).toEqual([
    '{"fields":{"condition":"full","fault":"shared","reason":"the disk is gone"},"message":"not well"}',
    '{"fields":{"condition":"full","was":"the disk is gone"},"message":"well again"}',
  ]);
  expect(value('health.full')).toBe(1);
  condition.set('the disk is full');
  expect(value('health.full')).toBe(2);
});

test('what a part logs itself is not logged twice, but counted', () => {
  const { health: whole, lines, value } = health();
  whole.add({ ...full, log: 'part' }).set('the disk is full');
  expect(lines).toEqual([]);
  expect(value('health.full')).toBe(1);
});

test('what is watched is looked at when somebody asks, and every second', async () => {
  const { health: whole, lines } = health();
  const clock = new VirtualClock();
  let reason: string | null = null;
  whole.watch({ ...deaf, look: () => reason });
  const stop = whole.run(clock);
  reason = 'it hears nothing';
  expect(whole.report().own).toEqual([reason]);
  expect(lines).toHaveLength(1);
  reason = null;
  await clock.advance(1_000);
  expect(lines).toHaveLength(2);
  stop();
  reason = 'it hears nothing';
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

import { expect, test } from '@jest/globals';
import { lastingClock } from '../../../../src/client/sdk/browser/lasting-clock.ts';

function clockFrom(moment: { dateMs: number; awakeMs: number }) {
  return lastingClock(() => ({ ...moment }));
}

test('it goes on while the machine sleeps, and only grows when the date is set back', () => {
  const moment = { dateMs: 1_000_000, awakeMs: 10.7 };
  const clock = clockFrom(moment);
  expect(clock.monotonic()).toBe(10);
  moment.dateMs += 500;
  moment.awakeMs += 500;
  expect(clock.monotonic()).toBe(510);
  // An hour asleep.
  moment.dateMs += 3_600_000;
  moment.awakeMs += 1_000;
  expect(clock.monotonic()).toBe(3_600_510);
  moment.dateMs -= 7_200_000;
  moment.awakeMs += 1_000;
  expect(clock.monotonic()).toBe(3_601_510);
  moment.dateMs += 1_000;
  moment.awakeMs += 1_000;
  expect(clock.monotonic()).toBe(3_602_510);
});

test('clocks that differ a little are no sleep', () => {
  const moment = { dateMs: 0, awakeMs: 0 };
  const clock = clockFrom(moment);
  for (let second = 1; second <= 100; second++) {
    moment.dateMs += 1_001;
    moment.awakeMs += 1_000;
    clock.monotonic();
  }
  expect(clock.monotonic()).toBe(100_000);
});

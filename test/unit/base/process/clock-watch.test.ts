import { beforeEach, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { ClockWatch } from '../../../../src/base/process/clock-watch.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { Health } from '../../../../src/base/process/health.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

let clock: VirtualClock;
let storeAheadMs: number;
let isAway: boolean;
let told: unknown[];
let health: Health;
let watch: ClockWatch;

beforeEach(async () => {
  clock = new VirtualClock();
  const startedAt = clock.now();
  storeAheadMs = 0;
  isAway = false;
  told = [];
  health = new Health({ counters: new Counters(), log: createLogger('test', 'silent') });
  watch = new ClockWatch({
    storeNow: async () => {
      if (isAway) throw new CimError('busy');
      return startedAt + clock.monotonic() + storeAheadMs;
    },
    clock,
    health,
    log: { warn: (fields: unknown) => told.push(fields) },
  });
  await watch.start();
});

test('clocks that agree are no matter, whether the store answers or not', async () => {
  clock.leap(limits.clockDiffersMs);
  await clock.advance(10_000);
  isAway = true;
  await clock.advance(10_000);
  expect(health.report()).toEqual({ own: [], shared: [] });
  expect(told).toEqual([]);
});

test.each([
  [1, 'ahead of'],
  [-1, 'behind'],
])(
  'a difference is said, and one beyond what tokens allow for is its own fault',
  async (sign, side) => {
    clock.leap(sign * (limits.clockDiffersMs + 1));
    await clock.advance(10_000);
    expect(health.report().shared).toEqual([expect.stringContaining(side)]);
    expect(health.report().own).toEqual([]);
    clock.leap(sign * limits.clockToleranceMs);
    await clock.advance(10_000);
    expect(health.report()).toEqual({ own: [expect.stringContaining(side)], shared: [] });
    clock.leap(-sign * (limits.clockToleranceMs + limits.clockDiffersMs + 1));
    await clock.advance(10_000);
    expect(health.report()).toEqual({ own: [], shared: [] });
    // It was this machine's clock, not the store's.
    expect(told).toEqual([]);
  },
);

test.each([-3 * 86_400_000, 3_600_000])('a leap of %d ms of the store is said once', async (ms) => {
  storeAheadMs = ms;
  await clock.advance(20_000);
  expect(told).toEqual([{ byMs: ms }]);
});

test('nothing is left of it when it has stopped', () => {
  watch.stop();
  expect(clock.timerCount).toBe(0);
});

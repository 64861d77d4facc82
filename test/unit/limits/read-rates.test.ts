import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import { ReadRates } from '../../../src/limits/read-rates.ts';

const bytesPerSecond = 1_000;
const burst = bytesPerSecond * limits.readBurstSeconds;

function ratesAt() {
  const clock = { ms: 0 };
  return { clock, rates: new ReadRates({ bytesPerSecond, monotonic: () => clock.ms }) };
}

test('so much may be read at once; what is over is waited for, and no longer', () => {
  const { clock, rates } = ratesAt();
  const rate = rates.hold(1);
  rate.spend(burst - 1);
  expect(rate.waitMs).toBe(0);
  rate.spend(3_000);
  const waitMs = rate.waitMs;
  expect(waitMs).toBe(3_000);
  clock.ms += waitMs - 1;
  expect(rate.waitMs).toBe(1);
  clock.ms += 1;
  expect(rate.waitMs).toBe(0);
});

test('what is under way has a part of it, until it has come', () => {
  const { rates } = ratesAt();
  const rate = rates.hold(1);
  let underWay = 0;
  for (; rate.waitMs === 0; underWay++) rate.begin();
  expect(underWay).toBe(limits.readsPerUserMax);
  rate.end();
  expect(rate.waitMs).toBe(0);
  for (underWay--; underWay > 0; underWay--) rate.end();
  expect(rate.isFull).toBe(true);
  rate.spend(burst - 1);
  expect(rate.waitMs).toBe(0);
});

test('the smallest answer counts', () => {
  const { rates } = ratesAt();
  const rate = rates.hold(1);
  for (let read = 0; read * limits.readBytesMin < burst; read++) rate.spend(0);
  expect(rate.waitMs).toBeGreaterThan(0);
});

test('connections of a user share it, also one that comes back; others have their own', () => {
  const { clock, rates } = ratesAt();
  const [one, other] = [rates.hold(1), rates.hold(1)];
  one.spend(2 * burst);
  expect(other.waitMs).toBeGreaterThan(0);
  expect(rates.hold(2).waitMs).toBe(0);
  expect(rates.hold('192.0.2.1').waitMs).toBe(0);
  rates.release(one);
  rates.release(other);
  rates.sweep();
  expect(rates.hold(1).waitMs).toBeGreaterThan(0);
  clock.ms += 10 * limits.readBurstSeconds * 1_000;
  rates.release(rates.hold(3));
  rates.sweep();
  // Of 1 one holder is left, 2 and the address are held; 3 has read nothing.
  expect(rates.size).toBe(3);
});

test('over any time no more is read than the burst, what that earns, and one page', () => {
  const page = fc.record({ bytes: fc.nat({ max: 5_000 }), pauseMs: fc.nat({ max: 3_000 }) });
  fc.assert(
    fc.property(fc.array(page, { maxLength: 100 }), (pages) => {
      const { clock, rates } = ratesAt();
      const rate = rates.hold(1);
      let read = 0;
      for (const { bytes, pauseMs } of pages) {
        clock.ms += pauseMs;
        if (rate.waitMs > 0) continue;
        rate.spend(bytes);
        read += bytes;
        expect(read).toBeLessThanOrEqual(burst + (clock.ms * bytesPerSecond) / 1_000 + 5_000);
      }
    }),
  );
});

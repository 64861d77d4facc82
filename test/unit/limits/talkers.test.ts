/** Goal: whoever sends much is known, of any number of people, in little room. Method: counts are compared with the truth. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { Talkers } from '../../../src/limits/talkers.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function talkers() {
  const clock = new VirtualClock();
  return { clock, talkers: new Talkers(() => clock.monotonic()) };
}

test('who sends most comes first', () => {
  const { talkers: sketch } = talkers();
  sketch.count(1, 2);
  sketch.count(2, 5);
  sketch.count(1, 1);
  expect(sketch.most(10)).toEqual([
    { userId: 2, perMinute: 5 },
    { userId: 1, perMinute: 3 },
  ]);
  expect(sketch.most(1)).toHaveLength(1);
});

test('one among very many who say little is found, and counted nearly right', () => {
  const { talkers: sketch } = talkers();
  const others = 100 * limits.talkersMax;
  for (let other = 1; other <= others; other += 1) {
    sketch.count(1_000 + other, 1);
    if (other % 10 === 0) sketch.count(7, 1);
  }
  const [first] = sketch.most(1);
  expect(first?.userId).toBe(7);
  const all = others + others / 10;
  expect(first?.perMinute).toBeLessThanOrEqual(others / 10);
  expect(first?.perMinute).toBeGreaterThanOrEqual(others / 10 - all / (limits.talkersMax + 1));
  expect(sketch.most(others).length).toBeLessThanOrEqual(limits.talkersMax);
});

test('what was said long ago does not count', async () => {
  const { clock, talkers: sketch } = talkers();
  sketch.count(1, 60);
  await clock.advance(60_000);
  sketch.sweep();
  sketch.count(2, 60);
  await clock.advance(60_000);
  expect(sketch.most(10)).toEqual([
    { userId: 1, perMinute: 30 },
    { userId: 2, perMinute: 30 },
  ]);
  sketch.sweep();
  await clock.advance(60_000);
  sketch.sweep();
  expect(sketch.most(10)).toEqual([]);
});

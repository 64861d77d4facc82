/** Goal: slow clients are told of when they are more than a few, and for a minute. Method: a virtual clock. */
import { expect, test } from '@jest/globals';
import { slowReaders } from '../../../src/server/slow-readers.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function watch(connections: number) {
  const clock = new VirtualClock();
  const counts = { slow: 7, behind: 0 };
  const look = slowReaders({
    slow: () => counts.slow,
    behindNow: () => counts.behind,
    connections: () => connections,
    clock,
  });
  return { clock, counts, look };
}

test('one of a hundred within a minute is told of, and no longer', async () => {
  const { clock, counts, look } = watch(100);
  expect(look()).toBeNull();
  counts.slow += 1;
  expect(look()).toBe('');
  await clock.advance(60_000);
  expect(look()).toBe('');
  await clock.advance(1);
  expect(look()).toBeNull();
});

test('one of more is not; those of a minute count together', async () => {
  const { clock, counts, look } = watch(200);
  counts.slow += 1;
  expect(look()).toBeNull();
  await clock.advance(30_000);
  counts.slow += 1;
  expect(look()).toBe('');
  await clock.advance(30_001);
  expect(look()).toBeNull();
});

test('one that is behind as it is counts as long as it is', async () => {
  const { counts, look } = watch(100);
  counts.behind = 1;
  expect(look()).toBe('');
  counts.behind = 0;
  expect(look()).toBeNull();
});

test('the last of all connections counts, though it has gone', () => {
  const { counts, look } = watch(0);
  counts.slow += 1;
  expect(look()).toBe('');
});

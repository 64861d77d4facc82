// Goal: what is begun, and when it was due. Method: time that the test moves.
import { expect, test } from '@jest/globals';
import { Pacer } from '../../../src/bench/pacer.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function createPacer(senders: number, inFlight: number, inFlightMax?: number) {
  const clock = new VirtualClock();
  const begun: { readonly sender: number; readonly dueMs: number }[] = [];
  const pacer = new Pacer({
    senders,
    inFlight,
    ...(inFlightMax !== undefined && { inFlightMax }),
    clock,
    nowMs: () => clock.monotonic(),
    begin: (sender, dueMs) => void begun.push({ sender, dueMs }),
  });
  return { clock, begun, pacer };
}

test('without a rate each sender has exactly so many in flight', () => {
  const { begun, pacer } = createPacer(2, 3);
  pacer.run(undefined);
  expect(begun.map(({ sender }) => sender)).toEqual([0, 0, 0, 1, 1, 1]);
  pacer.over(1, 2);
  expect(begun.slice(6).map(({ sender }) => sender)).toEqual([1, 1]);
  expect(pacer.inFlight).toBe(6);
  pacer.stop();
  pacer.over(0, 3);
  expect(begun.length).toBe(8);
});

test('a sender that is held begins nothing until it is released', () => {
  const { begun, pacer } = createPacer(1, 2);
  pacer.run(undefined);
  pacer.hold(0);
  pacer.over(0, 2);
  expect(begun.length).toBe(2);
  pacer.release(0);
  expect(begun.length).toBe(4);
});

test('at a rate all take turns, and what is begun late keeps when it was due', async () => {
  const { clock, begun, pacer } = createPacer(2, 1);
  pacer.run(100);
  await clock.advance(40);
  expect(begun).toEqual([
    { sender: 0, dueMs: 10 },
    { sender: 1, dueMs: 20 },
    { sender: 0, dueMs: 30 },
    { sender: 1, dueMs: 40 },
  ]);
  pacer.stop();
});

test('at a rate that nothing answers, a sender begins only so many', async () => {
  const { clock, begun, pacer } = createPacer(1, 1);
  pacer.run(10_000);
  await clock.advance(1_000);
  expect(begun.length).toBe(512);
  pacer.over(0);
  await clock.advance(2);
  expect(begun.length).toBe(513);
  // Due long ago: the wait counts.
  expect(begun.at(-1)?.dueMs).toBeLessThan(100);
  pacer.stop();
});

test('a sender that may have but one at a time is late, and keeps when it was due', async () => {
  const { clock, begun, pacer } = createPacer(1, 1, 1);
  pacer.run(100);
  await clock.advance(40);
  expect(begun).toEqual([{ sender: 0, dueMs: 10 }]);
  pacer.over(0);
  await clock.advance(2);
  expect(begun.slice(1)).toEqual([{ sender: 0, dueMs: 20 }]);
});

/** The bound over all connections, on connections that are numbers only. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { OutboxBudget, type Waiting } from '../../../src/server/outbox-budget.ts';

/** Since when those were stalled that were dropped, in that order. */
let dropped: number[];

beforeEach(() => {
  dropped = [];
});

class Reader implements Waiting {
  bufferedBytes = 0;
  stalledAt: number;
  isDropped = false;

  constructor(stalledAt = 0) {
    this.stalledAt = stalledAt;
  }

  drop(): void {
    this.isDropped = true;
    dropped.push(this.stalledAt);
    this.bufferedBytes = 0;
  }
}

function write(budget: OutboxBudget, reader: Reader, bytes: number): void {
  reader.bufferedBytes += bytes;
  budget.spend(bytes);
}

describe('the bytes that wait for all', () => {
  test('never pass the bound by more than a part of it: those stalled longest are dropped', () => {
    const readers = [new Reader(0), new Reader(5), new Reader(3), new Reader(9), new Reader(0)];
    const budget = new OutboxBudget(1_600, () => readers);
    let most = 0;
    for (let round = 0; round < 400; round++) {
      const [healthy, ...slow] = readers as [Reader, ...Reader[]];
      write(budget, healthy, 10);
      healthy.bufferedBytes = 0;
      for (const reader of slow) if (!reader.isDropped) write(budget, reader, 10);
      const total = readers.reduce((sum, { bufferedBytes }) => sum + bufferedBytes, 0);
      most = Math.max(most, total);
    }
    expect(most).toBeLessThanOrEqual(1_700);
    expect(dropped).toEqual([3, 5, 9, 0]);
    expect(readers[0]?.isDropped).toBe(false);
  });

  test('are looked at only when the bound may have been passed', () => {
    let walks = 0;
    const reader = new Reader();
    const budget = new OutboxBudget(1_600, () => {
      walks += 1;
      return [reader];
    });
    for (let index = 0; index < 1_600; index++) {
      write(budget, reader, 1);
      reader.bufferedBytes = 0;
    }
    expect(walks).toBe(0);
    write(budget, reader, 1);
    expect(walks).toBe(1);
  });

  test('of those that are not seen to be stalled are dropped where there are most', () => {
    const [small, large] = [new Reader(), new Reader()];
    const budget = new OutboxBudget(1_000, () => [small, large]);
    write(budget, small, 300);
    write(budget, large, 701);
    expect([small.isDropped, large.isDropped]).toEqual([false, true]);
  });
});

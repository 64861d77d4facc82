/** The bound over all that a process is made to hold, on connections that are numbers only. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { type Holder, ProcessBudget } from '../../../src/limits/process-budget.ts';

/** Those that were dropped, in that order. */
let dropped: string[];
let now: number;

beforeEach(() => {
  dropped = [];
  now = 60_000;
});

class Reader implements Holder {
  readonly name: string;
  unreadBytes = 0;
  takenBytes = 0;
  stalledAt: number;

  /** `stalledMs`: 0 = it reads. */
  constructor(name: string, stalledMs = 0) {
    this.name = name;
    this.stalledAt = stalledMs === 0 ? 0 : now - stalledMs;
  }

  drop(): void {
    dropped.push(this.name);
    this.unreadBytes = 0;
  }
}

function budgetOf(bytesMax: number, readers: () => Iterable<Holder>): ProcessBudget {
  const budget = new ProcessBudget({ bytesMax, monotonic: () => now });
  budget.watch(readers);
  return budget;
}

function write(budget: ProcessBudget, reader: Reader, bytes: number): void {
  reader.unreadBytes += bytes;
  budget.spend(bytes);
}

describe('the bytes of a process', () => {
  test('never pass the bound by more than a part of it: those stalled longest are dropped', () => {
    const readers = [
      new Reader('healthy'),
      new Reader('5 s', 5_000),
      new Reader('30 s', 30_000),
      new Reader('1 s', 1_000),
      new Reader('slow'),
    ];
    const budget = budgetOf(1_600, () => readers);
    let most = 0;
    for (let round = 0; round < 400; round++) {
      const [healthy, ...slow] = readers as [Reader, ...Reader[]];
      write(budget, healthy, 10);
      healthy.unreadBytes = 0;
      for (const reader of slow) if (!dropped.includes(reader.name)) write(budget, reader, 10);
      const total = readers.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
      most = Math.max(most, total);
    }
    expect(most).toBeLessThanOrEqual(1_700);
    expect(dropped).toEqual(['30 s', '5 s', '1 s', 'slow']);
  });

  test('are looked at only when there may be little left', () => {
    let walks = 0;
    const reader = new Reader('healthy');
    const budget = budgetOf(1_600, () => {
      walks += 1;
      return [reader];
    });
    for (let index = 0; index < 1_600 * limits.shortShare; index++) {
      write(budget, reader, 1);
      reader.unreadBytes = 0;
    }
    expect(walks).toBe(0);
    write(budget, reader, 1);
    expect(walks).toBe(1);
    expect(budget.isShort).toBe(false);
  });

  test('who holds little is not dropped for being slow, nor spared who holds much and takes a byte', () => {
    const small = new Reader('small', 20_000);
    const large = new Reader('large');
    const budget = budgetOf(1_000, () => [small, large]);
    write(budget, small, 10);
    write(budget, large, 991);
    expect(dropped).toEqual(['large']);
  });

  test('links are never dropped', () => {
    const link: Holder = { unreadBytes: 900, takenBytes: 0, stalledAt: 1 };
    const reader = new Reader('reader');
    const budget = budgetOf(1_000, () => [link, reader]);
    write(budget, reader, 50);
    budget.spend(1_000);
    expect(dropped).toEqual([]);
    write(budget, reader, 100);
    expect(dropped).toEqual(['reader']);
  });

  test('what was taken counts beside what waits, and is free when it is given back', () => {
    const reader = new Reader('reader');
    const budget = budgetOf(1_000, () => [reader]);
    budget.take(900);
    expect(budget.isShort).toBe(true);
    write(budget, reader, 101);
    expect(dropped).toEqual(['reader']);
    budget.giveBack(900);
    expect(budget.isShort).toBe(false);
    write(budget, reader, 500);
    expect(dropped).toEqual(['reader']);
  });

  test('what was read meanwhile is seen now and then, also if nothing is written any more', () => {
    const reader = new Reader('reader');
    const budget = budgetOf(1_000, () => [reader]);
    write(budget, reader, 950);
    expect(budget.isShort).toBe(true);
    reader.unreadBytes = 0;
    budget.review();
    expect(budget.isShort).toBe(false);
  });

  test('whoever has gone does not count any more', () => {
    const reader = new Reader('gone');
    const budget = new ProcessBudget({ bytesMax: 1_000, monotonic: () => now });
    const unwatch = budget.watch(() => [reader]);
    write(budget, reader, 950);
    unwatch();
    budget.review();
    expect(budget.heldBytes).toBe(0);
  });
});

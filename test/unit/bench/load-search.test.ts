// Goal: the search finds the rate that a system bears, and ends. Method: systems that are a number.
import { expect, test } from '@jest/globals';
import { LoadSearch } from '../../../src/bench/load-search.ts';

/** Bears every rate up to `most`. */
function searchUpTo(most: number, start = 500) {
  const search = new LoadSearch(start);
  const tried: number[] = [];
  for (let rate = search.next; rate !== undefined; rate = search.next) {
    tried.push(rate);
    search.report(rate <= most);
  }
  return { best: search.best, tried };
}

test('it comes close from below, whatever the system bears', () => {
  for (const most of [3, 499, 500, 7_300, 123_456, 2_000_000]) {
    const { best, tried } = searchUpTo(most);
    expect(best).toBeLessThanOrEqual(most);
    expect(best).toBeGreaterThanOrEqual(most / 1.6);
    if (most >= 100) expect(best).toBeGreaterThan(most / 1.09);
    expect(tried.length).toBeLessThan(31);
  }
});

test('it doubles until a step breaks, and never goes above one that did', () => {
  const { tried } = searchUpTo(3_000);
  expect(tried.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
  expect(Math.max(...tried.slice(4))).toBeLessThan(4_000);
});

test('a system that bears nothing: the search ends with nothing', () => {
  expect(searchUpTo(0).best).toBe(0);
});

/** Many who take of one thing, as numbers. */
import { beforeEach, expect, test } from '@jest/globals';
import { FairShare } from '../../../src/limits/fair-share.ts';

let all: FairShare;

beforeEach(() => {
  all = new FairShare({ most: 100, least: 8 });
});

class Taker {
  own = 0;

  /** Takes one after the other until there is no more for it; returns how much it has. */
  takeAll(most = 1_000): number {
    while (this.own < most && !all.isUsedUp(this.own)) {
      all.take(1, this.own);
      this.own += 1;
    }
    return this.own;
  }

  giveBack(amount: number): void {
    this.own -= amount;
    all.giveBack(amount, this.own);
  }
}

test('one alone takes all there is, and others a little all the same', () => {
  expect(new Taker().takeAll()).toBe(100);
  expect(new Taker().takeAll()).toBe(8);
  expect(new Taker().takeAll(5)).toBe(5);
});

test('when half of it is taken, nobody takes more than a share', () => {
  const takers = Array.from({ length: 4 }, () => new Taker());
  for (const taker of takers) taker.takeAll(15);
  expect(takers.map((taker) => taker.takeAll())).toEqual([25, 25, 25, 25]);
});

test('of very many each has a little, so what they have together grows slowly', () => {
  const takers = Array.from({ length: 1_000 }, () => new Taker());
  const each = takers.map((taker) => taker.takeAll());
  expect(each.at(-1)).toBe(8);
  expect(each.reduce((sum, own) => sum + own, 0)).toBeLessThan(1_000 * 8 + 100);
});

test('many who take little are never held back while they have less than a share', () => {
  for (let count = 0; count < 200; count++) expect(new Taker().takeAll(1)).toBe(1);
  expect(all.isUsedUp(1)).toBe(false);
  expect(all.isUsedUp(8)).toBe(true);
});

test('whoever had to wait goes on with half of a share, or when half of all is free', () => {
  const [one, other] = [new Taker(), new Taker()];
  one.takeAll(50);
  other.takeAll(50);
  one.giveBack(20);
  expect(all.leavesRoom(one.own)).toBe(false);
  one.giveBack(5);
  expect(all.leavesRoom(one.own)).toBe(true);
  expect(all.leavesRoom(other.own)).toBe(false);
  one.giveBack(25);
  expect(all.leavesRoom(other.own)).toBe(true);
});

test('who has given all back shares no more', () => {
  const takers = Array.from({ length: 10 }, () => new Taker());
  for (const taker of takers) taker.takeAll();
  for (const taker of takers) taker.giveBack(taker.own);
  const [one, other] = [new Taker(), new Taker()];
  expect([one.takeAll(50), other.takeAll()]).toEqual([50, 50]);
});

test('more than was taken is not given back', () => {
  all.take(2, 0);
  expect(() => all.giveBack(3, 0)).toThrow('more is given back');
});

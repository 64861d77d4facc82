import { describe, expect, test } from '@jest/globals';
import {
  agreedMaster,
  isOutdated,
  type SentinelView,
} from '../../../../../src/store/redis/connection/agreement.ts';

const one = { host: '10.0.0.1', port: 6379 };
const other = { host: '10.0.0.2', port: 6379 };

function view(id: string, fields: Partial<SentinelView> = {}): SentinelView {
  return { id, master: one, epoch: 1, isFailingOver: false, others: 2, ...fields };
}

describe('a master is agreed on', () => {
  test('by a majority of all Sentinels, of those too that do not answer', () => {
    expect(agreedMaster([view('a'), view('b')])).toEqual({ master: one, epoch: 1 });
    expect(agreedMaster([view('a')])).toMatch('of 3 Sentinels 1 answer');
    expect(agreedMaster([view('a', { others: 0 })])).toEqual({ master: one, epoch: 1 });
    expect(agreedMaster([view('a', { others: 1 })])).toMatch('of 2 Sentinels 1 answer');
    expect(agreedMaster([])).toBe('no Sentinel answers');
  });

  test('once per Sentinel, by whatever names it is reached', () => {
    expect(agreedMaster([view('a'), view('a')])).toMatch('no majority');
  });

  test('in the highest epoch only', () => {
    const views = [view('a'), view('b'), view('c', { master: other, epoch: 2 })];
    expect(agreedMaster(views)).toMatch('no majority');
    views[1] = view('b', { master: other, epoch: 2 });
    expect(agreedMaster(views)).toEqual({ master: other, epoch: 2 });
  });

  test('never while one of them is failing over', () => {
    expect(agreedMaster([view('a'), view('b'), view('c', { isFailingOver: true })])).toMatch(
      'failing over',
    );
  });
});

describe('a master is left', () => {
  const taken = { master: one, epoch: 1 };
  const isLeft = (...views: SentinelView[]) => isOutdated(taken, views, agreedMaster(views));

  test('when any Sentinel knows a newer epoch: another was promoted', () => {
    expect(isLeft(view('a'), view('b'), view('c', { epoch: 2 }))).toBe(true);
    expect(isLeft(view('c', { epoch: 2, isFailingOver: true }))).toBe(true);
  });

  test('when a majority names another one', () => {
    expect(isLeft(view('a', { master: other }), view('b', { master: other }))).toBe(true);
    expect(isLeft(view('a', { master: other }), view('b'))).toBe(false);
  });

  test('not when Sentinels are away, or think of a failover', () => {
    expect(isLeft()).toBe(false);
    expect(isLeft(view('a'), view('b', { isFailingOver: true }))).toBe(false);
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hash } from '../../../src/balance/consistent-hash.ts';
import { strategies, uniform } from '../../../src/balance/strategies.ts';
import type { Candidate } from '../../../src/balance/strategy.ts';

function candidates(...keys: string[]): Candidate[] {
  return keys.map((key) => ({ key, connections: 0 }));
}

const three = candidates('10.0.0.1:11211:8081', '10.0.0.2:11211:8081', '10.0.0.3:11211:8081');
const ten = candidates(...Array.from({ length: 10 }, (_, index) => `127.0.0.${index}`));

describe('consistent-hash', () => {
  test.each([
    ['10.0.0.1:11211:8081', 2345276557],
    ['vir23452765570', 1565292172],
    ['vir23452765571', 2826993883],
    ['10.0.0.2:11211:8081', 114743108],
    ['vir1147431080', 4121100340],
    ['vir1147431081', 4029415336],
    ['10.0.0.3:11211:8081', 727377230],
    ['vir7273772300', 384578028],
    ['vir7273772301', 3470044693],
    ['1547028929407', 3750546781],
    ['1', 943901380],
    ['zhangsan', 133486337],
  ])('the hash of %s is that of the Java system', (text, expected) => {
    expect(hash(text)).toBe(expected);
  });

  test.each([
    ['three', three, '1547028929407', '10.0.0.2:11211:8081'],
    ['three', three, '1547028929408', '10.0.0.2:11211:8081'],
    ['three', three, '1551253899106', '10.0.0.1:11211:8081'],
    ['three', three, '1', '10.0.0.1:11211:8081'],
    ['three', three, '100', '10.0.0.1:11211:8081'],
    ['three', three, 'zhangsan', '10.0.0.3:11211:8081'],
    ['ten', ten, 'zhangsan', '127.0.0.2'],
    ['ten', ten, 'zhangsan2', '127.0.0.3'],
    ['ten', ten, '1551253899106', '127.0.0.6'],
  ])('among %s servers, as in the Java system: case %#', (_, list, userId, expected) => {
    expect(strategies['consistent-hash']()(list, userId).key).toBe(expected);
  });

  test('a key past the last point comes to the first', () => {
    // The lowest and the highest point of these two servers are both the third's.
    const two = [three[0]!, three[2]!];
    const beyond = Array.from({ length: 100 }, (_, id) => String(id)).find(
      (id) => hash(id) > 3470044693,
    )!;
    expect(strategies['consistent-hash']()(two, beyond).key).toBe('10.0.0.3:11211:8081');
  });

  test('the answer follows from the list and the user alone, whatever was asked before', () => {
    const list = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });
    const kept = strategies['consistent-hash']();
    fc.assert(
      fc.property(list, fc.string(), (keys, userId) => {
        const chosen = kept(candidates(...keys), userId);
        expect(chosen).toEqual(strategies['consistent-hash']()(candidates(...keys), userId));
        expect(chosen.key).toBe(kept(candidates(...keys.toReversed()), userId).key);
      }),
    );
  });

  test('only users of the server that left are moved', () => {
    const choose = strategies['consistent-hash']();
    for (let id = 0; id < 1_000; id++) {
      const before = choose(ten, String(id));
      const after = choose(ten.slice(0, -1), String(id));
      if (before !== ten.at(-1)) expect(after).toBe(before);
    }
  });

  test('the candidate given is the one of the present list, not of the list remembered', () => {
    const choose = strategies['consistent-hash']();
    choose(three, '1');
    const now = three.map((candidate) => ({ ...candidate, connections: 7 }));
    expect(choose(now, '1')).toBe(now[0]);
  });
});

describe('round-robin', () => {
  test('takes all in turn, beginning with the second', () => {
    const choose = strategies['round-robin']();
    const keys = Array.from({ length: 4 }, () => choose(three, '1').key.slice(0, 8));
    expect(keys).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.1', '10.0.0.2']);
  });

  test('goes on when the list shrinks', () => {
    const choose = strategies['round-robin']();
    for (let turn = 0; turn < 5; turn++) choose(ten, '1');
    expect(choose(three.slice(0, 1), '1')).toBe(three[0]);
  });
});

describe('random', () => {
  test('takes each for its share of the interval', () => {
    const draws = [0, 0.33, 0.34, 0.66, 0.67, 0.999_999];
    const chosen = draws.map((draw) => uniform(() => draw)(three, '1'));
    expect(chosen).toEqual([three[0], three[0], three[1], three[1], three[2], three[2]]);
  });

  test('reaches every candidate', () => {
    const choose = strategies.random();
    const keys = new Set(Array.from({ length: 1_000 }, () => choose(three, '1').key));
    expect(keys.size).toBe(3);
  });
});

describe('least-connections', () => {
  const loaded = (...counts: number[]) =>
    counts.map((connections, index) => ({ key: `s${index}`, connections }));

  test('takes the one with the fewest', () => {
    expect(strategies['least-connections']()(loaded(5, 2, 9), '1').key).toBe('s1');
  });

  test('a crowd between two reports is spread, not all sent to one', () => {
    const choose = strategies['least-connections']();
    const chosen = Array.from({ length: 9 }, () => choose(loaded(10, 10, 13), '1').key);
    const count = (key: string) => chosen.filter((each) => each === key).length;
    expect([count('s0'), count('s1'), count('s2')]).toEqual([4, 4, 1]);
  });

  test('a new report counts as it is', () => {
    const choose = strategies['least-connections']();
    for (let login = 0; login < 6; login++) choose(loaded(0, 4), '1');
    // Of those six, five went to the first, which now reports even more; the second has not
    // reported anew.
    expect(choose(loaded(9, 4), '1').key).toBe('s1');
  });
});

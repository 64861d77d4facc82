import { describe, expect, test } from '@jest/globals';
import { BoundedMap } from '../../../src/base/bounded-map.ts';

function kept<Value>(map: BoundedMap<string, Value>, keys: string): string {
  return [...keys].filter((key) => map.get(key) !== undefined).join('');
}

describe('a bounded map', () => {
  test('lets go what was used least recently', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect(kept(map, 'abc')).toBe('ac');
  });

  test('has room for an entry that is set anew', () => {
    const map = new BoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect(kept(map, 'abc')).toBe('ac');
  });

  test('counts what its entries hold, as it was when they were set', () => {
    const map = new BoundedMap<string, string[]>(10, ({ length }) => length);
    const growing = ['x'];
    map.set('a', growing);
    map.set(
      'b',
      Array.from({ length: 8 }, () => 'x'),
    );
    growing.push('x', 'x');
    expect(kept(map, 'ab')).toBe('ab');
    // Now it is three, beside eight.
    map.set('a', growing);
    expect(kept(map, 'ab')).toBe('a');
    map.delete('a');
    map.set(
      'c',
      Array.from({ length: 10 }, () => 'x'),
    );
    expect(kept(map, 'ac')).toBe('c');
  });

  test('keeps nothing that is larger than itself, nor what was there before it', () => {
    const map = new BoundedMap<string, string>(3, ({ length }) => length);
    map.set('a', 'x');
    map.set('b', 'y');
    map.set('a', 'long');
    expect(kept(map, 'ab')).toBe('b');
  });
});

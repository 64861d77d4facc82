import { expect, test } from '@jest/globals';
import { RecentlyUsed } from '../../../src/base/recently-used.ts';

test('beyond its bound, what was used least recently makes room, and is disposed of', () => {
  const gone: string[] = [];
  const map = new RecentlyUsed<string, object>(2, { dispose: (_, key) => gone.push(key) });
  for (const key of ['a', 'b']) map.set(key, {});
  map.get('a');
  map.set('c', {});
  expect([gone, [...map.keys()].toSorted()]).toEqual([['b'], ['a', 'c']]);
});

test('setting what is there takes no second place', () => {
  const map = new RecentlyUsed<number, object>(2);
  for (const key of [1, 2, 1, 1, 2]) map.set(key, {});
  expect([...map.keys()].toSorted()).toEqual([1, 2]);
});

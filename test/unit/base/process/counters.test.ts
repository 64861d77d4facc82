import { expect, test } from '@jest/globals';
import { Counters } from '../../../../src/base/process/counters.ts';

test('counters start at 0, keep their order, and have names of their own', () => {
  const counters = new Counters();
  const seen = counters.add('b', 'what was seen');
  counters.add('a', 'what was not');
  seen.value += 2;
  expect(counters.list().map(({ name, value }) => [name, value])).toEqual([
    ['b', 2],
    ['a', 0],
  ]);
  expect(() => counters.add('b', 'again')).toThrow('already');
});

test('one that is counted elsewhere is read when it is told', () => {
  const counters = new Counters();
  let count = 1;
  counters.observe('a', 'what others count', () => count);
  count = 5;
  expect(counters.list().map(({ value }) => value)).toEqual([5]);
  expect(() => counters.add('a', 'again')).toThrow('already');
});

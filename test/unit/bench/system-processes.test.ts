// Goal: each process of a system can be told from the others. Method: processes as they may be found.
import { expect, test } from '@jest/globals';
import { arrange } from '../../../src/bench/system-processes.ts';

test('roles first, then the rest; those of one kind are told apart by their pids', () => {
  const found = [
    { pid: 7, name: 'redis-server' },
    { pid: 5, name: 'cim route' },
    { pid: 9, name: 'cim server' },
    { pid: 3, name: 'cim server' },
    { pid: 2, name: 'zookeeper' },
  ];
  const arranged = [
    { pid: 3, name: 'cim server 3' },
    { pid: 9, name: 'cim server 9' },
    { pid: 5, name: 'cim route' },
    { pid: 7, name: 'redis-server' },
    { pid: 2, name: 'zookeeper' },
  ];
  expect(arrange(found)).toEqual(arranged);
  expect(arrange(found.toReversed())).toEqual(arranged);
});

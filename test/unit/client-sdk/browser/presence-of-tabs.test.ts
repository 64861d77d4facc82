/** What several tabs watch is watched once, and each of them is told how it is. */
import { expect, test } from '@jest/globals';
import { presenceOfTabs } from '../../../../src/client/sdk/browser/presence-of-tabs.ts';

function start() {
  const calls: (readonly [string, readonly number[]])[] = [];
  const told: number[] = [];
  const presence = presenceOfTabs({
    client: {
      watchPresence: (ids) => calls.push(['watch', ids]),
      unwatchPresence: (ids) => calls.push(['unwatch', ids]),
    },
    onKnown: ({ userId }) => told.push(userId),
  });
  const changes = () => calls.splice(0).filter(([, ids]) => ids.length > 0);
  return { presence, changes, told };
}

test('a user is watched while a tab wants it', () => {
  const { presence, changes } = start();
  presence.watch('a', [1, 2]);
  expect(changes()).toEqual([['watch', [1, 2]]]);
  presence.watch('b', [2, 3]);
  expect(changes()).toEqual([['watch', [3]]]);
  presence.watch('a', []);
  expect(changes()).toEqual([['unwatch', [1]]]);
  presence.watch('b', []);
  expect(changes()).toEqual([['unwatch', [2, 3]]]);
});

test('a tab that begins to watch somebody is told what is known, and only then', () => {
  const { presence, told } = start();
  presence.watch('a', [1, 2]);
  presence.moved({ userId: 1, online: true });
  presence.watch('b', [1, 2]);
  expect(told.splice(0)).toEqual([1]);
  presence.watch('b', [1, 2, 3]);
  expect(told).toEqual([]);
  presence.lost();
  presence.watch('c', [1]);
  expect(told).toEqual([]);
});

test('of somebody whom nobody watched nothing is known', () => {
  const { presence, told } = start();
  presence.watch('a', [1]);
  presence.moved({ userId: 1, online: true });
  presence.watch('a', []);
  presence.watch('b', [1]);
  expect(told).toEqual([]);
});

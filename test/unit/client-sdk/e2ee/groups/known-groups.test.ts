/** Which groups a device takes for encrypted, whatever it is told later. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../../src/base/limits.ts';
import type { GroupView } from '../../../../../src/client/sdk/e2ee/groups/group-view.ts';
import {
  isSavedGroups,
  KnownGroups,
} from '../../../../../src/client/sdk/e2ee/groups/known-groups.ts';

const last = { number: 2, epoch: 2, kind: 'joined', userId: 2, by: 2, at: 5 } as const;
const view: GroupView = {
  ...{ groupId: 'g'.repeat(22), showsAll: false, epoch: 7, freshFrom: 6, last, lastOfKeys: 3 },
  members: new Map([
    [1, 1],
    [2, 2],
  ]),
};

function restarted(known: KnownGroups): KnownGroups {
  const saved = JSON.parse(JSON.stringify(known.save()));
  expect(isSavedGroups(saved)).toBe(true);
  const later = new KnownGroups();
  later.restore(saved);
  return later;
}

describe('a group that is encrypted', () => {
  test('is so for ever, whoever says otherwise', () => {
    const known = new KnownGroups();
    expect(known.of('team')).toBeUndefined();
    expect(known.learn('team', true)).toBe(true);
    expect(known.learn('team', false)).toBe(false);
    expect(known.of('team')).toBe('encrypted');
  });

  test('is remembered, with what is held of it; others are not', () => {
    const known = new KnownGroups();
    known.learn('team', true);
    known.learn('new', true);
    known.learn('open', false);
    known.keep('team', view);
    const later = restarted(known);
    expect(later.of('team')).toBe('encrypted');
    expect(later.learn('team', false)).toBe(false);
    expect([later.viewOf('team'), later.viewOf('new')]).toEqual([view, undefined]);
    expect(later.of('open')).toBeUndefined();
  });

  test('that the user has left stays one, and keeps how far its keys had come', () => {
    const known = new KnownGroups();
    known.learn('team', true);
    known.keep('team', view);
    known.learn('open', false);
    expect([known.leave('team'), known.leave('open'), known.leave('none')]).toEqual([
      ...[true, false, false],
    ]);
    const later = restarted(known);
    expect([later.of('team'), later.isLeft('team'), later.of('open')]).toEqual([
      ...['encrypted', true, undefined],
    ]);
    const left = { ...view, last: null };
    expect(later.viewOf('team')).toEqual(left);
    // In it again, in the clear as it is said.
    expect(later.learn('team', false)).toBe(true);
    expect([later.of('team'), later.isLeft('team')]).toEqual(['encrypted', false]);
    expect(later.viewOf('team')).toEqual(left);
  });

  test('of those that were left some are forgotten, at last those that were written to', () => {
    const known = new KnownGroups();
    for (const group of ['written', 'read']) known.learn(group, true);
    expect([known.write('written'), known.write('written')]).toEqual([true, false]);
    for (const group of ['written', 'read']) known.leave(group);
    const leaveMany = (prefix: string, count: number) => {
      for (let at = 0; at < count; at++) {
        known.learn(`${prefix}${at}`, true);
        known.leave(`${prefix}${at}`);
      }
    };
    leaveMany('one', limits.clientLeftGroupsMax - 2);
    expect(known.of('read')).toBe('encrypted');
    known.learn('inside', true);
    leaveMany('more', limits.clientLeftGroupsMax);
    expect([known.of('read'), known.of('written'), known.of('inside')]).toEqual([
      ...[undefined, 'encrypted', 'encrypted'],
    ]);
    expect(restarted(known).of('written')).toBe('encrypted');
  });
});

const saved = { ...view, members: [[1, 1]] };
test.each([
  [null],
  [{}],
  [['team']],
  [[['team']]],
  [[['team', 'x']]],
  [[['team', { isLeft: 1 }]]],
  [[['team', { view: null }]]],
  [[['team', { view: { ...saved, groupId: 'x' } }]]],
  [[['team', { view: { ...saved, members: [[1]] } }]]],
  [[['team', { view: { ...saved, epoch: -1 } }]]],
  [[['team', { view: { ...saved, last: { ...last, kind: 'drawn' } } }]]],
  [[[1, { view: saved }]]],
])('what was saved as %j makes no sense', (value) => {
  expect(isSavedGroups(value)).toBe(false);
  expect(isSavedGroups([['team', { view: saved }]])).toBe(true);
});

/** Which groups a device takes for encrypted, whatever it is told later. */
import { describe, expect, test } from '@jest/globals';
import {
  isSavedGroups,
  KnownGroups,
} from '../../../../../src/client/sdk/e2ee/groups/known-groups.ts';

describe('a group that is encrypted', () => {
  test('is so for ever, whoever says otherwise', () => {
    const known = new KnownGroups();
    expect(known.of('team')).toBeUndefined();
    expect(known.learn('team', true)).toBe(true);
    expect(known.learn('team', false)).toBe(false);
    expect(known.of('team')).toBe('encrypted');
  });

  test('is remembered, with what was told of it; others are not', () => {
    const known = new KnownGroups();
    known.learn('team', true);
    known.learn('new', true);
    known.learn('open', false);
    known.told('team', 7);
    const saved = JSON.parse(JSON.stringify(known.save()));
    expect(isSavedGroups(saved)).toBe(true);
    const later = new KnownGroups();
    later.restore(saved);
    expect(later.of('team')).toBe('encrypted');
    expect(later.learn('team', false)).toBe(false);
    expect([later.toldOf('team'), later.toldOf('new')]).toEqual([7, undefined]);
    expect(later.of('open')).toBeUndefined();
  });

  test('that the user is in no longer is another one if it comes again', () => {
    const known = new KnownGroups();
    known.learn('team', true);
    known.told('team', 7);
    expect(known.forget('team')).toBe(true);
    known.learn('team', false);
    expect([known.of('team'), known.toldOf('team')]).toEqual(['clear', undefined]);
    expect(known.forget('team')).toBe(false);
  });
});

test.each([[null], [{}], [['team']], [[['team']]], [[['team', 'x']]], [[[1, 2]]]])(
  'what was saved as %j makes no sense',
  (saved) => {
    expect(isSavedGroups(saved)).toBe(false);
  },
);

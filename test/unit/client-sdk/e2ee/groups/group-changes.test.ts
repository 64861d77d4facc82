/** What an application is told of who is in an encrypted group: each change once, or all who are in it. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../../src/base/errors.ts';
import { GroupChanges } from '../../../../../src/client/sdk/e2ee/groups/group-changes.ts';
import {
  type GroupKeyCalls,
  GroupRegister,
} from '../../../../../src/client/sdk/e2ee/groups/group-register.ts';
import { KnownGroups } from '../../../../../src/client/sdk/e2ee/groups/known-groups.ts';
import { GroupServer } from '../support/group-server.ts';

const [bob, amy, joe, eve] = [1, 2, 3, 4] as const;

/** Bob's device, in a group that bob has made. */
function listener(group = new GroupServer(), known = new KnownGroups()) {
  if (group.members.size === 0) group.join(bob);
  const told: string[] = [];
  const calls = { ...group.callsOf(bob) };
  known.learn('team', true);
  const changes = new GroupChanges({
    userId: bob,
    known,
    register: new GroupRegister(calls),
    tell: {
      change: ({ kind, userId }) => void told.push(`${userId} ${kind}`),
      members: ({ members, isAnother }) =>
        void told.push(`${isAnother ? 'another: ' : ''}${members.join()}`),
    },
    onKnown: () => {},
  });
  const membersOf = () => [...(known.viewOf('team')?.members.keys() ?? [])].toSorted();
  return { changes, told, known, group, calls, membersOf };
}

describe('changes of a group', () => {
  test('from before the device knew it are told as who is in it, those after one by one', async () => {
    const { changes, told, group, membersOf } = listener();
    await changes.look('team');
    // Who is alone in it knows.
    expect(told).toEqual([]);
    for (const userId of [amy, joe, eve]) group.join(userId);
    group.leave(amy, 'removed');
    await changes.look('team');
    await changes.look('team');
    expect(told).toEqual(['2 joined', '3 joined', '4 joined', '2 removed']);
    const later = listener(group);
    await later.changes.look('team');
    expect(later.told).toEqual(['1,3,4']);
    expect(membersOf()).toEqual([bob, joe, eve]);
    expect(later.membersOf()).toEqual(membersOf());
  });

  test('of its keys are told with them', async () => {
    const { changes, told, group } = listener();
    await changes.look('team');
    group.join(amy);
    const slots = [bob, amy].map((userId) => ({ userId, sealed: 'x' }));
    await group
      .callsOf(bob)
      .drawGroupKey({ group: 'team', epoch: 2, draw: 'd', slots, commit: true });
    group.leave(amy);
    await changes.look('team');
    await changes.look('team');
    expect(told).toEqual(['2 joined', '1 drawn', '2 left']);
  });

  test('while the device was away are told by the next process', async () => {
    const { changes, group, known } = listener();
    await changes.look('team');
    const saved = JSON.parse(JSON.stringify(known.save()));
    const later = new KnownGroups();
    later.restore(saved);
    const next = listener(group, later);
    group.join(amy);
    await next.changes.look('team');
    expect(next.told).toEqual(['2 joined']);
  });

  test('that come while they are asked for are asked for once more', async () => {
    const { changes, told, group } = listener();
    const reads = [changes.read('team'), changes.read('team'), changes.read('team')];
    group.join(amy);
    await Promise.all(reads);
    expect(told.join()).toMatch(/^(1,2|2 joined)$/);
    expect((await reads[2])?.members.has(amy)).toBe(true);
    expect(group.called.length).toBeLessThanOrEqual(4);
  });

  test('that no route tells now are told the next time', async () => {
    const { changes, told, group } = listener();
    await changes.look('team');
    group.join(amy);
    group.before.set('groupChanges', () => {
      throw new CimError('unavailable');
    });
    await changes.look('team');
    expect(told).toEqual([]);
    await changes.look('team');
    expect(told).toEqual(['2 joined']);
  });

  test('that were dropped before they were told have all who are in it told anew', async () => {
    const { changes, told, group, membersOf } = listener();
    await changes.look('team');
    for (const userId of [amy, joe]) group.join(userId);
    group.dropChanges(2);
    // Somebody goes, and another comes, while it is asked who is there.
    group.before.set('groupMembers', () => group.leave(joe));
    group.after.set('groupMembers', () => group.join(eve));
    await changes.look('team');
    expect(told).toEqual(['1,2,4']);
    expect(membersOf()).toEqual([bob, amy, eve]);
    group.leave(amy);
    await changes.look('team');
    expect(told).toEqual(['1,2,4', '2 left']);
  });

  test('that a store has lost and made others of have all who are in it told anew', async () => {
    const { changes, told, group, membersOf } = listener();
    group.join(amy);
    await changes.look('team');
    group.startAnew(bob, joe);
    await changes.look('team');
    expect(told).toEqual(['1,2', '1,3']);
    expect(membersOf()).toEqual([bob, joe]);
  });

  test('of another group of the name are those of another group', async () => {
    const { changes, told, group, known } = listener();
    for (let count = 0; count < 5; count++) {
      group.join(amy);
      group.leave(amy);
    }
    await changes.look('team');
    expect(known.viewOf('team')).toMatchObject({ epoch: 11, freshFrom: 11 });
    group.makeAnew(bob, joe);
    await changes.look('team');
    expect(told).toEqual(['another: 1,3']);
    expect(known.viewOf('team')).toMatchObject({ epoch: 2, freshFrom: 0 });
  });

  test('of a group that the user is in again go on where its epochs were', async () => {
    const { changes, told, group, known } = listener();
    for (const userId of [amy, joe]) group.join(userId);
    await changes.look('team');
    group.leave(amy);
    await changes.look('team');
    known.leave('team');
    await expect(changes.read('team')).rejects.toMatchObject({ kind: 'not-a-member' });
    known.learn('team', true);
    // As if nobody had gone.
    group.startAnew(bob, amy, joe);
    await changes.look('team');
    expect(told).toEqual(['1,2,3', '2 left', '1,2,3']);
    // Amy, who was told to be gone, has come after all that was seen.
    expect(known.viewOf('team')).toMatchObject({ epoch: 5, freshFrom: 4 });
    expect(known.viewOf('team')?.members.get(amy)).toBe(5);
  });

  test('that came while the user left are not told', async () => {
    const { changes, told, group, known } = listener();
    await changes.look('team');
    group.join(amy);
    const looking = changes.look('team');
    known.leave('team');
    await looking;
    expect(told).toEqual([]);
  });
});

const sound = { groupId: 'g'.repeat(22), changes: [], keyChanges: [], more: false };
const change = { number: 1, epoch: 1, kind: 'created', userId: bob, by: bob, at: 1 };
test.each([
  null,
  {},
  { ...sound, changes: 'none' },
  { ...sound, groupId: 'g h' },
  { ...sound, changes: [{ ...change, kind: 'crowned' }] },
  { ...sound, changes: [{ ...change, userId: 'x' }] },
  { ...sound, changes: [{ ...change, number: null }] },
  { ...sound, changes: [{ ...change, epoch: -1 }] },
  { ...sound, changes: [change, { ...change, number: 3 }] },
  { ...sound, changes: [change, change], more: true },
  { ...sound, changes: [change], more: true },
  { ...sound, keyChanges: [{ ...change, kind: 'left' }] },
])('what makes no sense (%j) is none', async (answer) => {
  const { changes, told, calls, known, group } = listener();
  const groupChanges: GroupKeyCalls['groupChanges'] = async () => answer;
  Object.assign(calls, { groupChanges });
  await expect(changes.read('team')).rejects.toThrow(CimError);
  expect(known.viewOf('team')).toBeUndefined();
  Object.assign(calls, group.callsOf(bob));
  group.join(amy);
  await changes.look('team');
  const held = known.viewOf('team');
  Object.assign(calls, { groupChanges });
  await changes.look('team');
  expect(known.viewOf('team')).toBe(held);
  expect(told).toEqual(['1,2']);
});

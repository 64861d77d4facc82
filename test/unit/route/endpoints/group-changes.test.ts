/** What owners and admins do: who is told, what becomes of messages, and what everybody else hears. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { GroupChange } from '../../../../src/store/groups.ts';
import {
  address,
  amy,
  bob,
  instance,
  RouteHarness,
  submission,
} from '../../../support/route-harness.ts';

const notAMember = 7302;
const removedCode = 7324;

let route: RouteHarness;
beforeEach(async () => {
  route = await RouteHarness.start();
  await route.core.operations.createGroup(bob.userId, 'cooks');
  await route.core.operations.joinGroup(amy.userId, 'cooks');
});

const change = (by: number, asked: GroupChange) =>
  route.core.operations.changeGroup(by, 'cooks', asked);
const remove = (by: number, userId: number) => change(by, { kind: 'remove', userId });
const refusal = (kind: string) => expect.objectContaining({ kind });
const codesOf = (results: readonly { readonly code: number }[]) => results.map(({ code }) => code);

describe('a member who is removed', () => {
  test('is told on every connection, also by a repeat', async () => {
    for (const sessionId of [3, 4]) await route.connect(amy, sessionId);
    await route.connect(bob, 5);
    await remove(bob.userId, amy.userId);
    const told = {
      instance,
      group: 'cooks',
      code: removedCode,
      joined: 0,
      head: 0,
      invitedBy: 0,
      keyEpoch: 0,
    };
    const toBoth = [
      { ...told, sessionId: 3 },
      { ...told, sessionId: 4 },
    ];
    expect(route.memberships).toEqual(expect.arrayContaining(toBoth));
    expect(route.memberships).toHaveLength(2);
    await remove(bob.userId, amy.userId);
    expect(route.memberships).toHaveLength(4);
  });

  test('reads, lists and writes no more, and hears why where it is asked', async () => {
    const { operations, api } = route.core;
    await route.submit(submission(1, 'soup', 'cooks'));
    await remove(bob.userId, amy.userId);
    const late = [submission(1, 'soup', 'cooks'), submission(2, 'late', 'cooks')];
    expect(codesOf(await route.submit(...late))).toEqual([0, notAMember]);
    const read = { userId: amy.userId, group: 'cooks', after: 0, afterIdentity: '', limit: 10 };
    expect((await callOne(api.read, read)).code).toBe(notAMember);
    const query = { userId: amy.userId, group: 'cooks', limit: 10 };
    await expect(operations.history(query)).rejects.toEqual(refusal('not-a-member'));
    const members = { ...query, after: 0 };
    await expect(operations.groupMembers(members)).rejects.toEqual(refusal('not-a-member'));
    await expect(operations.groupOf(amy.userId, 'cooks')).rejects.toEqual(
      refusal('removed-from-group'),
    );
    await expect(operations.joinGroup(amy.userId, 'cooks')).rejects.toEqual(
      refusal('removed-from-group'),
    );
    await change(bob.userId, { kind: 'invite', userId: amy.userId });
    await expect(operations.groupOf(amy.userId, 'cooks')).rejects.toEqual(refusal('not-a-member'));
    await operations.joinGroup(amy.userId, 'cooks');
    expect(codesOf(await route.submit(submission(2, 'late', 'cooks')))).toEqual([notAMember]);
    expect(codesOf(await route.submit(submission(3, 'salt', 'cooks')))).toEqual([0]);
    expect(await route.timelineOf('g:cooks')).toEqual(['soup', 'salt']);
  });
});

test('the title is as it was written, or the name; a bad one is refused', async () => {
  const { operations } = route.core;
  const title = async () => (await operations.groupOf(amy.userId, 'cooks')).title;
  await change(bob.userId, { kind: 'set', title: '  Köche & Freunde 🍲  ' });
  expect(await title()).toBe('Köche & Freunde 🍲');
  await change(bob.userId, { kind: 'set', title: ' ' });
  expect(await title()).toBe('cooks');
  for (const bad of ['two\nlines', 'a\u202eb', '\u{2800}'])
    await expect(change(bob.userId, { kind: 'set', title: bad })).rejects.toEqual(
      refusal('invalid-argument'),
    );
  const long = 'ä'.repeat(limits.groupTitleCharactersMax + 1);
  await expect(change(bob.userId, { kind: 'set', title: long })).rejects.toEqual(
    refusal('too-long'),
  );
});

test('whoever is not allowed is refused, whatever they ask for and whoever it is about', async () => {
  const stranger = 99;
  const before = await route.store.groups.find('cooks');
  for (const by of [amy.userId, stranger])
    for (const userId of [amy.userId, bob.userId, stranger, 12_345]) {
      for (const kind of ['admin', 'unadmin', 'hand-over'] as const)
        await expect(change(by, { kind, userId })).rejects.toEqual(refusal('not-the-owner'));
      await expect(remove(by, userId)).rejects.toEqual(refusal('not-an-admin'));
    }
  await expect(change(amy.userId, { kind: 'set', title: 'x' })).rejects.toEqual(
    refusal('not-an-admin'),
  );
  await expect(change(amy.userId, { kind: 'invite', userId: bob.userId })).rejects.toEqual(
    refusal('not-an-admin'),
  );
  expect(await route.store.groups.find('cooks')).toEqual(before);
  expect(await route.store.groups.members('cooks', 0, 10)).toEqual([amy.userId, bob.userId]);
});

describe('who is invited', () => {
  const invite = () => change(bob.userId, { kind: 'invite', userId: amy.userId });
  const listed = () => route.core.operations.invitations(amy.userId);

  test('is told by whom, on every connection, and finds it in their list until it is used', async () => {
    const { operations } = route.core;
    await operations.leaveGroup(amy.userId, 'cooks');
    for (const sessionId of [3, 4]) await route.connect(amy, sessionId);
    await invite();
    const told = {
      instance,
      group: 'cooks',
      joined: 0,
      head: 0,
      invitedBy: bob.userId,
      keyEpoch: 0,
    };
    expect(route.memberships).toMatchObject([
      { ...told, sessionId: 3 },
      { ...told, sessionId: 4 },
    ]);
    expect(await listed()).toEqual([{ group: 'cooks', by: bob.userId }]);
    await operations.joinGroup(amy.userId, 'cooks');
    expect(await listed()).toEqual([]);
  });

  test('and is in the group already is told nothing', async () => {
    await route.connect(amy, 3);
    await invite();
    expect([route.memberships, await listed()]).toEqual([[], []]);
  });

  test('by somebody whom they have blocked is not told, and may join all the same', async () => {
    const { operations } = route.core;
    await operations.leaveGroup(amy.userId, 'cooks');
    await operations.block(amy.userId, bob.userId);
    await route.connect(amy, 3);
    await change(bob.userId, { kind: 'set', entry: 'invite' });
    await invite();
    expect([route.memberships, await listed()]).toEqual([[], []]);
    await operations.joinGroup(amy.userId, 'cooks');
  });
});

test('ids that nobody bears are neither invited nor removed, and the owner is not removed', async () => {
  await expect(change(bob.userId, { kind: 'invite', userId: 12_345 })).rejects.toEqual(
    refusal('unknown-receiver'),
  );
  await expect(change(bob.userId, { kind: 'admin', userId: 12_345 })).rejects.toEqual(
    refusal('no-such-member'),
  );
  await expect(remove(bob.userId, 12_345)).rejects.toMatchObject({
    kind: 'unknown-receiver',
    message: 'there is no user 12345',
  });
  await expect(remove(bob.userId, bob.userId)).rejects.toEqual(refusal('invalid-argument'));
  await expect(
    route.core.operations.changeGroup(bob.userId, 'bakers', { kind: 'remove', userId: 1 }),
  ).rejects.toEqual(refusal('unknown-group'));
});

test('who may not join hears why', async () => {
  const { operations } = route.core;
  await operations.leaveGroup(amy.userId, 'cooks');
  await change(bob.userId, { kind: 'set', entry: 'invite' });
  await expect(operations.joinGroup(amy.userId, 'cooks')).rejects.toEqual(refusal('not-invited'));
  await change(bob.userId, { kind: 'set', entry: 'closed' });
  await expect(operations.joinGroup(amy.userId, 'cooks')).rejects.toEqual(refusal('group-closed'));
});

describe('servers with members', () => {
  const interest = (version: number) =>
    callOne(route.core.api.interest, { group: 'cooks', instance, address, gone: false, version });

  test('are answered what the group is, and who was removed, if they know another version', async () => {
    const first = await interest(0);
    const cooks = {
      ...{ group: 'cooks', title: 'cooks', owner: bob.userId, admins: [], entry: 'open' },
      ...{ sharePercent: 0, version: 1, keyEpoch: 0 },
    };
    expect(first).toEqual({ code: 0, head: 0, facts: [cooks], removed: [] });
    expect(await interest(1)).toEqual({ code: 0, head: 0 });
    await remove(bob.userId, amy.userId);
    await change(bob.userId, { kind: 'set', title: 'The cooks', sharePercent: 5 });
    expect(await interest(1)).toEqual({
      ...{ code: 0, head: 0, removed: [amy.userId] },
      facts: [{ ...cooks, title: 'The cooks', sharePercent: 5, version: 3 }],
    });
    const lobby = { group: 'lobby', instance, address, gone: false, version: 0 };
    expect(await callOne(route.core.api.interest, lobby)).toEqual({ code: 0, head: 0 });
  });

  test('hear of every change, but of invitations', async () => {
    await interest(0);
    const { operations } = route.core;
    await change(bob.userId, { kind: 'invite', userId: amy.userId });
    expect(route.changedGroups).toEqual([]);
    await change(bob.userId, { kind: 'admin', userId: amy.userId });
    await route.core.operations.register({ userId: 99, name: 'zoe' });
    await remove(bob.userId, 99);
    expect(route.changedGroups).toEqual(['cooks', 'cooks']);
    await expect(change(99, { kind: 'set', title: 'x' })).rejects.toEqual(refusal('not-an-admin'));
    expect(route.changedGroups).toHaveLength(2);
    // An owner or an admin leaves; then a member.
    await operations.leaveGroup(bob.userId, 'cooks');
    expect(route.changedGroups).toHaveLength(3);
    await operations.joinGroup(bob.userId, 'cooks');
    await operations.leaveGroup(bob.userId, 'cooks');
    expect(route.changedGroups).toHaveLength(3);
  });
});

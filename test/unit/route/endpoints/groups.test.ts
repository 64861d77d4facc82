/** Named groups: who may write, read and list, and which connections are told of a membership. */
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import type { AcknowledgeEntry, ReadEntry } from '../../../../src/api/route-api.ts';
import type { GroupHistory } from '../../../../src/base/group-history.ts';
import { formatPosition } from '../../../../src/route/messages/history-position.ts';
import type { HistoryQuery } from '../../../../src/route/operation-shapes.ts';
import { javaDevice } from '../../../../src/store/sessions.ts';
import { groupTimeline } from '../../../../src/store/timelines.ts';
import {
  address,
  amy,
  bob,
  instance,
  RouteHarness,
  refusedSubmission,
  submission,
  textOf,
} from '../../../support/route-harness.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const unknownGroup = 7301;
const notAMember = 7302;

let route: RouteHarness;
beforeEach(async () => {
  route = await RouteHarness.start();
});

const asMade = {
  group: 'cooks',
  title: 'cooks',
  admins: [],
  entry: 'open',
  history: 'joined',
  keyEpoch: 0,
  sharePercent: null,
  version: 1,
};

const refusal = (kind: string) => expect.objectContaining({ kind });

function readGroup(userId: number, group = 'cooks', read: Partial<ReadEntry> = {}) {
  const entry = { userId, group, after: 0, afterIdentity: '', limit: 100, ...read };
  return callOne(route.core.api.read, entry);
}

function acknowledge(entry: Omit<AcknowledgeEntry, 'device'>) {
  return callOne(route.core.api.acknowledge, { ...entry, device: 'device-1' });
}

describe('what was said before a member joined', () => {
  /** Two texts before bob joins, one after. */
  async function joinedLate(history?: GroupHistory): Promise<void> {
    const { operations } = route.core;
    await operations.createGroup(amy.userId, 'cooks', history && { history });
    await route.submit(submission(1, 'soup', 'cooks'));
    await route.submit(submission(2, 'fish', 'cooks'));
    await operations.joinGroup(bob.userId, 'cooks');
    await route.submit(submission(3, 'cake', 'cooks'));
  }

  async function historyOf(query: Partial<HistoryQuery>): Promise<string[]> {
    const { operations } = route.core;
    const page = await operations.history({ userId: bob.userId, limit: 10, ...query });
    return page.messages.map(({ text }) => text);
  }

  test.each([
    ['from the beginning', 0],
    ['from the middle', 1],
  ])('is not read by a server, %s', async (_, after) => {
    await joinedLate();
    const page = await readGroup(bob.userId, 'cooks', { after });
    expect(page).toMatchObject({ code: 0, seqs: [3], first: 3, head: 3, rewound: false });
    expect(page.bodies.map(textOf)).toEqual(['cake']);
    const own = await readGroup(amy.userId, 'cooks', { after });
    expect(own.seqs[0]).toBe(after + 1);
    expect(own.first).toBe(1);
  });

  test('is not read when the identity of an old message is named, or a small page asked for', async () => {
    await joinedLate();
    const [identity] = (await route.core.operations.history({ userId: amy.userId, limit: 3 }))
      .messages;
    const read = { after: 1, afterIdentity: identity?.id ?? '', limit: 1 };
    const page = await readGroup(bob.userId, 'cooks', read);
    expect(page).toMatchObject({ seqs: [3], rewound: false });
  });

  test('is in no history and no search, and cannot be paged to', async () => {
    await joinedLate();
    expect(await historyOf({ group: 'cooks' })).toEqual(['cake']);
    expect(await historyOf({})).toEqual(['cake']);
    expect(await historyOf({ keyword: 'fish' })).toEqual([]);
    expect(await historyOf({ group: 'cooks', keyword: 'soup' })).toEqual([]);
    const { operations } = route.core;
    const page = await operations.history({ userId: bob.userId, group: 'cooks', limit: 1 });
    expect(page).toMatchObject({ next: null, expired: false });
    const before = formatPosition(bob.userId, {
      before: new Map([[groupTimeline('cooks'), 3]]),
      expired: false,
    });
    expect(await historyOf({ group: 'cooks', before })).toEqual([]);
    expect(await historyOf({ before })).toEqual([]);
  });

  test('nor is what was said while somebody had left', async () => {
    await joinedLate();
    const { operations } = route.core;
    await operations.leaveGroup(bob.userId, 'cooks');
    await route.submit(submission(4, 'salt', 'cooks'));
    await operations.joinGroup(bob.userId, 'cooks');
    expect(await historyOf({ group: 'cooks' })).toEqual([]);
    expect(await readGroup(bob.userId)).toMatchObject({ code: 0, seqs: [], first: 5, head: 4 });
    await route.submit(submission(5, 'rice', 'cooks'));
    expect(await historyOf({ group: 'cooks' })).toEqual(['rice']);
    expect((await readGroup(bob.userId)).seqs).toEqual([5]);
  });

  test('is theirs where the group was made so', async () => {
    await joinedLate('all');
    expect((await readGroup(bob.userId)).seqs).toEqual([1, 2, 3]);
    expect(await historyOf({ group: 'cooks' })).toEqual(['soup', 'fish', 'cake']);
    expect(await historyOf({ keyword: 'fish' })).toEqual(['fish']);
  });
});

describe('creating and joining', () => {
  test('gives the place of the user; again, it is the same place', async () => {
    const created = await route.core.operations.createGroup(amy.userId, 'cooks');
    expect(created).toEqual({
      ...asMade,
      owner: amy.userId,
      joined: 0,
      cursor: 0,
      head: 0,
    });
    expect(await route.core.operations.createGroup(amy.userId, 'cooks')).toEqual(created);
    await route.submit(submission(1, 'soup', 'cooks'));
    const joined = {
      ...asMade,
      owner: amy.userId,
      joined: 1,
      cursor: 1,
      head: 1,
    };
    expect(await route.core.operations.joinGroup(bob.userId, 'cooks')).toEqual(joined);
    await route.submit(submission(2, 'fish', 'cooks'));
    expect(await route.core.operations.joinGroup(bob.userId, 'cooks')).toEqual({
      ...joined,
      head: 2,
    });
  });

  test('is refused for the name of another, a group that is not there, and nobody', async () => {
    const { operations } = route.core;
    await operations.createGroup(amy.userId, 'cooks');
    await expect(operations.createGroup(bob.userId, 'cooks')).rejects.toThrow(
      'the group "cooks" was created by user 1: join it, or choose another name',
    );
    await expect(operations.joinGroup(bob.userId, 'bakers')).rejects.toEqual(
      refusal('unknown-group'),
    );
    await expect(operations.createGroup(77, 'bakers')).rejects.toEqual(refusal('account-mismatch'));
    await expect(operations.joinGroup(77, 'cooks')).rejects.toEqual(refusal('account-mismatch'));
  });

  test('is told to the live connections of the user, but to Java peers', async () => {
    await route.connect(bob, 3);
    await route.connect(bob, 4);
    await route.connect(amy, 5);
    await route.connect(bob, 6, '');
    await route.core.operations.createGroup(amy.userId, 'cooks');
    await route.submit(submission(1, 'soup', 'cooks'));
    route.memberships.length = 0;
    await route.core.operations.joinGroup(bob.userId, 'cooks');
    const told = {
      instance,
      group: 'cooks',
      code: 0,
      joined: 1,
      head: 1,
      invitedBy: 0,
      keyEpoch: 0,
    };
    expect(route.memberships).toHaveLength(2);
    expect(route.memberships).toEqual(
      expect.arrayContaining([
        { ...told, sessionId: 3 },
        { ...told, sessionId: 4 },
      ]),
    );
    const [sessions = []] = await route.store.sessions.of([bob.userId]);
    expect(sessions.map(({ device }) => device)).toContain(javaDevice);
  });

  test('is found by the next login, with where it starts reading', async () => {
    await route.core.operations.createGroup(amy.userId, 'cooks');
    await route.core.operations.joinGroup(bob.userId, 'cooks');
    await route.submit(submission(1, 'soup', 'cooks'), submission(2, 'fish', 'cooks'));
    await acknowledge({ userId: bob.userId, group: 'cooks', seq: 1, marks: [] });
    await acknowledge({ userId: bob.userId, group: 'lobby', seq: 1, marks: [] });
    expect((await route.connect(bob, 3)).groups).toEqual([
      { group: 'cooks', joined: 0, cursor: 1, head: 2, history: 'joined', keyEpoch: 0 },
    ]);
    expect((await route.connect(bob, 4, '')).groups).toEqual([]);
  });
});

describe('leaving', () => {
  test('is told, also when the user was not in it, and the oldest member becomes the owner', async () => {
    const { operations } = route.core;
    await operations.createGroup(amy.userId, 'cooks');
    await operations.joinGroup(bob.userId, 'cooks');
    await route.connect(amy, 3);
    await operations.leaveGroup(amy.userId, 'cooks');
    await operations.leaveGroup(amy.userId, 'cooks');
    const place = { joined: 0, head: 0, invitedBy: 0, keyEpoch: 0 };
    const told = { sessionId: 3, instance, group: 'cooks', code: notAMember, ...place };
    expect(route.memberships).toEqual([told, told]);
    expect(await operations.groupsOf(amy.userId)).toEqual([]);
    expect(await operations.groupsOf(bob.userId)).toEqual([
      { ...asMade, owner: bob.userId, version: 2, joined: 0, cursor: 0, head: 0 },
    ]);
  });
});

test('leaving a group that never was says so; one that ends by it does not', async () => {
  const { operations } = route.core;
  await expect(operations.leaveGroup(amy.userId, 'nowhere')).rejects.toEqual(
    refusal('unknown-group'),
  );
  await operations.createGroup(amy.userId, 'cooks');
  await operations.leaveGroup(amy.userId, 'cooks');
});

describe('a message to a named group', () => {
  beforeEach(async () => {
    await route.core.operations.createGroup(bob.userId, 'cooks');
  });

  test('of a member is stored once, and pushed once to each interested server', async () => {
    await route.core.operations.joinGroup(amy.userId, 'cooks');
    await callOne(route.core.api.interest, {
      group: 'cooks',
      instance,
      address,
      gone: false,
      version: 0,
    });
    expect(await route.submit(submission(1, 'soup', 'cooks'))).toEqual([
      { code: 0, seq: 1, expected: 0, duplicates: 0 },
    ]);
    await waitUntil('the push', () => route.groupPushes.length === 1);
    expect(route.groupPushes[0]).toMatchObject({ group: 'cooks', instance, seq: 1 });
    expect(await route.timelineOf('g:cooks')).toEqual(['soup']);
    expect(await route.timelineOf(amy.userId)).toEqual([]);
  });

  test('is one append and one push, however many are in it', async () => {
    await route.core.operations.joinGroup(amy.userId, 'cooks');
    for (let userId = 100; userId < 10_100; userId++) {
      await route.store.groups.join('cooks', userId);
    }
    await callOne(route.core.api.interest, {
      group: 'cooks',
      instance,
      address,
      gone: false,
      version: 0,
    });
    const { sessions, timelines } = route.store;
    const appends = jest.spyOn(timelines, 'append');
    const lookUps = jest.spyOn(sessions, 'of');
    await route.submit(submission(1, 'soup', 'cooks'));
    await waitUntil('the push', () => route.groupPushes.length > 0);
    expect(appends.mock.calls.map(([batch]) => batch.length)).toEqual([1]);
    expect(lookUps).not.toHaveBeenCalled();
    expect(route.groupPushes).toHaveLength(1);
    expect(route.pushes).toEqual([]);
  });

  test('of somebody else is refused for good, run by run, and takes its number', async () => {
    const refused = await route.submit(
      submission(1, 'x', 'cooks'),
      submission(2, 'y', 'cooks'),
      submission(1, 'hi'),
    );
    expect(refused.map(({ code }) => code)).toEqual([notAMember, notAMember, 0]);
    await route.core.operations.joinGroup(amy.userId, 'cooks');
    expect((await route.submit(submission(3, 'z', 'cooks')))[0]?.code).toBe(0);
    expect(await route.timelineOf('g:cooks')).toEqual(['z']);
  });

  test('that was stored before its sender left is stored, when it is sent again', async () => {
    await route.core.operations.joinGroup(amy.userId, 'cooks');
    await route.submit(submission(1, 'soup', 'cooks'));
    await route.core.operations.leaveGroup(amy.userId, 'cooks');
    const results = await route.submit(
      submission(1, 'soup', 'cooks'),
      submission(2, 'fish', 'cooks'),
    );
    expect(results.map(({ code }) => code)).toEqual([0, notAMember]);
    expect(await route.timelineOf('g:cooks')).toEqual(['soup']);
  });

  test('that is not there says so, and so does one that no group can bear', async () => {
    const results = await route.submit(
      submission(1, 'x', 'bakers'),
      submission(1, 'x', 'Cooks'),
      submission(1, 'x', 'c'.repeat(100_000)),
    );
    expect(results.map(({ code }) => code)).toEqual([unknownGroup, unknownGroup, unknownGroup]);
  });

  test('that is too long is refused, and those behind it are not', async () => {
    await route.core.operations.joinGroup(amy.userId, 'cooks');
    const results = await route.submit(
      submission(1, 'a', 'cooks'),
      refusedSubmission(2, 'too-long', 'cooks'),
      submission(3, 'c', 'cooks'),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 3001, 0]);
    expect(await route.timelineOf('g:cooks')).toEqual(['a', 'c']);
  });

  test('over HTTP is stored for a member, and refused for others', async () => {
    const { operations } = route.core;
    await operations.sendGroup({ from: bob.userId, group: 'cooks', text: 'soup' });
    const outsider = { from: amy.userId, text: 'x' };
    await expect(operations.sendGroup({ ...outsider, group: 'cooks' })).rejects.toEqual(
      refusal('not-a-member'),
    );
    await expect(operations.sendGroup({ ...outsider, group: 'bakers' })).rejects.toEqual(
      refusal('unknown-group'),
    );
    expect(await route.timelineOf('g:cooks')).toEqual(['soup']);
  });
});

describe('for members only', () => {
  beforeEach(async () => {
    await route.core.operations.createGroup(amy.userId, 'cooks');
    await route.submit(submission(1, 'soup', 'cooks'));
  });

  test('are reads', async () => {
    expect((await readGroup(bob.userId)).code).toBe(notAMember);
    await route.core.operations.joinGroup(bob.userId, 'cooks');
    await route.submit(submission(2, 'fish', 'cooks'));
    const { code, bodies, seqs } = await readGroup(bob.userId);
    expect([code, seqs, bodies.map(textOf)]).toEqual([0, [2], ['fish']]);
    expect((await readGroup(bob.userId, 'bakers')).code).toBe(unknownGroup);
    expect((await readGroup(bob.userId, 'Cooks')).code).toBe(unknownGroup);
  });

  test('reads of one batch are answered each on its own', async () => {
    const entry = { after: 0, afterIdentity: '', limit: 100 };
    const entries = [
      { ...entry, userId: bob.userId, group: 'cooks' },
      { ...entry, userId: bob.userId, group: '' },
      { ...entry, userId: amy.userId, group: 'cooks' },
      { ...entry, userId: bob.userId, group: 'lobby' },
    ];
    const codes = await new Promise<number[]>((resolve) => {
      const found: number[] = [];
      let waiting = entries.length;
      route.core.api.read(entries, (index, { code }) => {
        found[index] = code;
        waiting -= 1;
        if (waiting === 0) resolve(found);
      });
    });
    expect(codes).toEqual([notAMember, 0, 0, 0]);
  });

  test('are the list of members and the history', async () => {
    const { operations } = route.core;
    const members = { userId: bob.userId, group: 'cooks', after: 0, limit: 10 };
    const history = { userId: bob.userId, group: 'cooks', limit: 10 };
    await expect(operations.groupMembers(members)).rejects.toEqual(refusal('not-a-member'));
    await expect(operations.history(history)).rejects.toEqual(refusal('not-a-member'));
    await expect(operations.history({ ...history, group: 'bakers' })).rejects.toEqual(
      refusal('unknown-group'),
    );
    await operations.joinGroup(bob.userId, 'cooks');
    await route.submit(submission(2, 'fish', 'cooks'));
    expect(await operations.groupMembers(members)).toEqual([amy, bob]);
    expect(await operations.groupMembers({ ...members, limit: 1 })).toEqual([amy]);
    expect(await operations.groupMembers({ ...members, after: amy.userId })).toEqual([bob]);
    const { messages } = await operations.history(history);
    expect(messages.map(({ text }) => text)).toEqual(['fish']);
    expect((await operations.history({ userId: bob.userId, limit: 10 })).messages).toEqual(
      messages,
    );
  });
});

/**
 * Random courses of a few users in two groups, of whom the last is in nearly as many others as may
 * be.
 */
import { test } from '@jest/globals';
import fc from 'fast-check';
import { groupEntries } from '../../../src/base/group-entry.ts';
import { limits } from '../../../src/base/limits.ts';
import type { GroupKeyChange } from '../../../src/store/group-keys.ts';
import type { Store } from '../../../src/store/store.ts';
import { groupTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { type Action, playCourses } from './courses.ts';
import { nextGroup, nextUserId } from './users.ts';

const step = fc.record({
  kind: fc.constantFrom(
    ...([
      'create',
      'join',
      'join',
      'join',
      'leave',
      'write',
      'write',
      'acknowledge',
      'set',
      'admin',
      'admin',
      'unadmin',
      'hand-over',
      'invite',
      'remove',
      'remove',
      'draw',
      'draw',
      'draw',
      'give',
      'forget',
    ] as const),
  ),
  user: fc.integer({ min: 0, max: 3 }),
  group: fc.integer({ min: 0, max: 1 }),
  seq: fc.integer({ min: 0, max: 6 }),
  // Whom it is about.
  other: fc.integer({ min: 0, max: 3 }),
});
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

export function describeGroupModel(fixture: StoreFixture): void {
  test('any course of groups is as the decisions say', async () => {
    const joiner = nextUserId();
    const others = Array.from({ length: limits.groupsPerUserMax - 1 }, nextGroup);
    await playCourses({
      stores: [fixture.store, fixture.another],
      step,
      numRuns: 60,
      begin: () => {
        const users = [nextUserId(), nextUserId(), nextUserId(), joiner];
        const names = [nextGroup(), nextGroup()];
        let sent = 0;
        const conversations = names.map((name) =>
          users.map((userId) => new Conversation(userId, name)),
        );
        return {
          first: (store) => beInAll(store, joiner, others),
          actionOf: ({ kind, user, group, seq, other }) => {
            if (kind !== 'write') return actionOf({ kind, user, group, seq, other }, names, users);
            sent += 1;
            const onlyIfMember = users[user]!;
            const timeline = groupTimeline(names[group]!);
            // Most are clear, or sealed under a key that is none.
            const keyEpoch = Math.max(0, seq - 2);
            const run = conversations[group]![user]!.append(timeline, sent, [`text ${sent}`]);
            return async ({ timelines }) => {
              const [result] = await timelines.append([
                { ...run, keyEpoch, onlyIfMember, restart: true },
              ]);
              const { status, stored, refused, seq: first } = result!;
              return { status, stored, refused, seq: stored > 0 ? first : 0 };
            };
          },
          last: (store) => stateOf(store, names, users),
        };
      },
    });
  });
}

function actionOf(
  { kind, user, group, seq, other }: Step,
  names: readonly string[],
  users: readonly number[],
): Action {
  const name = names[group]!;
  const userId = users[user]!;
  switch (kind) {
    case 'create':
      return ({ groups }) =>
        groups.create(name, userId, seq % 2 === 0 ? 'joined' : 'all', other < 2);
    case 'join':
      return ({ groups }) => groups.join(name, userId, other > 0);
    case 'leave':
      return ({ groups }) => groups.leave(name, userId);
    case 'set': {
      const change = {
        kind,
        ...(seq % 3 === 0 && { title: `title ${seq}` }),
        ...(seq % 3 === 1 && { entry: groupEntries[other % 3]! }),
        ...(seq % 3 === 2 && { sharePercent: other === 0 ? null : 100 - seq }),
      };
      return ({ groups }) => groups.change(name, userId, change);
    }
    case 'admin':
    case 'unadmin':
    case 'hand-over':
    case 'invite':
    case 'remove':
      return ({ groups }) => groups.change(name, userId, { kind, userId: users[other]! });
    case 'draw':
      return ({ groupKeys }) =>
        groupKeys.draw({
          ...{ group: name, by: userId, epoch: Math.max(1, seq), draw: `draw${other % 2}` },
          slots: users
            .filter((_, index) => index !== other)
            .map((each, index) => ({ userId: each, sealed: index === seq ? '' : `sealed${seq}` })),
          commit: other !== 0,
        });
    case 'give':
      return ({ groupKeys }) =>
        groupKeys.give(name, userId, [{ userId: users[other]!, epoch: seq, sealed: 'given' }]);
    case 'forget':
      return ({ groupKeys }) => groupKeys.forget(name, userId);
    default:
      return ({ groups }) => groups.acknowledge([{ userId, group: name, seq }]);
  }
}

/** In these, and no others: a course may have left some. */
async function beInAll({ groups }: Store, userId: number, names: readonly string[]) {
  const known = (await groups.of(userId)).map(({ group }) => group);
  for (const name of known) if (!names.includes(name)) await groups.leave(name, userId);
  for (const name of names) if (!known.includes(name)) await groups.create(name, userId);
}

async function stateOf(
  { groups, groupKeys, timelines }: Store,
  names: readonly string[],
  users: readonly number[],
) {
  const ofGroups = await Promise.all(
    names.map(async (name) => {
      const page = await timelines.read({ timeline: groupTimeline(name), after: 0, limit: 100 });
      return {
        group: await groups.find(name),
        removed: await groups.removed(name),
        members: await groups.members(name, 0, 10),
        head: page.head,
        texts: textsOf(page.messages),
      };
    }),
  );
  const questions = names.flatMap((group) => users.map((userId) => ({ group, userId })));
  const memberships = await Promise.all(users.map((userId) => groups.of(userId)));
  return {
    ofGroups,
    ofKeys: await Promise.all(
      questions.map(async ({ group, userId }) => {
        const changes = await groupKeys.changes(group, userId, { members: 0, keys: 0 });
        // All but when it was, and what is drawn at random.
        const known = ({ at: _, ...rest }: GroupKeyChange) => rest;
        return [
          await groupKeys.read(group, userId),
          typeof changes === 'string'
            ? changes
            : [changes.members.map(known), changes.keys.map(known)],
        ];
      }),
    ),
    ofQuestions: await groups.memberships(questions),
    memberships: memberships.map((of) => of.filter(({ group }) => names.includes(group))),
  };
}

/** Random courses of a few who write to each other, and in a group, read, and mute or pin. */
import { test } from '@jest/globals';
import fc from 'fast-check';
import type { MarkMove } from '../../../src/store/marks.ts';
import type { Store } from '../../../src/store/store.ts';
import { groupTimeline, userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { type Action, playCourses } from './courses.ts';
import { nextGroup, nextUserId } from './users.ts';

const epochHex = '00000000000000a1';
const person = fc.integer({ min: 0, max: 2 });
const draws = { from: person, to: fc.integer({ min: 0, max: 3 }) };
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ kind: fc.constant('say' as const), ...draws },
      count: fc.integer({ min: 1, max: 4 }),
      silent: fc.integer({ min: 0, max: 2 }).map((draw) => draw === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('delivered' as const, 'read' as const),
      ...draws,
      reader: person,
      seq: fc.integer({ min: 0, max: 25 }),
      isQuiet: fc.integer({ min: 0, max: 3 }).map((draw) => draw === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: fc.constantFrom('muted' as const, 'pinned' as const), ...draws },
      isSet: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'join' as const,
        'leave' as const,
        'block' as const,
        'unblock' as const,
      ),
      ...draws,
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

export function describeConversationModel(fixture: StoreFixture): void {
  test('any course of conversations is as the decisions say', async () => {
    await playCourses({
      stores: [fixture.store, fixture.another],
      step,
      numRuns: 60,
      begin: () => {
        const users = [nextUserId(), nextUserId(), nextUserId()];
        const group = nextGroup();
        const sent = new Map<string, number>();
        return {
          first: async (store) => {
            await store.groups.create(group, users[0]!);
            await store.groups.join(group, users[1]!);
          },
          actionOf: (drawn) => actionOf(drawn, users, group, sent),
          last: (store) => stateOf(store, users, group),
        };
      },
    });
  });
}

/** The last of `to` is the group. */
function actionOf(
  drawn: Step,
  users: readonly number[],
  group: string,
  sent: Map<string, number>,
): Action {
  const from = users[drawn.from]!;
  const to = users[drawn.to] ?? group;
  const conversation = new Conversation(from, to, epochHex);
  const name = typeof to === 'string' ? { peer: 0, group: to } : { peer: to, group: '' };
  switch (drawn.kind) {
    case 'say': {
      const sendSeq = (sent.get(conversation.source) ?? 0) + 1;
      sent.set(conversation.source, sendSeq + drawn.count - 1);
      const texts = Array.from({ length: drawn.count }, () => 'text');
      const timeline = typeof to === 'string' ? groupTimeline(to) : userTimeline(to);
      const appended = { ...conversation.append(timeline, sendSeq, texts), restart: true };
      const run = { ...appended, silent: drawn.silent };
      const batch =
        typeof to === 'string'
          ? [{ ...run, onlyIfMember: from }]
          : from === to
            ? [run]
            : [run, { ...run, timeline: userTimeline(from) }];
      return async ({ timelines }) =>
        (await timelines.append(batch)).map(({ status, stored }) => [status, stored]);
    }
    case 'muted':
    case 'pinned':
      return ({ conversations }) => conversations.setFlag(from, name, drawn.kind, drawn.isSet);
    case 'join':
      return async ({ groups }) => (await groups.join(group, from)).status;
    case 'leave':
      return ({ groups }) => groups.leave(group, from);
    case 'block':
      return ({ conversations }) => conversations.block(from, users[drawn.to] ?? from);
    case 'unblock':
      return ({ conversations }) => conversations.unblock(from, users[drawn.to] ?? from);
    default: {
      const { kind, seq, isQuiet } = drawn;
      const reader = typeof to === 'string' ? users[drawn.reader]! : to;
      const mark: MarkMove = {
        ...{ reader, from, epochHex, group: name.group, sendSeq: seq, seq, kind, isQuiet },
      };
      return ({ marks }) => marks.move([mark]);
    }
  }
}

async function stateOf({ conversations, marks }: Store, users: readonly number[], group: string) {
  const listed = await Promise.all(users.map((userId) => conversations.list(userId)));
  const inGroup = await Promise.all(users.map((userId) => conversations.ofGroups(userId, [group])));
  return {
    // By the clock of each store.
    listed: listed.map((of) =>
      of
        .map((each) => ({ ...each, at: each.at > 0 }))
        .toSorted((one, other) => one.peer - other.peer),
    ),
    inGroup: inGroup.flat().map((each) => each && { ...each, at: each.at > 0 }),
    marks: await Promise.all(users.map((userId) => marks.ofPeers(userId, users))),
    ofGroup: await Promise.all([1, 3, 7].map((seq) => marks.ofGroup(group, seq))),
    versions: await marks.versions(users),
  };
}

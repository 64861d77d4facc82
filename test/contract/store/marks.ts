import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import type { MarkMove } from '../../../src/store/marks.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { playCourses } from './courses.ts';
import { nextUserId, opening } from './users.ts';

const epochs = ['00000000000000a1', '00000000000000b2', '00000000000000c3'];

export function describeMarks(fixture: StoreFixture): void {
  const marks = () => fixture.store.marks;
  const move = async (moved: MarkMove) => (await marks().move([moved]))[0]!;
  const marksOf = async (userId: number, peer: number) =>
    (await fixture.another.marks.ofPeers(userId, [peer]))[0];
  const versionOf = async (userId: number) => (await fixture.another.marks.versions([userId]))[0]!;
  const say = async (conversation: Conversation, sendSeq: number, count = 1) => {
    const { from, to } = conversation;
    const texts = Array.from({ length: count }, (_, index) => `text ${sendSeq + index}`);
    const run = conversation.append(userTimeline(Number(to)), sendSeq, texts);
    await fixture.store.timelines.append([run, { ...run, timeline: userTimeline(from) }]);
  };
  const markOf = (conversation: Conversation, fields: Partial<MarkMove> = {}): MarkMove => {
    const { from, to, epochHex } = conversation;
    return {
      ...{ reader: Number(to), from, epochHex, group: '', sendSeq: 1, seq: 1 },
      ...{ kind: 'delivered', isQuiet: false, ...fields },
    };
  };

  describe('a mark', () => {
    test('moves forward only, and each move is told to the open sessions of the sender', async () => {
      const conversation = new Conversation(nextUserId(), nextUserId());
      const { from, to, epochHex } = conversation;
      await fixture.store.sessions.open([opening(from), opening(Number(to))]);
      await say(conversation, 1, 5);
      const first = await move(markOf(conversation, { sendSeq: 3 }));
      expect(first).toMatchObject({ moved: true, sendSeq: 3, watchers: [{ device: 'phone' }] });
      expect(first.watchers).toEqual(
        (await fixture.store.timelines.watchers([userTimeline(from)]))[0],
      );
      expect(await versionOf(from)).toBe(first.version);
      const again = { moved: false, sendSeq: 0, watchers: [], version: 0, own: null };
      expect(await move(markOf(conversation, { sendSeq: 3 }))).toEqual(again);
      expect(await move(markOf(conversation, { sendSeq: 2 }))).toEqual(again);
      expect(await versionOf(from)).toBe(first.version);
      expect(await marksOf(from, Number(to))).toEqual([{ epochHex, delivered: 3, read: 0 }]);
      // What was read was delivered.
      const read = await move(markOf(conversation, { sendSeq: 4, kind: 'read' }));
      expect(read).toMatchObject({ moved: true, sendSeq: 4 });
      expect(read.version).toBeGreaterThan(first.version);
      expect(await marksOf(from, Number(to))).toEqual([{ epochHex, delivered: 4, read: 4 }]);
    });

    test('is not beyond what was sent', async () => {
      const conversation = new Conversation(nextUserId(), nextUserId());
      const { from, to, epochHex } = conversation;
      await say(conversation, 1, 2);
      expect(await move(markOf(conversation, { sendSeq: 99, kind: 'read' }))).toMatchObject({
        moved: true,
        sendSeq: 2,
      });
      expect(await marksOf(from, Number(to))).toEqual([{ epochHex, delivered: 2, read: 2 }]);
    });

    test('may come before the own copy of the sender: nothing is lost, and nothing is beyond what the reader has', async () => {
      const conversation = new Conversation(nextUserId(), nextUserId());
      const { from, to, epochHex } = conversation;
      const texts = ['one', 'two', 'three'];
      const run = conversation.append(userTimeline(Number(to)), 1, texts);
      await fixture.store.timelines.append([run]);
      const first = await move(markOf(conversation, { sendSeq: 2 }));
      expect(first).toMatchObject({ moved: true, sendSeq: 2 });
      const beyond = await move(markOf(conversation, { sendSeq: 99, kind: 'read' }));
      expect(beyond).toMatchObject({ moved: true, sendSeq: 3 });
      expect(await marksOf(from, Number(to))).toEqual([{ epochHex, delivered: 3, read: 3 }]);
      await fixture.store.timelines.append([
        conversation.append(userTimeline(from), 1, texts.slice(0, 1)),
      ]);
      // Another device of the reader says less: that takes nothing back.
      expect(await move(markOf(conversation))).toMatchObject({ moved: false });
      expect(await marksOf(from, Number(to))).toEqual([{ epochHex, delivered: 3, read: 3 }]);
      expect(await versionOf(from)).toBe(beyond.version);
    });

    test('of what nobody has sent, or sent to another, leaves nothing', async () => {
      const conversation = new Conversation(nextUserId(), nextUserId());
      const { from, to } = conversation;
      const eve = nextUserId();
      await say(conversation, 1);
      const moves = [
        markOf(conversation, { epochHex: epochs[0]! }),
        markOf(conversation, { reader: eve }),
        markOf(conversation, { from: eve }),
        markOf(conversation, { reader: from }),
        markOf(new Conversation(nextUserId(), nextUserId())),
      ];
      for (const { moved, version } of await marks().move(moves)) {
        expect(moved).toBe(false);
        expect(version).toBe(0);
      }
      expect(await marks().ofPeers(from, [Number(to), eve, from])).toEqual([[], [], []]);
      expect(await marks().ofPeers(eve, [Number(to)])).toEqual([[]]);
      expect(await marks().versions([from, eve])).toEqual([0, 0]);
      expect(await marks().move([])).toEqual([]);
    });

    test('that is quiet is told to nobody', async () => {
      const conversation = new Conversation(nextUserId(), nextUserId());
      await say(conversation, 1);
      const quiet = markOf(conversation, { kind: 'read', isQuiet: true });
      expect(await move(quiet)).toMatchObject({ moved: false, watchers: [] });
      expect(await marksOf(conversation.from, Number(conversation.to))).toEqual([]);
    });
  });

  test('of one reader those sources are kept that moved last', async () => {
    const [from, to] = [nextUserId(), nextUserId()];
    const conversations = Array.from(
      { length: limits.markSourcesMax + 1 },
      () => new Conversation(from, to),
    );
    for (const conversation of conversations) {
      await say(conversation, 1, 2);
      await move(markOf(conversation));
    }
    const [, second, ...others] = conversations.map(({ epochHex }) => epochHex);
    await move(markOf(conversations[1]!, { sendSeq: 2 }));
    const kept = (await marksOf(from, to))!.map(({ epochHex }) => epochHex);
    expect(kept).toEqual([...others, second]);
  });

  test('of more readers than may be those are forgotten that moved longest ago', async () => {
    const from = nextUserId();
    const readers = Array.from({ length: limits.markReadersMax + 1 }, nextUserId);
    for (const to of readers.slice(0, 3)) {
      const conversation = new Conversation(from, to);
      await say(conversation, 1);
      await move(markOf(conversation));
    }
    // So that the others are younger, by the clock of the store.
    const started = await fixture.store.sessions.now();
    while ((await fixture.store.sessions.now()) <= started);
    const others = readers.slice(3).map((to) => new Conversation(from, to));
    for (const conversation of others) await say(conversation, 1);
    await marks().move(others.map((conversation) => markOf(conversation)));
    const found = await marks().ofPeers(from, readers);
    expect(found.slice(0, 3)).toEqual([[], [], []]);
    const kept = found.filter((sources) => sources.length > 0).length;
    expect(kept).toBeLessThanOrEqual(limits.markReadersMax);
    expect(kept).toBeGreaterThanOrEqual(0.9 * limits.markReadersMax);
    expect(found.at(-1)).toHaveLength(1);
  });

  test('any course of marks is as the decisions say', async () => {
    await playCourses({
      stores: [fixture.store, fixture.another],
      numRuns: 40,
      step: fc.record({
        kind: fc.constantFrom('say' as const, 'delivered' as const, 'read' as const),
        from: fc.integer({ min: 0, max: 2 }),
        to: fc.integer({ min: 0, max: 2 }),
        epoch: fc.integer({ min: 0, max: 2 }),
        number: fc.integer({ min: 1, max: 12 }),
        isQuiet: fc.integer({ min: 0, max: 4 }).map((draw) => draw === 0),
        hasOwnCopy: fc.boolean(),
      }),
      begin: () => {
        const users = [nextUserId(), nextUserId(), nextUserId()];
        return {
          actionOf: ({ kind, from, to, epoch, number, isQuiet, hasOwnCopy }) => {
            const conversation = new Conversation(users[from]!, users[to]!, epochs[epoch]);
            if (kind !== 'say') {
              const mark = markOf(conversation, { sendSeq: number, kind, isQuiet });
              return (store) => store.marks.move([mark]);
            }
            const drawn = conversation.append(userTimeline(users[to]!), number, ['text']);
            const run = { ...drawn, restart: true };
            return async ({ timelines }) => {
              await timelines.append([run]);
              if (hasOwnCopy)
                await timelines.append([{ ...run, timeline: userTimeline(users[from]!) }]);
            };
          },
          last: async (store) => ({
            marks: await Promise.all(users.map((userId) => store.marks.ofPeers(userId, users))),
            versions: await store.marks.versions(users),
          }),
        };
      },
    });
  });
}

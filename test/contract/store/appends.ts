import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { bodiesOf, skipOf } from '../../../src/codec/run.ts';
import { javaDevice } from '../../../src/store/sessions.ts';
import {
  type Append,
  type AppendResult,
  groupTimeline,
  type TimelineId,
  userTimeline,
  type Watcher,
} from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

export function describeAppends(fixture: StoreFixture): void {
  const timelines = () => fixture.store.timelines;
  const append = async (run: Append): Promise<AppendResult> =>
    (await timelines().append([run]))[0]!;
  const textsIn = async (timeline: TimelineId) =>
    textsOf(
      (await timelines().read({ timeline, after: 0, limit: limits.pageMessagesMax })).messages,
    );
  /** A conversation with somebody new, and that person's timeline. */
  const freshConversation = () => {
    const to = nextUserId();
    return { conversation: new Conversation(nextUserId(), to), timeline: userTimeline(to) };
  };

  describe('one source', () => {
    test('takes exactly the next', async () => {
      const { conversation, timeline } = freshConversation();
      for (const sendSeq of [1, 2, 3]) {
        expect(await append(conversation.append(timeline, sendSeq, [`m${sendSeq}`]))).toMatchObject(
          { status: 'taken', duplicates: 0, seq: sendSeq, watchers: [] },
        );
      }
      expect(await textsIn(timeline)).toEqual(['m1', 'm2', 'm3']);
    });

    test('a duplicate is answered as taken and not stored again', async () => {
      const { conversation, timeline } = freshConversation();
      await append(conversation.append(timeline, 1, ['m1']));
      await append(conversation.append(timeline, 2, ['m2']));
      expect(await append(conversation.append(timeline, 2, ['m2']))).toMatchObject({
        status: 'taken',
        duplicates: 1,
        seq: 2,
      });
      const older = await append(conversation.append(timeline, 1, ['m1']));
      expect(older).toMatchObject({ status: 'taken', duplicates: 1 });
      expect([0, 1]).toContain(older.seq);
      expect(await textsIn(timeline)).toEqual(['m1', 'm2']);
    });

    test('what runs ahead is refused with the number expected', async () => {
      const { conversation, timeline } = freshConversation();
      expect(await append(conversation.append(timeline, 2, ['m2']))).toMatchObject({
        status: 'out-of-order',
        expected: 1,
      });
      await append(conversation.append(timeline, 1, ['m1']));
      expect(await append(conversation.append(timeline, 3, ['m3', 'm4']))).toMatchObject({
        status: 'out-of-order',
        expected: 2,
      });
      expect(await textsIn(timeline)).toEqual(['m1']);
      expect(await timelines().heads([timeline])).toEqual([1]);
    });

    test('a number below 1 is none: it is not answered as taken', async () => {
      const { conversation, timeline } = freshConversation();
      const run = conversation.append(timeline, 0, ['m0']);
      expect(await append(run)).toMatchObject({ status: 'out-of-order', expected: 1 });
      expect(await append({ ...run, restart: true })).toMatchObject({ status: 'out-of-order' });
      expect(await timelines().heads([timeline])).toEqual([0]);
    });

    test('a run is taken whole and numbered one by one', async () => {
      const { conversation, timeline } = freshConversation();
      expect(await append(conversation.append(timeline, 1, ['m1', 'm2', 'm3']))).toMatchObject({
        status: 'taken',
        duplicates: 0,
        seq: 1,
      });
      expect(await append(conversation.append(timeline, 4, ['m4', 'm5']))).toMatchObject({
        status: 'taken',
        seq: 4,
      });
      expect(await timelines().heads([timeline])).toEqual([5]);
      expect(await textsIn(timeline)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    });

    test('a run that was taken whole is a duplicate, by the number of its last', async () => {
      const { conversation, timeline } = freshConversation();
      const run = conversation.append(timeline, 1, ['m1', 'm2', 'm3']);
      await append(run);
      expect(await append(run)).toMatchObject({ status: 'taken', duplicates: 3, seq: 3 });
      expect(await textsIn(timeline)).toEqual(['m1', 'm2', 'm3']);
    });

    test('of a run that was taken in part the rest is stored', async () => {
      const { conversation, timeline } = freshConversation();
      await append(conversation.append(timeline, 1, ['m1', 'm2']));
      expect(
        await append(conversation.append(timeline, 1, ['m1', 'm2', 'm3', 'm4'])),
      ).toMatchObject({ status: 'taken', duplicates: 2, seq: 3 });
      expect(await textsIn(timeline)).toEqual(['m1', 'm2', 'm3', 'm4']);
    });

    test('a skip consumes its number and stores nothing', async () => {
      const { conversation, timeline } = freshConversation();
      await append(conversation.append(timeline, 1, ['m1']));
      const skip = conversation.append(timeline, 2, []);
      expect(await append(skip)).toMatchObject({ status: 'taken', duplicates: 0 });
      expect(await append(skip)).toMatchObject({ status: 'taken' });
      expect(await append(conversation.append(timeline, 2, ['m2']))).toMatchObject({
        status: 'taken',
        duplicates: 1,
        seq: 0,
      });
      expect(await append(conversation.append(timeline, 3, ['m3']))).toMatchObject({
        status: 'taken',
        seq: 2,
      });
      expect(await textsIn(timeline)).toEqual(['m1', 'm3']);
    });

    test('a skip of several consumes all their numbers', async () => {
      const { conversation, timeline } = freshConversation();
      const skip = { ...conversation.append(timeline, 1, []), ...skipOf(3) };
      expect(await append(skip)).toMatchObject({ status: 'taken', duplicates: 0 });
      expect(await append({ ...skip, sendSeq: 3, ...skipOf(2) })).toMatchObject({
        status: 'taken',
      });
      expect(await append(conversation.append(timeline, 4, ['m4']))).toMatchObject({
        status: 'taken',
        duplicates: 1,
      });
      expect(await append(conversation.append(timeline, 5, ['m5']))).toMatchObject({ seq: 1 });
      expect(await textsIn(timeline)).toEqual(['m5']);
    });

    test('a skip runs ahead like a message, and a message under a skipped number is a duplicate', async () => {
      const { conversation, timeline } = freshConversation();
      expect(await append(conversation.append(timeline, 2, []))).toMatchObject({
        status: 'out-of-order',
        expected: 1,
      });
      await append(conversation.append(timeline, 1, []));
      expect(await append(conversation.append(timeline, 1, ['m1']))).toMatchObject({
        status: 'taken',
        duplicates: 1,
        seq: 0,
      });
      expect(await timelines().heads([timeline])).toEqual([0]);
    });

    test('restart passes over what is not known any more', async () => {
      const { conversation, timeline } = freshConversation();
      const restart = (sendSeq: number, texts: string[]) =>
        append({ ...conversation.append(timeline, sendSeq, texts), restart: true });
      expect(await restart(7, ['m7', 'm8'])).toMatchObject({ status: 'taken', seq: 1 });
      expect(await append(conversation.append(timeline, 9, ['m9']))).toMatchObject({ seq: 3 });
      // A tail was lost: the store knows an older number than the sender does.
      expect(await restart(20, ['m20'])).toMatchObject({ status: 'taken', seq: 4 });
      expect(await append(conversation.append(timeline, 22, ['m22']))).toMatchObject({
        status: 'out-of-order',
        expected: 21,
      });
      expect(await textsIn(timeline)).toEqual(['m7', 'm8', 'm9', 'm20']);
    });

    test('restart does not store a duplicate', async () => {
      const { conversation, timeline } = freshConversation();
      await append(conversation.append(timeline, 1, ['m1', 'm2']));
      const again = { ...conversation.append(timeline, 2, ['m2']), restart: true };
      expect(await append(again)).toMatchObject({ status: 'taken', duplicates: 1 });
      expect(await textsIn(timeline)).toEqual(['m1', 'm2']);
    });

    test('two appends at the same time, of one run, store it once', async () => {
      const { conversation, timeline } = freshConversation();
      const run = conversation.append(timeline, 1, ['m1', 'm2']);
      const results = await Promise.all(
        [fixture.store, fixture.another].flatMap(({ timelines }) =>
          Array.from({ length: 5 }, () => timelines.append([run])),
        ),
      );
      const duplicates = results.flat().map((result) => result.duplicates);
      expect(duplicates.toSorted()).toEqual([0, ...Array(9).fill(2)]);
      expect(await textsIn(timeline)).toEqual(['m1', 'm2']);
    });
  });

  describe('batches', () => {
    test('the runs of one source in a batch are taken in the order given', async () => {
      const { conversation, timeline } = freshConversation();
      const results = await timelines().append([
        conversation.append(timeline, 1, ['m1']),
        conversation.append(timeline, 2, ['m2', 'm3']),
        conversation.append(timeline, 3, ['m3', 'm4']),
        conversation.append(timeline, 6, ['m6']),
        conversation.append(timeline, 5, ['m5']),
      ]);
      expect(results).toMatchObject([
        { status: 'taken', duplicates: 0, seq: 1 },
        { status: 'taken', duplicates: 0, seq: 2 },
        { status: 'taken', duplicates: 1, seq: 4 },
        { status: 'out-of-order', expected: 5 },
        { status: 'taken', duplicates: 0, seq: 5 },
      ]);
      expect(await textsIn(timeline)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    });

    test('several timelines in one batch are independent', async () => {
      const one = freshConversation();
      const other = freshConversation();
      const ownTimeline = userTimeline(one.conversation.from);
      expect(
        await timelines().append([
          one.conversation.append(one.timeline, 1, ['a1']),
          other.conversation.append(other.timeline, 2, ['b2']),
          one.conversation.append(ownTimeline, 1, ['a1']),
          one.conversation.append(one.timeline, 2, ['a2']),
        ]),
      ).toMatchObject([
        { status: 'taken', seq: 1 },
        { status: 'out-of-order', expected: 1 },
        { status: 'taken', seq: 1 },
        { status: 'taken', seq: 2 },
      ]);
      expect(await timelines().heads([one.timeline, other.timeline, ownTimeline])).toEqual([
        2, 0, 1,
      ]);
    });

    test('sources of one timeline are numbered apart and stored as they came', async () => {
      const to = nextUserId();
      const timeline = userTimeline(to);
      const amy = new Conversation(nextUserId(), to);
      const bob = new Conversation(nextUserId(), to);
      const amyAnew = new Conversation(amy.from, to);
      await timelines().append([
        amy.append(timeline, 1, ['amy 1']),
        bob.append(timeline, 1, ['bob 1']),
        amy.append(timeline, 2, ['amy 2']),
        amyAnew.append(timeline, 1, ['amy anew 1']),
        bob.append(timeline, 2, ['bob 2']),
      ]);
      const texts = ['amy 1', 'bob 1', 'amy 2', 'amy anew 1', 'bob 2'];
      expect(await textsIn(timeline)).toEqual(texts);
    });

    test('many senders at once get numbers without a gap, each its own', async () => {
      const to = nextUserId();
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, index) => {
          const { timelines } = index % 2 === 0 ? fixture.store : fixture.another;
          const conversation = new Conversation(nextUserId(), to);
          return timelines.append([conversation.append(userTimeline(to), 1, [`${index}`])]);
        }),
      );
      const seqs = results.flat().map(({ seq }) => seq);
      expect(seqs.toSorted((one, other) => one - other)).toEqual(
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
    });

    test('a batch may be larger than the store takes at once', async () => {
      const { conversation, timeline } = freshConversation();
      const count = limits.storeBatchMax * 2 + 10;
      const batch = Array.from({ length: count }, (_, index) =>
        conversation.append(timeline, index + 1, [`m${index + 1}`]),
      );
      const results = await timelines().append(batch);
      expect(results.map(({ seq }) => seq)).toEqual(batch.map(({ sendSeq }) => sendSeq));
    });

    test('each is answered once, those of one timeline in their order', async () => {
      const { conversation, timeline } = freshConversation();
      const other = freshConversation();
      const batch = [
        conversation.append(timeline, 1, ['m1']),
        other.conversation.append(other.timeline, 1, ['o1']),
        conversation.append(timeline, 3, ['m3']),
        conversation.append(timeline, 2, ['m2']),
      ];
      const answers: [index: number, result: AppendResult][] = [];
      const results = await timelines().append(batch, (...answer) => answers.push(answer));
      expect(answers.filter(([index]) => index !== 1).map(([index]) => index)).toEqual([0, 2, 3]);
      const inOrder = answers.toSorted(([one], [another]) => one - another);
      expect(inOrder).toEqual(Array.from(results.entries()));
      expect(results.map(({ status }) => status)).toEqual([
        ...['taken', 'taken', 'out-of-order', 'taken'],
      ]);
    });

    test('an empty batch is fine', async () => {
      expect(await timelines().append([])).toEqual([]);
    });
  });

  describe('timelines', () => {
    test('a message to oneself is one append', async () => {
      const userId = nextUserId();
      const conversation = new Conversation(userId, userId);
      const timeline = userTimeline(userId);
      await append(conversation.append(timeline, 1, ['note']));
      expect(await textsIn(timeline)).toEqual(['note']);
    });

    test('a group has a timeline like a user, under any name', async () => {
      const group = `Team {a}b: ❤ ${nextUserId()}`;
      const conversation = new Conversation(nextUserId(), group);
      const timeline = groupTimeline(group);
      await append(conversation.append(timeline, 1, ['hello', 'all']));
      expect(await textsIn(timeline)).toEqual(['hello', 'all']);
      expect(await timelines().heads([groupTimeline(`${group}!`)])).toEqual([0]);
    });

    test('a body comes back byte for byte, large ones too', async () => {
      const { conversation, timeline } = freshConversation();
      const text = 'ü\u0000€\r\n😀'.repeat(limits.textBytesMax / 16);
      const run = conversation.append(timeline, 1, [text, '']);
      await append(run);
      const { messages } = await timelines().read({ timeline, after: 0, limit: 10 });
      expect(messages.map(({ body }) => Buffer.from(body))).toEqual(
        bodiesOf(run.bodies).map((body) => Buffer.from(body)),
      );
    });
  });

  describe('watchers', () => {
    test('of a user are the open sessions, as of the append', async () => {
      const { conversation, timeline } = freshConversation();
      const userId = Number(timeline.slice(2));
      const phone = opening(userId, { device: 'phone' });
      const tablet = opening(userId, { device: 'tablet', instance: 'instance-b' });
      await fixture.store.sessions.open([phone, tablet]);
      const { watchers } = await append(conversation.append(timeline, 1, ['m1']));
      expect(byDevice(watchers)).toEqual([watcherOf(phone), watcherOf(tablet)]);

      const phoneAgain = opening(userId, { device: 'phone', connectionNumber: 2 });
      await fixture.store.sessions.open([phoneAgain]);
      await fixture.store.sessions.close([tablet]);
      expect(await append(conversation.append(timeline, 2, ['m2']))).toMatchObject({
        watchers: [watcherOf(phoneAgain)],
      });
    });

    test('are told of a duplicate as well', async () => {
      const { conversation, timeline } = freshConversation();
      await append(conversation.append(timeline, 1, ['m1']));
      const phone = opening(Number(timeline.slice(2)));
      await fixture.store.sessions.open([phone]);
      expect(await append(conversation.append(timeline, 1, ['m1']))).toMatchObject({
        duplicates: 1,
        watchers: [watcherOf(phone)],
      });
    });

    test('include a Java peer, under the number that the store gave', async () => {
      const { conversation, timeline } = freshConversation();
      const peer = opening(Number(timeline.slice(2)), { device: javaDevice, connectionNumber: 0 });
      const [opened] = await fixture.store.sessions.open([peer]);
      const connectionNumber = opened?.status === 'opened' ? opened.connectionNumber : undefined;
      expect(await append(conversation.append(timeline, 1, ['m1']))).toMatchObject({
        watchers: [{ ...watcherOf(peer), connectionNumber }],
      });
    });

    test('of a group are the interested servers', async () => {
      const group = `group ${nextUserId()}`;
      const conversation = new Conversation(nextUserId(), group);
      const say = async (sendSeq: number) => {
        const run = conversation.append(groupTimeline(group), sendSeq, ['hi']);
        return (await append(run)).watchers.map(({ instance, address }) => ({ instance, address }));
      };
      const serverA = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
      const serverB = { instance: 'instance-b', address: '10.0.0.2:9000:8081' };
      expect(await say(1)).toEqual([]);
      await fixture.store.groups.create(group, nextUserId());
      await timelines().addInterest(group, serverA);
      await timelines().addInterest(group, serverA);
      await timelines().addInterest(group, serverB);
      expect((await say(2)).toSorted(byInstance)).toEqual([serverA, serverB]);
      await timelines().removeInterest(group, serverA.instance);
      await timelines().removeInterest(group, serverA.instance);
      expect(await say(3)).toEqual([serverB]);
    });

    test('of a group stand for a whole server', async () => {
      const group = `group ${nextUserId()}`;
      const server = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
      await fixture.store.groups.create(group, nextUserId());
      await timelines().addInterest(group, server);
      const run = new Conversation(nextUserId(), group).append(groupTimeline(group), 1, ['hi']);
      expect((await append(run)).watchers).toMatchObject([{ ...server, sessionId: 0 }]);
    });
  });
}

function watcherOf({ device, connectionNumber, instance, address, sessionId }: Watcher): Watcher {
  return { device, connectionNumber, instance, address, sessionId };
}

function byDevice(watchers: readonly Watcher[]): Watcher[] {
  return watchers.toSorted((one, other) => (one.device < other.device ? -1 : 1));
}

function byInstance(one: { instance: string }, other: { instance: string }): number {
  return one.instance < other.instance ? -1 : 1;
}

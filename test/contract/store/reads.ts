import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { Store } from '../../../src/store/store.ts';
import { type TimelineId, userTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

/**
 * Texts are the numbers that the messages have in the timeline, so that a page shows what it holds.
 */
export function describeReads(fixture: StoreFixture): void {
  const timelines = () => fixture.store.timelines;
  /** A timeline of `m1, m2, …` in runs of these lengths. */
  const timelineOf = async (lengths: readonly number[], store = fixture.store) => {
    const to = nextUserId();
    const conversation = new Conversation(nextUserId(), to);
    const timeline = userTimeline(to);
    const grow = growing(store, conversation, timeline);
    for (const length of lengths) await grow(length);
    return { conversation, timeline, grow };
  };
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);

  describe('forward', () => {
    test('everything after the cursor, in order, with its number', async () => {
      const { timeline } = await timelineOf([1, 3, 2]);
      const page = await timelines().read({ timeline, after: 0, limit: 100 });
      expect(page).toMatchObject({ head: 6, first: 1, rewound: false });
      expect(page.messages.map(({ seq }) => seq)).toEqual(numbers(1, 6));
      expect(textsOf(page.messages)).toEqual(numbers(1, 6).map((seq) => `m${seq}`));
    });

    test('a timeline that does not exist is empty', async () => {
      const read = { timeline: userTimeline(nextUserId()), after: 0, limit: 10 };
      expect(await timelines().read(read)).toEqual({
        messages: [],
        head: 0,
        first: 1,
        rewound: false,
      });
    });

    test('a page begins and ends anywhere, inside runs too', async () => {
      const { timeline } = await timelineOf([4, 1, 5, 3]);
      for (const after of numbers(0, 13)) {
        for (const limit of [1, 2, 3, 5, 100]) {
          const { messages, head } = await timelines().read({ timeline, after, limit });
          expect(head).toBe(13);
          expect(textsOf(messages)).toEqual(
            numbers(after + 1, Math.min(after + limit, 13)).map((seq) => `m${seq}`),
          );
        }
      }
    });

    test('page by page, everything is read once', async () => {
      const { timeline } = await timelineOf([7, 1, 1, 20, 1]);
      const texts: string[] = [];
      for (let after = 0; after < 30; ) {
        const { messages } = await timelines().read({ timeline, after, limit: 4 });
        texts.push(...textsOf(messages));
        after = messages.at(-1)!.seq;
      }
      expect(texts).toEqual(numbers(1, 30).map((seq) => `m${seq}`));
    });

    test('pages of large messages are shorter, and nothing is left out', async () => {
      const to = nextUserId();
      const conversation = new Conversation(nextUserId(), to);
      const timeline = userTimeline(to);
      const text = 'x'.repeat(limits.textBytesMax / 2);
      const count = 40;
      for (const sendSeq of numbers(1, count)) {
        await timelines().append([conversation.append(timeline, sendSeq, [text])]);
      }
      const seqs: number[] = [];
      for (let after = 0; after < count; after = seqs.at(-1)!) {
        const { messages } = await timelines().read({ timeline, after, limit: 200 });
        const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
        expect(bytes).toBeGreaterThan(0);
        // The last one may reach over it.
        expect(bytes).toBeLessThan(limits.pageBytesMax + limits.textBytesMax);
        seqs.push(...messages.map(({ seq }) => seq));
      }
      expect(seqs).toEqual(numbers(1, count));
    });

    test('heads come in the order asked', async () => {
      const one = await timelineOf([2]);
      const other = await timelineOf([1, 2]);
      const none = userTimeline(nextUserId());
      expect(await timelines().heads([other.timeline, none, one.timeline])).toEqual([3, 0, 2]);
      expect(await timelines().heads([])).toEqual([]);
    });
  });

  describe('rewound', () => {
    test('not while the message at the cursor is the one that the reader knows', async () => {
      const { conversation, timeline } = await timelineOf([3, 2]);
      for (const after of [1, 2, 3, 4, 5]) {
        const identity = conversation.identity(after);
        const page = await timelines().read({ timeline, after, identity, limit: 10 });
        expect(page).toMatchObject({ rewound: false, head: 5 });
        expect(textsOf(page.messages)).toEqual(numbers(after + 1, 5).map((seq) => `m${seq}`));
      }
    });

    test('when another message is at the cursor', async () => {
      const { conversation, timeline } = await timelineOf([3, 2]);
      const stranger = new Conversation(conversation.from, conversation.to);
      for (const identity of [stranger.identity(2), conversation.identity(3)]) {
        expect(await timelines().read({ timeline, after: 2, identity, limit: 10 })).toEqual({
          messages: [],
          head: 5,
          first: 1,
          rewound: true,
        });
      }
    });

    test('when the cursor is beyond the head', async () => {
      const { conversation, timeline } = await timelineOf([2]);
      const rewound = { messages: [], head: 2, first: 1, rewound: true };
      expect(await timelines().read({ timeline, after: 3, limit: 10 })).toEqual(rewound);
      const identity = conversation.identity(3);
      expect(await timelines().read({ timeline, after: 3, identity, limit: 10 })).toEqual(rewound);
    });

    test('when the timeline is gone altogether', async () => {
      const timeline = userTimeline(nextUserId());
      expect(await timelines().read({ timeline, after: 1, limit: 10 })).toMatchObject({
        messages: [],
        head: 0,
        rewound: true,
      });
    });
  });

  describe('backward', () => {
    test('from the newest, newest first', async () => {
      const { timeline } = await timelineOf([2, 3, 1]);
      const messages = await timelines().readBack(timeline, 0, 4);
      expect(messages.map(({ seq }) => seq)).toEqual([6, 5, 4, 3]);
      expect(textsOf(messages)).toEqual(['m6', 'm5', 'm4', 'm3']);
    });

    test('from before any number, inside runs too', async () => {
      const { timeline } = await timelineOf([4, 1, 5]);
      for (const before of numbers(1, 12)) {
        for (const limit of [1, 2, 3, 100]) {
          const newest = Math.min(before - 1, 10);
          const oldest = Math.max(1, newest - limit + 1);
          expect(textsOf(await timelines().readBack(timeline, before, limit))).toEqual(
            numbers(oldest, newest)
              .toReversed()
              .map((seq) => `m${seq}`),
          );
        }
      }
    });

    // Runs of some messages share an entry, and one that is larger than the bound is there.
    test.each([
      ['of one message', [1, 1, 1, 1, 1, 1]],
      ['of many messages', [7, 1, 12, 2]],
    ])(
      'pages of runs %s have no more bytes than were asked for, or one message',
      async (_, runs) => {
        const to = nextUserId();
        const conversation = new Conversation(nextUserId(), to);
        const timeline = userTimeline(to);
        let count = 0;
        for (const length of runs) {
          const texts = numbers(count + 1, count + length).map((seq) =>
            'x'.repeat(seq % 5 === 0 ? 30_000 : 3_000 + seq),
          );
          await timelines().append([conversation.append(timeline, count + 1, texts)]);
          count += length;
        }
        for (const bytesMax of [1, 4_000, 10_000, 50_000]) {
          const seqs: number[] = [];
          for (let before = 0; before !== 1; before = seqs.at(-1)!) {
            const page = await timelines().readBack(timeline, before, 200, bytesMax);
            const bytes = page.reduce((sum, { body }) => sum + body.length, 0);
            if (page.length !== 1) expect(bytes).toBeLessThanOrEqual(bytesMax);
            seqs.push(...page.map(({ seq }) => seq));
          }
          expect(seqs).toEqual(numbers(1, count).toReversed());
        }
      },
    );

    test('a page has no more bytes than any page when nothing is asked', async () => {
      const to = nextUserId();
      const conversation = new Conversation(nextUserId(), to);
      const timeline = userTimeline(to);
      const text = 'x'.repeat(limits.textBytesMax);
      for (const sendSeq of numbers(1, 20))
        await timelines().append([conversation.append(timeline, sendSeq, [text])]);
      const page = await timelines().readBack(timeline, 0, limits.pageMessagesMax);
      const bytes = page.reduce((sum, { body }) => sum + body.length, 0);
      expect(bytes).toBeLessThanOrEqual(limits.pageBytesMax);
      expect(bytes).toBeGreaterThan(limits.pageBytesMax - 2 * limits.textBytesMax);
    });

    test('of a timeline that does not exist is nothing', async () => {
      expect(await timelines().readBack(userTimeline(nextUserId()), 0, 10)).toEqual([]);
    });
  });

  describe('retention', () => {
    const messagesMax = 20;
    // Trimming is amortised, so a timeline may be longer than its bound, but not twice as long and
    // a run more.
    const keptMax = 2 * messagesMax + 10;

    test('the oldest go; the counter, and who reads on, do not notice', async () => {
      const store = await fixture.openStore({ messagesMax, ageMs: limits.timelineAgeMs });
      const { conversation, timeline, grow } = await timelineOf([], store);
      for (let length = 1; length <= 300; length += 1) await grow(1);
      const { head, first, messages, rewound } = await store.timelines.read({
        timeline,
        after: 0,
        limit: limits.pageMessagesMax,
      });
      expect({ head, rewound }).toEqual({ head: 300, rewound: false });
      expect(head - first + 1).toBeGreaterThanOrEqual(messagesMax);
      expect(head - first + 1).toBeLessThanOrEqual(keptMax);
      expect(messages.map(({ seq }) => seq)).toEqual(numbers(first, 300));
      expect(textsOf(messages)[0]).toBe(`m${first}`);

      // The message at this cursor is gone: that is a gap, not numbers given out anew.
      const gap = await store.timelines.read({
        timeline,
        after: 5,
        identity: conversation.identity(5),
        limit: 1,
      });
      expect(gap).toMatchObject({ rewound: false, first, messages: [{ seq: first }] });
      const back = await store.timelines.readBack(timeline, 0, limits.pageMessagesMax);
      expect(back.at(-1)!.seq).toBe(first);
      // What was taken before stays taken.
      const [again] = await store.timelines.append([conversation.append(timeline, 1, ['m1'])]);
      expect(again).toMatchObject({ status: 'taken', duplicates: 1 });
    });

    test('runs and batches are bounded like single messages', async () => {
      const store = await fixture.openStore({ messagesMax, ageMs: limits.timelineAgeMs });
      const { timeline, grow } = await timelineOf([], store);
      for (let run = 1; run <= 40; run += 1) await grow(10);
      const { head, first, messages } = await store.timelines.read({
        timeline,
        after: 0,
        limit: limits.pageMessagesMax,
      });
      expect(head).toBe(400);
      expect(head - first + 1).toBeGreaterThanOrEqual(messagesMax);
      expect(head - first + 1).toBeLessThanOrEqual(keptMax);
      expect(messages.map(({ seq }) => seq)).toEqual(numbers(first, 400));
    });
  });
}

/** What comes is acknowledged: retention takes nothing else. */
function growing(store: Store, conversation: Conversation, timeline: TimelineId) {
  const userId = Number(conversation.to);
  let sent = 0;
  return async (length: number) => {
    const texts = Array.from({ length }, (_, index) => `m${sent + index + 1}`);
    const [result] = await store.timelines.append([conversation.append(timeline, sent + 1, texts)]);
    expect(result).toMatchObject({ status: 'taken', seq: sent + 1 });
    sent += length;
    await store.sessions.acknowledge([{ userId, device: 'phone', seq: sent }]);
  };
}

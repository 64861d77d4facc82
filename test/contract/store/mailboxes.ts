/**
 * What a timeline takes from whom (src/store/quotas.ts): nobody pushes out what others have sent, and
 * nobody fills a mailbox alone. In a timeline of 40 messages nobody is counted below 20.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { lobby } from '../../../src/codec/commands.ts';
import { bodiesOf, runOf } from '../../../src/codec/run.ts';
import { quotasByDefault } from '../../../src/store/quotas.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  type Append,
  type AppendResult,
  groupTimeline,
  userTimeline,
} from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId, opening } from './users.ts';

const messagesMax = 40;
const retention = { messagesMax, ageMs: 3_600_000 };
const placeBytes = 1_000;
const quotas = {
  ...quotasByDefault,
  timelineBytesMax: 2 * messagesMax * placeBytes,
  strangerPlacesMax: 3,
  contactPlacesMax: 8,
};
/** A tenth of what is kept. */
const strangersMax = 4;
const half = messagesMax / 2;

/** Somebody who writes to one receiver, text after text, as a route appends it. */
class Sender {
  readonly id = nextUserId();
  readonly conversation: Conversation;
  readonly #store: Store;
  sent = 0;

  constructor(store: Store, receiver: number | string) {
    this.#store = store;
    this.conversation = new Conversation(this.id, receiver);
  }

  /** The next `count` texts as one run, in one batch with their own copies. */
  async write(count = 1, text = 'm'): Promise<AppendResult> {
    const [received] = await this.writeBoth(count, text);
    return received;
  }

  async writeBoth(count = 1, text = 'm'): Promise<[AppendResult, AppendResult]> {
    const first = this.sent + 1;
    this.sent += count;
    return this.repeat(first, count, text);
  }

  async repeat(first: number, count: number, text = 'm'): Promise<[AppendResult, AppendResult]> {
    const texts = Array.from({ length: count }, (_, index) => `${text}${first + index}`);
    const to = this.conversation.to as number;
    const received = this.conversation.append(userTimeline(to), first, texts);
    const results = await this.#store.timelines.append([
      received,
      { ...received, timeline: userTimeline(this.id) },
    ]);
    return results as [AppendResult, AppendResult];
  }
}

export function describeMailboxes(fixture: StoreFixture): void {
  let store: Store;
  beforeAll(async () => {
    store = await fixture.openStore(retention, quotas);
  });

  const textsIn = async (userId: number): Promise<string[]> => {
    const texts: string[] = [];
    for (let after = 0; ; ) {
      const timeline = userTimeline(userId);
      const { messages } = await store.timelines.read({ timeline, after, limit: 10 });
      if (messages.length === 0) return texts;
      texts.push(...textsOf(messages));
      after = messages.at(-1)!.seq;
    }
  };
  const acknowledge = async (userId: number): Promise<void> => {
    const [seq = 0] = await store.timelines.heads([userTimeline(userId)]);
    await store.sessions.acknowledge([{ userId, device: 'phone', seq }]);
  };
  const write = async (from: number, to: number): Promise<void> => {
    const run = new Conversation(from, to).append(userTimeline(to), 1, ['to a friend']);
    const results = await store.timelines.append([run, { ...run, timeline: userTimeline(from) }]);
    expect(results).toMatchObject([{ status: 'taken' }, { status: 'taken' }]);
  };
  /** Somebody away whose mailbox is half full. */
  const halfFull = async () => {
    const receiver = nextUserId();
    const flooder = new Sender(store, receiver);
    for (let count = 0; count < half; count += 1)
      expect(await flooder.write()).toMatchObject({ status: 'taken', stored: 1 });
    return { receiver, flooder };
  };
  const full = (stored: number, refused: number, duplicates = 0) => ({
    status: 'mailbox-full',
    duplicates,
    stored,
    refused,
  });

  describe('to somebody who is away', () => {
    test('a stranger has a few places above half, and the others theirs', async () => {
      const { receiver, flooder } = await halfFull();
      const other = new Sender(store, receiver);
      const third = new Sender(store, receiver);
      for (let count = 0; count < quotas.strangerPlacesMax; count += 1)
        expect(await flooder.write()).toMatchObject({ status: 'taken' });
      expect(await flooder.write()).toMatchObject(full(0, 1));
      expect(await other.write()).toMatchObject({ status: 'taken' });
      // All strangers together have had theirs.
      expect(await third.write()).toMatchObject(full(0, 1));
      expect(await textsIn(receiver)).toHaveLength(half + strangersMax);
    });

    test('whom the receiver has written to has more, whatever strangers did', async () => {
      const { receiver, flooder } = await halfFull();
      await flooder.write(3);
      const friend = new Sender(store, receiver);
      await write(receiver, friend.id);
      for (let count = 0; count < quotas.contactPlacesMax; count += 1)
        expect(await friend.write()).toMatchObject({ status: 'taken' });
      expect(await friend.write()).toMatchObject(full(0, 1));
    });

    test('all together never have more than is kept', async () => {
      const { receiver } = await halfFull();
      let stored = half;
      for (let friends = 0; friends < 4; friends += 1) {
        const friend = new Sender(store, receiver);
        await write(receiver, friend.id);
        stored += (await friend.write(quotas.contactPlacesMax)).stored;
      }
      expect(stored).toBe(messagesMax);
    });

    test('what is acknowledged makes room, and counts are over', async () => {
      const { receiver, flooder } = await halfFull();
      expect(await flooder.write(9)).toMatchObject(full(3, 6));
      await acknowledge(receiver);
      for (let count = 0; count < half; count += 1)
        expect(await flooder.write()).toMatchObject({ status: 'taken' });
      expect(await flooder.write(9)).toMatchObject(full(3, 6));
      expect(await new Sender(store, receiver).write(2)).toMatchObject(full(1, 1));
    });

    test('a run is taken as far as there is room, and a repeat hears the same', async () => {
      const { receiver, flooder } = await halfFull();
      const [first] = await store.timelines.heads([userTimeline(receiver)]);
      expect(await flooder.write(5)).toMatchObject({ ...full(3, 2), seq: first! + 1 });
      expect((await flooder.repeat(half + 1, 5))[0]).toMatchObject(full(0, 2, 3));
      expect((await flooder.repeat(half + 4, 2))[0]).toMatchObject(full(0, 2));
      await acknowledge(receiver);
      expect((await flooder.repeat(half + 4, 2))[0]).toMatchObject(full(0, 2));
      expect((await flooder.repeat(half + 2, 4))[0]).toMatchObject(full(0, 2, 2));
      expect(await flooder.write()).toMatchObject({ status: 'taken', stored: 1 });
      expect((await flooder.repeat(half + 4, 3))[0]).toMatchObject(full(0, 2));
      const texts = await textsIn(receiver);
      expect(texts.slice(half)).toEqual(['m21', 'm22', 'm23', 'm26']);
    });

    test('the own copy has what the receiver has', async () => {
      const { flooder } = await halfFull();
      // A store on several nodes knows from this on that room is short.
      await flooder.write(1);
      const [, copy] = await flooder.writeBoth(5);
      expect(copy).toMatchObject({ status: 'mailbox-full' });
      await flooder.writeBoth(1);
      expect(await textsIn(flooder.id)).toEqual(
        Array.from({ length: half + 3 }, (_, index) => `m${index + 1}`),
      );
      // All numbers are taken, so a repeat adds nothing.
      await flooder.repeat(half + 2, 5);
      expect(await textsIn(flooder.id)).toHaveLength(half + 3);
    });

    test('the own copy of what is refused again says no more than the receiver', async () => {
      const { flooder } = await halfFull();
      // A store on several nodes has all of the own copy by then.
      await flooder.writeBoth(5);
      const [received, copy] = await flooder.repeat(half + 4, 2);
      expect(received).toMatchObject(full(0, 2));
      expect(copy).toMatchObject(full(0, 2));
    });

    test('large messages take more places', async () => {
      const receiver = nextUserId();
      const sender = new Sender(store, receiver);
      const large = 'x'.repeat(3 * placeBytes);
      // Four places each with what surrounds the text.
      for (let count = 0; count < half / 4; count += 1)
        expect(await sender.write(1, large)).toMatchObject({ status: 'taken' });
      expect(await sender.write(1, large)).toMatchObject(full(0, 1));
      expect(await sender.write()).toMatchObject({ status: 'taken' });
      await acknowledge(receiver);
      expect(await sender.write(1, large)).toMatchObject({ status: 'taken' });
    });
  });

  describe('to somebody who is merely behind', () => {
    test('it is busy, and what was not stored is taken when there is room', async () => {
      const { receiver, flooder } = await halfFull();
      await store.sessions.open([opening(receiver)]);
      const [received, copy] = await flooder.writeBoth(5);
      expect(received).toMatchObject({ status: 'busy', stored: 3, refused: 0 });
      expect(received.watchers).toHaveLength(1);
      expect(copy).toMatchObject({ stored: expect.any(Number) });
      expect((await flooder.repeat(half + 1, 5))[0]).toMatchObject({
        status: 'busy',
        duplicates: 3,
        stored: 0,
      });
      await acknowledge(receiver);
      expect((await flooder.repeat(half + 1, 5))[0]).toMatchObject({
        status: 'taken',
        duplicates: 3,
        stored: 2,
      });
      expect((await textsIn(receiver)).slice(half)).toEqual(['m21', 'm22', 'm23', 'm24', 'm25']);
    });
  });

  describe('what is unread', () => {
    test('is not pushed out by own copies, which are', async () => {
      const receiver = nextUserId();
      const sender = new Sender(store, receiver);
      const busy = new Sender(store, nextUserId());
      // The receiver writes to others, through an application that reads nothing.
      const conversation = new Conversation(receiver, busy.id);
      const copies = async (first: number, count: number) => {
        for (let sendSeq = first; sendSeq < first + count; sendSeq += 1) {
          const run = conversation.append(userTimeline(receiver), sendSeq, [`own${sendSeq}`]);
          expect(await store.timelines.append([run])).toMatchObject([{ status: 'taken' }]);
        }
      };
      await sender.write(2);
      await copies(1, 3 * messagesMax);
      await sender.write();
      await copies(3 * messagesMax + 1, 5 * messagesMax);
      const texts = await textsIn(receiver);
      expect(texts.filter((text) => !text.startsWith('own'))).toEqual(['m1', 'm2', 'm3']);
      expect(texts.at(-1)).toBe(`own${8 * messagesMax}`);
      // Trimming is amortised, as in "retention".
      expect(texts.length).toBeLessThanOrEqual(2 * messagesMax + 64);
      const back = await store.timelines.readBack(userTimeline(receiver), 0, 1_000);
      expect(textsOf(back).toReversed()).toEqual(texts);
      const page = await store.timelines.readBack(userTimeline(receiver), back.at(-2)!.seq, 5);
      expect(textsOf(page)).toEqual(['m1']);
    });

    test('own copies do not count', async () => {
      const receiver = nextUserId();
      const conversation = new Conversation(receiver, nextUserId());
      for (let sendSeq = 1; sendSeq <= half + 5; sendSeq += 1)
        await store.timelines.append([
          conversation.append(userTimeline(receiver), sendSeq, ['own']),
        ]);
      const sender = new Sender(store, receiver);
      for (let count = 0; count < half; count += 1)
        expect(await sender.write()).toMatchObject({ status: 'taken' });
      expect(await sender.write(4)).toMatchObject(full(3, 1));
    });

    test('a hole is told to who reads on', async () => {
      const receiver = nextUserId();
      const sender = new Sender(store, receiver);
      await sender.write(2);
      const conversation = new Conversation(receiver, nextUserId());
      for (let sendSeq = 1; sendSeq <= 6 * messagesMax; sendSeq += 1)
        await store.timelines.append([
          conversation.append(userTimeline(receiver), sendSeq, ['own']),
        ]);
      const timeline = userTimeline(receiver);
      const page = await store.timelines.read({ timeline, after: 0, limit: 10 });
      expect(page).toMatchObject({ first: 1, rewound: false });
      expect(textsOf(page.messages)).toEqual(['m1', 'm2']);
      const identity = sender.conversation.identity(2);
      const next = await store.timelines.read({ timeline, after: 2, identity, limit: 10 });
      expect(next.rewound).toBe(false);
      expect(next.first).toBeGreaterThan(3);
      expect(next.messages[0]!.seq).toBe(next.first);
      const other = sender.conversation.identity(1);
      expect(
        await store.timelines.read({ timeline, after: 2, identity: other, limit: 10 }),
      ).toMatchObject({ rewound: true, messages: [] });
    });
  });

  describe('from a blocked peer', () => {
    test('nothing is stored, and all looks taken', async () => {
      const receiver = nextUserId();
      const sender = new Sender(store, receiver);
      await store.sessions.open([opening(receiver)]);
      await sender.write();
      await store.conversations.block(receiver, sender.id);
      const [received, copy] = await sender.writeBoth(2);
      expect(received).toMatchObject({ status: 'taken', stored: 2, seq: 0, watchers: [] });
      expect(copy).toMatchObject({ status: 'taken', stored: 2 });
      expect((await sender.repeat(2, 2))[0]).toMatchObject({
        status: 'taken',
        duplicates: 2,
        seq: 0,
      });
      await store.conversations.unblock(receiver, sender.id);
      expect((await sender.repeat(2, 2))[0]).toMatchObject({ status: 'taken', duplicates: 2 });
      await sender.write();
      expect(await textsIn(receiver)).toEqual(['m1', 'm4']);
      expect(await textsIn(sender.id)).toEqual(['m1', 'm2', 'm3', 'm4']);
    });

    test('who is away seems to fill up as for anybody', async () => {
      const receiver = nextUserId();
      const sender = new Sender(store, receiver);
      await store.conversations.block(receiver, sender.id);
      let taken = 0;
      let result = await sender.write();
      for (; result.status === 'taken'; taken += 4) result = await sender.write(4);
      // One, then four at a time: the last of these is cut.
      expect(result).toMatchObject({ ...full(2, 2), seq: 0, watchers: [] });
      expect(1 + taken - 4 + result.stored).toBe(half + quotas.strangerPlacesMax);
      expect(await textsIn(receiver)).toEqual([]);
      // Nobody else has less room for it.
      expect(await new Sender(store, receiver).write(half)).toMatchObject({ status: 'taken' });
    });
  });

  describe('to a group', () => {
    const say = async (name: string, from: number, count: number, fields: Partial<Append> = {}) => {
      const texts = Array.from({ length: count }, (_, index) => `m${index}`);
      const run = new Conversation(from, name).append(groupTimeline(name), 1, texts);
      const [result] = await store.timelines.append([{ ...run, ...fields }]);
      return result!;
    };
    const share = (stored: number, refused: number) => ({ status: 'group-share', stored, refused });

    test('the lobby: a tenth of what is kept, for each account', async () => {
      const [amy, bob] = [nextUserId(), nextUserId()];
      expect(await say(lobby, amy, 3)).toMatchObject({ status: 'taken', stored: 3 });
      expect(await say(lobby, amy, 3)).toMatchObject(share(1, 2));
      expect(await say(lobby, amy, 1)).toMatchObject(share(0, 1));
      expect(await say(lobby, bob, 5)).toMatchObject(share(4, 1));
      expect(await say(lobby, amy, 9, { isExempt: true })).toMatchObject({ status: 'taken' });
    });

    test('a repeat hears the same', async () => {
      const amy = nextUserId();
      const texts = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'];
      const run = new Conversation(amy, lobby).append(groupTimeline(lobby), 1, texts);
      expect(await store.timelines.append([run])).toMatchObject([share(4, 2)]);
      expect(await store.timelines.append([{ ...run, isExempt: true }])).toMatchObject([
        { ...share(0, 2), duplicates: 4 },
      ]);
    });

    test('a named one: half, or what its owner has set', async () => {
      const [name, owner, amy] = [nextGroup(), nextUserId(), nextUserId()];
      await store.groups.create(name, owner);
      await store.groups.join(name, amy);
      const member = (userId: number) => ({ onlyIfMember: userId });
      expect(await say(name, amy, 25, member(amy))).toMatchObject(share(20, 5));
      await store.groups.change(name, owner, { kind: 'set', sharePercent: 75 });
      expect(await say(name, amy, 25, member(amy))).toMatchObject(share(10, 15));
      expect(await say(name, owner, 35, member(owner))).toMatchObject(share(30, 5));
      await store.groups.change(name, owner, { kind: 'set', sharePercent: 100 });
      expect(await say(name, amy, 25, member(amy))).toMatchObject({ status: 'taken' });
    });

    test('the share comes again', async () => {
      const short = await fixture.openStore(retention, { ...quotas, groupShareMs: 1 });
      const amy = new Conversation(nextUserId(), lobby);
      // As often as it takes the clock to move on.
      let stored = 0;
      for (let sendSeq = 1; stored <= strangersMax; sendSeq += 1) {
        const run = amy.append(groupTimeline(lobby), sendSeq, ['m']);
        stored += (await short.timelines.append([run]))[0]!.stored;
      }
      expect(stored).toBeGreaterThan(strangersMax);
    });
  });

  test('what is stored is what came, also where a run was cut', async () => {
    const { receiver, flooder } = await halfFull();
    const bodies = Array.from({ length: 6 }, (_, index) => flooder.conversation.body(21 + index));
    const run = flooder.conversation.append(userTimeline(receiver), 21, ['']);
    await store.timelines.append([{ ...run, ...runOf(bodies) }]);
    const page = await store.timelines.read({
      timeline: userTimeline(receiver),
      after: half,
      limit: 10,
    });
    expect(page.messages.map(({ body }) => Buffer.from(body).toString('hex'))).toEqual(
      bodiesOf(runOf(bodies).bodies)
        .slice(0, 3)
        .map((body) => Buffer.from(body).toString('hex')),
    );
  });
}

import { describe, expect, test } from '@jest/globals';
import { type AppendResult, groupTimeline, userTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

/** `Append.onlyIfMember`. */
export function describeGroupAppends(fixture: StoreFixture): void {
  /** A group, and somebody who writes to it. */
  const freshWriter = async () => {
    const name = nextGroup();
    await fixture.store.groups.create(name, nextUserId());
    const userId = nextUserId();
    const conversation = new Conversation(userId, name);
    const timeline = groupTimeline(name);
    const run = (sendSeq: number, texts: readonly string[], restart = false) => ({
      ...conversation.append(timeline, sendSeq, texts),
      restart,
      onlyIfMember: userId,
    });
    return {
      run,
      write: async (sendSeq: number, texts: readonly string[], restart = false) => {
        const results = await fixture.store.timelines.append([run(sendSeq, texts, restart)]);
        return results[0] as AppendResult;
      },
      join: () => fixture.store.groups.join(name, userId),
      leave: () => fixture.store.groups.leave(name, userId),
      texts: async () => {
        const { messages, head } = await fixture.store.timelines.read({
          timeline,
          after: 0,
          limit: 100,
        });
        expect(head).toBe(messages.length);
        return textsOf(messages);
      },
    };
  };
  const refused = (duplicates = 0) => ({ status: 'not-a-member', duplicates, seq: 0 });

  test('a member is taken, who is none is refused', async () => {
    const [member, stranger] = [await freshWriter(), await freshWriter()];
    await member.join();
    expect(await member.write(1, ['m1', 'm2'])).toMatchObject({ status: 'taken', seq: 1 });
    expect(await stranger.write(1, ['m1', 'm2'])).toMatchObject(refused());
    expect(await member.texts()).toEqual(['m1', 'm2']);
    expect(await stranger.texts()).toEqual([]);
  });

  test('a group that does not exist has no members', async () => {
    const userId = nextUserId();
    const name = nextGroup();
    const run = new Conversation(userId, name).append(groupTimeline(name), 1, ['m1']);
    const results = await fixture.store.timelines.append([{ ...run, onlyIfMember: userId }]);
    expect(results).toMatchObject([refused()]);
  });

  describe('to a group that does not exist', () => {
    const writerTo = (name: string) => {
      const userId = nextUserId();
      const conversation = new Conversation(userId, name);
      const write = async (sendSeq: number, texts: readonly string[], restart = false) => {
        const run = conversation.append(groupTimeline(name), sendSeq, texts);
        const append = { ...run, restart, onlyIfMember: userId };
        return (await fixture.another.timelines.append([append]))[0] as AppendResult;
      };
      return { userId, write };
    };

    test('no number is taken, of a skip either, and what follows goes on when there is one', async () => {
      const name = nextGroup();
      const { userId, write } = writerTo(name);
      expect(await write(1, ['m1', 'm2'])).toMatchObject({ ...refused(), refused: 2, stored: 0 });
      expect(await write(3, ['m3'])).toMatchObject({ ...refused(), refused: 1 });
      expect(await write(4, [])).toMatchObject({ ...refused(), refused: 1 });
      expect(await write(1, ['m1', 'm2'])).toMatchObject({ ...refused(), refused: 2 });
      expect(await write(9, ['m9'], true)).toMatchObject({ ...refused(), refused: 1 });
      await fixture.store.groups.create(name, userId);
      expect(await write(4, ['m4'])).toMatchObject({ status: 'out-of-order', expected: 1 });
      expect(await write(4, ['m4'], true)).toMatchObject({ status: 'taken', seq: 1 });
      expect(await write(5, ['m5'])).toMatchObject({ status: 'taken', seq: 2 });
    });

    test('any more: who has written to it hears the same again, whatever comes', async () => {
      const name = nextGroup();
      const { userId, write } = writerTo(name);
      await fixture.store.groups.create(name, userId);
      expect(await write(1, ['m1'])).toMatchObject({ status: 'taken' });
      await fixture.store.groups.leave(name, userId);
      expect(await write(1, ['m1', 'm2'])).toMatchObject({ ...refused(1), refused: 1 });
      await fixture.store.groups.create(name, userId);
      expect(await write(2, ['m2'])).toMatchObject({ ...refused(), refused: 1 });
      expect(await write(3, ['m3'])).toMatchObject({ status: 'taken', stored: 1 });
    });
  });

  test('refused numbers are consumed: those after them are taken', async () => {
    const { write, join, texts } = await freshWriter();
    expect(await write(1, ['m1', 'm2'])).toMatchObject(refused());
    expect(await write(3, ['m3'])).toMatchObject(refused());
    expect(await write(5, ['m5'])).toMatchObject({ status: 'out-of-order', expected: 4 });
    await join();
    expect(await write(4, ['m4'])).toMatchObject({ status: 'taken', duplicates: 0, seq: 1 });
    expect(await texts()).toEqual(['m4']);
  });

  test('leaving counts from one message to the next', async () => {
    const { write, join, leave, texts } = await freshWriter();
    await join();
    expect(await write(1, ['m1'])).toMatchObject({ status: 'taken', seq: 1 });
    await leave();
    expect(await write(2, ['m2'])).toMatchObject(refused());
    await join();
    expect(await write(3, ['m3'])).toMatchObject({ status: 'taken', seq: 2 });
    expect(await texts()).toEqual(['m1', 'm3']);
  });

  describe('a repeat', () => {
    test('of what was taken is a duplicate, also for who has left since', async () => {
      const { write, join, leave, texts } = await freshWriter();
      await join();
      await write(1, ['m1', 'm2']);
      await leave();
      expect(await write(1, ['m1', 'm2'])).toMatchObject({
        status: 'taken',
        duplicates: 2,
        seq: 2,
      });
      expect(await texts()).toEqual(['m1', 'm2']);
    });

    test('of what was refused is refused, also to who has joined since', async () => {
      const { write, join, texts } = await freshWriter();
      await write(1, ['m1', 'm2']);
      expect(await write(1, ['m1', 'm2'])).toMatchObject(refused());
      await join();
      expect(await write(1, ['m1', 'm2'])).toMatchObject(refused());
      expect(await write(2, ['m2'])).toMatchObject(refused());
      await write(3, ['m3']);
      expect(await write(1, ['m1'])).toMatchObject(refused());
      expect(await write(2, ['m2'])).toMatchObject(refused());
      expect(await write(3, ['m3'])).toMatchObject({ status: 'taken', duplicates: 1 });
      expect(await texts()).toEqual(['m3']);
    });

    test('of which a part was taken: the others are refused', async () => {
      const { write, join, leave, texts } = await freshWriter();
      await join();
      await write(1, ['m1', 'm2']);
      await leave();
      expect(await write(1, ['m1', 'm2', 'm3', 'm4'])).toMatchObject(refused(2));
      expect(await write(2, ['m2', 'm3'])).toMatchObject(refused(1));
      expect(await write(3, ['m3', 'm4'])).toMatchObject(refused());
      expect(await write(1, ['m1', 'm2'])).toMatchObject({ status: 'taken', duplicates: 2 });
      await join();
      expect(await write(5, ['m5'])).toMatchObject({ status: 'taken', seq: 3 });
      expect(await texts()).toEqual(['m1', 'm2', 'm5']);
    });

    test('of which a part was refused is refused from there on', async () => {
      const { write, join, texts } = await freshWriter();
      await write(1, ['m1']);
      await join();
      expect(await write(1, ['m1', 'm2'])).toMatchObject(refused());
      expect(await write(2, ['m2'])).toMatchObject(refused());
      expect(await write(3, ['m3'])).toMatchObject({ status: 'taken', seq: 1 });
      expect(await texts()).toEqual(['m3']);
    });
  });

  test('refusals in between are told apart, and heard again', async () => {
    const { write, join, leave, texts } = await freshWriter();
    for (let sendSeq = 1; sendSeq <= 8; sendSeq += 2) {
      expect(await write(sendSeq, ['no member'])).toMatchObject(refused());
      await join();
      expect(await write(sendSeq + 1, [`m${sendSeq + 1}`])).toMatchObject({ status: 'taken' });
      await leave();
    }
    await join();
    for (let sendSeq = 1; sendSeq <= 8; sendSeq += 1)
      expect(await write(sendSeq, ['again'])).toMatchObject(
        sendSeq % 2 === 1 ? refused() : { status: 'taken', duplicates: 1 },
      );
    expect(await texts()).toEqual(['m2', 'm4', 'm6', 'm8']);
  });

  test('restart passes over what is not known, refused or not', async () => {
    const { write, join, texts } = await freshWriter();
    expect(await write(7, ['m7'], true)).toMatchObject(refused());
    expect(await write(7, ['m7'], true)).toMatchObject(refused());
    await join();
    expect(await write(8, ['m8'])).toMatchObject({ status: 'taken', seq: 1 });
    expect(await write(20, ['m20'], true)).toMatchObject({ status: 'taken', seq: 2 });
    expect(await texts()).toEqual(['m8', 'm20']);
  });

  test('a skip asks nobody', async () => {
    const { write, join, texts } = await freshWriter();
    expect(await write(1, [])).toMatchObject({ status: 'taken', duplicates: 0 });
    await join();
    expect(await write(2, ['m2'])).toMatchObject({ status: 'taken', seq: 1 });
    expect(await texts()).toEqual(['m2']);
  });

  test('the watchers are told as well', async () => {
    const name = nextGroup();
    const userId = nextUserId();
    const server = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
    await fixture.store.groups.create(name, nextUserId());
    await fixture.store.timelines.addInterest(name, server);
    const run = new Conversation(userId, name).append(groupTimeline(name), 1, ['m1']);
    const results = await fixture.store.timelines.append([{ ...run, onlyIfMember: userId }]);
    expect(results).toMatchObject([{ ...refused(), watchers: [server] }]);
  });

  test('each run of a batch is asked for on its own', async () => {
    const [member, stranger] = [await freshWriter(), await freshWriter()];
    await member.join();
    const to = nextUserId();
    const plain = new Conversation(nextUserId(), to);
    const lobby = new Conversation(nextUserId(), nextGroup());
    const results = await fixture.store.timelines.append([
      stranger.run(1, ['s1']),
      member.run(1, ['m1']),
      plain.append(userTimeline(to), 1, ['p1']),
      member.run(2, ['m2', 'm3']),
      stranger.run(2, ['s2']),
      lobby.append(groupTimeline(lobby.to as string), 1, ['l1']),
      member.run(2, ['m2']),
    ]);
    expect(results).toMatchObject([
      refused(),
      { status: 'taken', seq: 1 },
      { status: 'taken', seq: 1 },
      { status: 'taken', seq: 2 },
      refused(),
      { status: 'taken', seq: 1 },
      { status: 'taken', duplicates: 1 },
    ]);
    expect(await member.texts()).toEqual(['m1', 'm2', 'm3']);
    expect(await stranger.texts()).toEqual([]);
  });

  test('leaving while writing: what was taken is there, what was refused is not', async () => {
    const { run, join, leave, texts } = await freshWriter();
    await join();
    const writing = Array.from({ length: 30 }, (_, index) => {
      const { timelines } = index % 2 === 0 ? fixture.store : fixture.another;
      return timelines.append([{ ...run(index + 1, [`m${index + 1}`], true) }]);
    });
    const [results] = await Promise.all([Promise.all(writing), leave()]);
    const taken = results.flatMap(([result], index) =>
      result?.status === 'taken' && result.duplicates === 0 ? [`m${index + 1}`] : [],
    );
    expect((await texts()).toSorted()).toEqual(taken.toSorted());
  });
}

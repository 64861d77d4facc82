/**
 * Where one decision ends and the other begins, to the number. What follows from them in a store, and
 * that Redis decides the same, is in the contract of stores.
 */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { runOf } from '../../../src/codec/run.ts';
import { type AppendAnswer, admitCopy } from '../../../src/store/decisions/append.ts';
import { afterWriting, countOf, unknownPeer } from '../../../src/store/decisions/conversation.ts';
import { decideShare, isPeriodOver, shareMaxOf } from '../../../src/store/decisions/group-share.ts';
import { boundsOf, placesPerMessage } from '../../../src/store/decisions/mailbox.ts';
import { decideLeave, membershipOf } from '../../../src/store/decisions/membership.ts';
import { noHeavy, trimPointOf, withHeavy } from '../../../src/store/decisions/retention.ts';
import { leasedTogether, pageOf } from '../../../src/store/decisions/schedule.ts';
import { endsJava, movedCursor } from '../../../src/store/decisions/session.ts';
import { decideBySource, settleNew, withRefused } from '../../../src/store/decisions/source.ts';
import { quotasByDefault } from '../../../src/store/quotas.ts';
import { javaDevice } from '../../../src/store/sessions.ts';

describe('an own copy', () => {
  const texts = ['a', 'b', 'c', 'd', 'e'].map((text) => Buffer.from(text));
  const append = {
    timeline: 'u:1',
    from: 1,
    to: 2,
    source: '1.0123456789abcdef.2',
    sendSeq: 1,
    restart: false,
    silent: false,
    ...runOf(texts),
  } as const;
  const nothing = { duplicates: 0, stored: 0, refused: 0, seq: 0, expected: 0 };
  const copied = (duplicates: number, receiver: AppendAnswer) =>
    admitCopy(append, runOf(texts.slice(duplicates)), duplicates, receiver);

  test('is stored as far as the receiver has the message, now and before', () => {
    const busy: AppendAnswer = { ...nothing, status: 'busy', duplicates: 2, stored: 1 };
    expect(copied(0, busy)).toMatchObject({ status: 'busy', stored: 3 });
    expect(copied(2, busy)).toMatchObject({ status: 'busy', stored: 1 });
    expect(copied(3, busy)).toMatchObject({ status: 'busy', stored: 0 });
    expect(copied(4, busy)).toMatchObject({ status: 'busy', stored: 0 });
  });

  test('is refused as far as the receiver has refused, and no further', () => {
    const full: AppendAnswer = {
      ...nothing,
      status: 'mailbox-full',
      duplicates: 1,
      stored: 1,
      refused: 2,
    };
    expect(copied(0, full)).toEqual({ status: 'mailbox-full', stored: 2, untouched: 1 });
  });
});

test('so many peers are remembered as contacts, and one who is stays one', () => {
  const written = { ...unknownPeer, hasWritten: true };
  expect(afterWriting(unknownPeer, () => limits.contactsPerUserMax - 1)).toEqual(written);
  expect(afterWriting(unknownPeer, () => limits.contactsPerUserMax)).toEqual(unknownPeer);
  const blocked = { ...unknownPeer, isBlocked: true };
  const both = { ...blocked, hasWritten: true };
  expect(afterWriting(blocked, () => limits.contactsPerUserMax)).toEqual(both);
});

test('what was counted counts until its last number is acknowledged', () => {
  expect(countOf({ count: 3, last: 7 }, 6)).toBe(3);
  expect(countOf({ count: 3, last: 7 }, 7)).toBe(0);
});

describe('a share of a group', () => {
  test('begins anew when the period is over, or more accounts were counted than messages are kept', () => {
    const quotas = { ...quotasByDefault, groupShareMs: 100 };
    const isOver = (now: number, accounts: number) =>
      isPeriodOver({ since: 1_000, accounts }, now, 10, quotas);
    expect([isOver(1_099, 10), isOver(1_100, 10), isOver(1_099, 11)]).toEqual([false, true, true]);
  });

  test('is whole places, one at least, and all of it is no bound', () => {
    expect(shareMaxOf(10, 0.19)).toBe(1);
    expect(shareMaxOf(10, 0.29)).toBe(2);
    expect(shareMaxOf(10, 0.01)).toBe(1);
    expect(shareMaxOf(10, 1)).toBeNull();
  });

  test('takes the messages that fit as a whole', () => {
    const taken = (used: number) => decideShare({ count: 5, each: 2, used, shareMax: 10 });
    expect([taken(0), taken(1), taken(9), taken(10), taken(11)]).toEqual([5, 4, 0, 0, 0]);
  });
});

describe('a mailbox', () => {
  test('has half of what is kept for everybody; odd numbers are rounded in favour of the receiver', () => {
    const quotas = { ...quotasByDefault, timelineBytesMax: 1_001, strangersShare: 0.25 };
    expect(boundsOf(11, quotas)).toMatchObject({ half: 5, strangersMax: 2, placeBytes: 46 });
    expect(boundsOf(1, { ...quotas, strangersShare: 0.1 })).toMatchObject({ strangersMax: 1 });
  });

  test('counts a message that is longer than a place as the places that it fills', () => {
    expect([1, 100, 101, 200, 201].map((bytes) => placesPerMessage(bytes, 1, 100))).toEqual([
      1, 1, 2, 2, 3,
    ]);
    expect(placesPerMessage(201, 2, 100)).toBe(2);
  });
});

describe('a group', () => {
  test('stays its owner’s when another leaves, goes to the heir with its owner, and ends with the last', () => {
    const group = { owner: 1, admins: [4, 5], version: 7, keyEpoch: 0 };
    const heirs = { admin: 5, member: 2 };
    expect(decideLeave(3, group, heirs)).toBe(group);
    expect(decideLeave(4, group, heirs)).toEqual({ ...group, admins: [5], version: 8 });
    expect(decideLeave(1, group, heirs)).toEqual({ ...group, owner: 5, admins: [4], version: 8 });
    const plain = { ...group, admins: [] };
    expect(decideLeave(1, plain, { admin: undefined, member: 2 })).toMatchObject({ owner: 2 });
    expect(decideLeave(1, group, { admin: undefined, member: undefined })).toBeNull();
  });

  test('has no cursor beyond its head, nor before the place of joining', () => {
    const cursorOf = (joined: number, cursor: number, head: number) =>
      membershipOf('g', { joined, cursor }, head, { history: 'joined', keyEpoch: 0 }).cursor;
    expect([cursorOf(2, 4, 9), cursorOf(2, 9, 4), cursorOf(5, 3, 9), cursorOf(5, 9, 2)]).toEqual([
      4, 4, 5, 5,
    ]);
  });
});

describe('what a timeline drops', () => {
  test('of heavy messages a generation is half of what is kept', () => {
    expect(withHeavy(noHeavy, 5, 7, 5)).toEqual({ sum: 5, older: 0, newer: 0 });
    expect(withHeavy({ sum: 5, older: 1, newer: 4 }, 1, 7, 5)).toEqual({
      sum: 0,
      older: 4,
      newer: 7,
    });
    expect(withHeavy({ sum: 2, older: 1, newer: 4 }, 3, 7, 5)).toMatchObject({ sum: 5 });
  });

  test('is nothing that no device has acknowledged, but for own copies', () => {
    expect(trimPointOf(100, 60, 30, noHeavy)).toEqual({ all: 60, own: 70 });
    expect(trimPointOf(100, 80, 30, noHeavy)).toEqual({ all: 70, own: 70 });
    expect(trimPointOf(100, 95, 30, { ...noHeavy, older: 90 })).toEqual({ all: 90, own: 90 });
    expect(trimPointOf(10, 10, 30, noHeavy)).toEqual({ all: 0, own: 0 });
  });
});

describe('schedules', () => {
  const ofBytes = (bytes: number) => ({
    id: 'a',
    owner: 1,
    dueAt: 1,
    payload: new Uint8Array(bytes),
  });

  test('are leased together up to so many, and until what they weigh is reached', () => {
    const { storeBatchBytesMax } = limits;
    const leased = (bytes: readonly number[], limit = 10) =>
      leasedTogether(bytes.map(ofBytes), limit).length;
    expect(leased([1, 1, 1], 2)).toBe(2);
    expect(leased([storeBatchBytesMax - 1, 1, 1])).toBe(2);
    expect(leased([storeBatchBytesMax, 1])).toBe(1);
  });

  test('make a page up to what it may weigh, but one that is heavier has a page of its own', () => {
    const { pageBytesMax } = limits;
    const page = (...bytes: readonly number[]) => {
      const { schedules, hasMore } = pageOf(bytes.map(ofBytes));
      return [schedules.length, hasMore];
    };
    expect(page(pageBytesMax - 1, 1)).toEqual([2, false]);
    expect(page(pageBytesMax, 1)).toEqual([1, true]);
    expect(page(pageBytesMax + 1)).toEqual([1, false]);
  });
});

describe('a session', () => {
  const open = {
    ...{ userId: 1, device: javaDevice, connectionNumber: 1, instance: 'a', address: 'b' },
    ...{ sessionId: 1, ephemeral: false, cursor: 0, openedAt: 100, closedAt: null },
  };

  test('of a Java peer ends by what was asked after it was opened', () => {
    expect(endsJava(open, 101)).toBe(true);
    expect(endsJava(open, 100)).toBe(false);
    expect(endsJava({ ...open, closedAt: 100 }, 101)).toBe(false);
    expect(endsJava(undefined, 101)).toBe(false);
  });

  test('has a cursor that goes forward to the head, and back from beyond it', () => {
    expect([movedCursor(3, 5, 9), movedCursor(5, 3, 9), movedCursor(3, 12, 9)]).toEqual([5, 5, 9]);
    expect([movedCursor(12, 5, 9), movedCursor(9, 5, 9)]).toEqual([5, 9]);
  });
});

describe('a source', () => {
  const facts = { last: 4, refusals: [] };
  const run = (sendSeq: number, count: number) => ({ sendSeq, count, restart: false });

  test('takes exactly the next number', () => {
    expect(decideBySource(run(5, 2), facts)).toEqual({ status: 'new', duplicates: 0 });
    expect(decideBySource(run(3, 4), facts)).toEqual({ status: 'new', duplicates: 2 });
    expect(decideBySource(run(3, 2), facts)).toEqual({ status: 'known' });
    expect(decideBySource(run(6, 1), facts)).toEqual({ status: 'out-of-order' });
    expect(decideBySource(run(0, 1), facts)).toEqual({ status: 'out-of-order' });
    const restarted = { ...run(6, 1), restart: true };
    expect(decideBySource(restarted, facts)).toEqual({ status: 'new', duplicates: 0 });
  });

  test('refuses again what it has refused, and with the last of it what is new behind', () => {
    const refusal = 'mailbox-full';
    const refusing = (from: number, to: number) => ({
      last: 4,
      refusals: [{ refusal, from, to } as const],
    });
    const refused = { status: 'refused', refusal };
    const verdict = (first: number, count: number, from: number, to: number) =>
      decideBySource(run(first, count), refusing(from, to));
    expect(verdict(2, 5, 3, 4)).toEqual({ ...refused, duplicates: 1, refused: 4 });
    expect(verdict(1, 4, 2, 3)).toEqual({ ...refused, duplicates: 1, refused: 2 });
    expect(verdict(3, 1, 2, 3)).toEqual({ ...refused, duplicates: 0, refused: 1 });
    expect(verdict(4, 1, 2, 3)).toEqual({ status: 'known' });
    expect(verdict(1, 1, 2, 3)).toEqual({ status: 'known' });
  });

  test('remembers what follows on in one range, and the newest of many', () => {
    const first = withRefused([], 'mailbox-full', 1, 2);
    expect(withRefused(first, 'mailbox-full', 3, 4)).toEqual([
      { refusal: 'mailbox-full', from: 1, to: 4 },
    ]);
    expect(withRefused(first, 'mailbox-full', 4, 4)).toHaveLength(2);
    expect(withRefused(first, 'group-share', 3, 4)).toHaveLength(2);
    expect(withRefused(first, 'mailbox-full', 1, 1)).toEqual(first);
    const many = Array.from({ length: 9 }, (_, index) => 3 * index + 1);
    const ranges = many.reduce(
      (before, from) => withRefused(before, 'mailbox-full', from, from),
      withRefused([], 'group-share', 0, 0),
    );
    expect(ranges.map(({ from }) => from)).toEqual(many.slice(1));
  });

  test('goes on behind what was stored or refused, and not behind what comes again', () => {
    const settled = (status: 'taken' | 'busy' | 'mailbox-full', stored: number, untouched = 0) =>
      settleNew(run(5, 4), facts, 0, { status, stored, untouched });
    expect(settled('taken', 4)).toEqual({ last: 8, refusals: [], refused: 0 });
    expect(settled('busy', 2)).toEqual({ last: 6, refusals: [], refused: 0 });
    expect(settled('busy', 0)).toEqual({ last: 4, refusals: [], refused: 0 });
    const refusals = [{ refusal: 'mailbox-full', from: 7, to: 8 }];
    expect(settled('mailbox-full', 2)).toEqual({ last: 8, refusals, refused: 2 });
    expect(settled('mailbox-full', 2, 1)).toMatchObject({ last: 7, refused: 1 });
    expect(settled('mailbox-full', 2, 2)).toEqual({ last: 6, refusals: [], refused: 0 });
  });
});

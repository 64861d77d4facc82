/** What routes push to groups, in turns: many messages for many members at once. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { runOf } from '../../../../src/codec/run.ts';
import { GroupPushes } from '../../../../src/server/groups/group-pushes.ts';
import { type GroupMember, LocalGroup } from '../../../../src/server/groups/group-table.ts';
import { createServerCounters } from '../../../../src/server/server-counters.ts';
import { body } from '../support/gateway-harness.ts';

const lobby = new LocalGroup('lobby');
const cooks = new LocalGroup('cooks');
const memberCount = 1_000;

let written: string[];
let pushes: GroupPushes;

function memberOf({ name }: LocalGroup, written: string[]): GroupMember {
  return {
    groupMessage: () => written.push(name),
    hint: () => undefined,
    userId: 1,
    groupFacts: () => written.push(`facts of ${name}`),
    membership: () => undefined,
  };
}

beforeEach(() => {
  // Of this test alone: what an earlier one has left goes on.
  written = [];
  const members = new Map(
    [lobby, cooks].map((group) => [group, Array(memberCount).fill(memberOf(group, written))]),
  );
  pushes = new GroupPushes({
    counters: createServerCounters(new Counters()),
    membersOf: (group) => members.get(group) ?? [],
  });
});

function push(group: LocalGroup, seq: number, done: () => void = () => undefined): void {
  const entry = { group: group.name, instance: 'me', seq, ...runOf([body(9, 'all', group.name)]) };
  pushes.push(group, entry, done);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('messages for many members', () => {
  test('are written in turns of a bounded length, in order, and each is answered when all have it', async () => {
    const answered: { seq: number; written: number }[] = [];
    for (let seq = 1; seq <= 100; seq++)
      push(lobby, seq, () => answered.push({ seq, written: written.length }));
    expect(lobby.newest).toBe(100);
    for (let before = 0; written.length < 100 * memberCount; before = written.length) {
      expect(written.length - before).toBeLessThanOrEqual(limits.fanOutWritesPerTurnMax);
      await nextTurn();
    }
    expect(answered.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    for (const { seq, written } of answered)
      expect(written).toBeGreaterThanOrEqual(seq * memberCount);
  });

  test('of one group do not hold up those of another', async () => {
    for (let seq = 1; seq <= 100; seq++) push(lobby, seq);
    const isAnswered = new Promise<void>((resolve) => push(cooks, 1, resolve));
    await isAnswered;
    expect(written.filter((name) => name === 'cooks')).toHaveLength(memberCount);
    expect(written.length).toBeLessThan(40 * memberCount);
  });

  test('wait for those who read from the store and cannot keep up; other groups do not', async () => {
    pushes.hold(lobby);
    push(lobby, 1);
    push(cooks, 1);
    await nextTurn();
    expect(new Set(written)).toEqual(new Set(['cooks']));
    pushes.release(lobby);
    await nextTurn();
    expect(written).toHaveLength(2 * memberCount);
  });

  test('that are not stored are dropped when too many wait', async () => {
    for (let count = 0; count < 1_000; count++)
      pushes.transient(lobby, body(9, 'passing', 'lobby'));
    for (let before = -1; before < written.length; ) {
      before = written.length;
      await nextTurn();
    }
    const most =
      limits.fanOutTransientsWaitingMax + limits.fanOutWritesPerTurnMax / memberCount + 1;
    expect(written.length).toBeLessThanOrEqual(most * memberCount);
    expect(written.length).toBeGreaterThan(0);
  });
});

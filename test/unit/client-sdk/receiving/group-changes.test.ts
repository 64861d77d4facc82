/** What an application is told of who is in an encrypted group: each change once, and in order. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { KnownGroups } from '../../../../src/client/sdk/e2ee/groups/known-groups.ts';
import { GroupChanges } from '../../../../src/client/sdk/receiving/group-changes.ts';

/** A route that has these many changes, two in an answer. */
function listener(known = new KnownGroups()) {
  const told: string[] = [];
  const asked: number[] = [];
  const route = { count: 0, failure: null as Error | null, answer: undefined as unknown };
  known.learn('team', true);
  const changes = new GroupChanges({
    known,
    ask: async (_group, after) => {
      asked.push(after);
      if (route.failure) throw route.failure;
      if (route.answer !== undefined) return route.answer;
      const numbers = Array.from({ length: route.count }, (_, index) => index + 1);
      const rest = numbers.filter((number) => number > after);
      return { changes: rest.slice(0, 2).map(changeOf), more: rest.length > 2 };
    },
    tell: ({ kind, userId, group }) => void told.push(`${group}: ${userId} ${kind}`),
    onKnown: () => {},
  });
  return { changes, told, asked, route, known };
}

function changeOf(number: number) {
  return { number, epoch: number, kind: 'joined', userId: number, by: number, at: 1_000 * number };
}

describe('changes of a group', () => {
  test('from before the device knew it are not told, those after are, once', async () => {
    const { changes, told, route } = listener();
    route.count = 5;
    await changes.look('team');
    expect(told).toEqual([]);
    route.count = 8;
    await changes.look('team');
    await changes.look('team');
    expect(told).toEqual(['team: 6 joined', 'team: 7 joined', 'team: 8 joined']);
  });

  test('while the device was away are told by the next process', async () => {
    const first = listener();
    first.route.count = 1;
    await first.changes.look('team');
    const known = new KnownGroups();
    known.restore(first.known.save());
    const next = listener(known);
    next.route.count = 3;
    await next.changes.look('team');
    expect(next.told).toEqual(['team: 2 joined', 'team: 3 joined']);
  });

  test('that come while they are asked for are asked for once more', async () => {
    const { changes, told, route, asked } = listener();
    await changes.look('team');
    route.count = 1;
    await Promise.all([changes.look('team'), changes.look('team'), changes.look('team')]);
    expect(told).toEqual(['team: 1 joined']);
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  test('that no route tells now are told the next time', async () => {
    const { changes, told, route } = listener();
    await changes.look('team');
    route.count = 1;
    route.failure = new CimError('unavailable');
    await changes.look('team');
    expect(told).toEqual([]);
    route.failure = null;
    await changes.look('team');
    expect(told).toEqual(['team: 1 joined']);
  });

  test.each([
    null,
    {},
    { changes: 'none' },
    { changes: [{ ...changeOf(1), kind: 'crowned' }] },
    { changes: [{ ...changeOf(1), userId: 'x' }] },
    { changes: [{ ...changeOf(1), number: null }] },
  ])('that make no sense (%j) are none', async (answer) => {
    const { changes, told, route } = listener();
    await changes.look('team');
    route.answer = answer;
    await changes.look('team');
    expect(told).toEqual([]);
  });

  test('that come again and again under old numbers end', async () => {
    const { changes, told, route, asked } = listener();
    await changes.look('team');
    route.answer = { changes: [changeOf(1), changeOf(1)], more: true };
    await changes.look('team');
    expect(told).toEqual(['team: 1 joined']);
    expect(asked.length).toBeLessThan(5);
  });

  test('of a group that the user has left meanwhile are not told', async () => {
    const { changes, told, route, known } = listener();
    await changes.look('team');
    route.count = 2;
    const looking = changes.look('team');
    known.forget('team');
    await looking;
    expect(told).toEqual([]);
  });
});

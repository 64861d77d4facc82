/** Goal: of a message the pushes that are remembered, and no more of all than there is room for. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { PushRecord } from '../../../../src/route/messages/push-record.ts';

const attempt = {
  timeline: 'u:7',
  ...{ seq: 5, count: 3, instance: 'a', server: '10.0.0.1:1:2', sessions: 2 },
} as const;

test('those of a run are those of each of its messages', () => {
  let now = 1_000;
  const record = new PushRecord(() => now++);
  record.add(attempt, 'all');
  record.add({ ...attempt, instance: 'b' }, 'unanswered');
  record.add({ ...attempt, timeline: 'u:8' }, 'all');
  record.add({ ...attempt, seq: 8 }, 'all');
  for (const seq of [5, 6, 7])
    expect(record.of('u:7', seq).map(({ instance, at }) => [instance, at])).toEqual([
      ['a', 1_000],
      ['b', 1_001],
    ]);
  expect(record.of('u:7', 4)).toEqual([]);
  expect(record.of('u:7', 8)).toMatchObject([{ seq: 8 }]);
});

test('the oldest goes when there is no room', () => {
  const record = new PushRecord(() => 0);
  for (let seq = 1; seq <= limits.pushesRecordedMax + 1; seq += 1)
    record.add({ ...attempt, seq, count: 1 }, 'all');
  expect(record.of('u:7', 1)).toEqual([]);
  expect(record.of('u:7', 2)).toHaveLength(1);
  expect(record.of('u:7', limits.pushesRecordedMax + 1)).toHaveLength(1);
});

test('those that failed are remembered by themselves, hints among them', () => {
  const record = new PushRecord(() => 7);
  record.add(attempt, 'some');
  record.add({ ...attempt, timeline: 'g:cooks', count: 0, sessions: 0 }, 'none');
  record.add({ ...attempt, seq: 9 }, 'unanswered');
  for (let seq = 10; seq <= limits.pushesRecordedMax + 10; seq += 1)
    record.add({ ...attempt, seq, count: 1 }, 'all');
  const common = { at: 7, server: '10.0.0.1:1:2' };
  expect(record.failed()).toEqual([
    { ...common, to: { userId: 7 }, why: 'not-there' },
    { ...common, to: { group: 'cooks' }, why: 'not-there' },
    { ...common, to: { userId: 7 }, why: 'no-answer' },
  ]);
  expect(record.of('u:7', 9)).toEqual([]);
  for (let count = 0; count < limits.failedPushesMax; count += 1) record.add(attempt, 'none');
  expect(record.failed()).toHaveLength(limits.failedPushesMax);
  expect(record.of('u:7', 5).map(({ outcome }) => outcome)).toContain('not there');
});

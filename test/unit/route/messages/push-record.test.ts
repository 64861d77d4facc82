/** Goal: of a message the pushes that are remembered, and no more of all than there is room for. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { PushRecord } from '../../../../src/route/messages/push-record.ts';

const attempt = {
  timeline: 'u:7',
  ...{ seq: 5, count: 3, instance: 'a', sessions: 2 },
  outcome: 'handed over',
} as const;

test('those of a run are those of each of its messages', () => {
  let now = 1_000;
  const record = new PushRecord(() => now++);
  record.add(attempt);
  record.add({ ...attempt, instance: 'b', outcome: 'no answer' });
  record.add({ ...attempt, timeline: 'u:8' });
  record.add({ ...attempt, seq: 8 });
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
    record.add({ ...attempt, seq, count: 1 });
  expect(record.of('u:7', 1)).toEqual([]);
  expect(record.of('u:7', 2)).toHaveLength(1);
  expect(record.of('u:7', limits.pushesRecordedMax + 1)).toHaveLength(1);
});

/** Servers that are behind with a group slow down those who write to it. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { GroupsBehind } from '../../../../src/route/messages/groups-behind.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

let clock: VirtualClock;
let behind: GroupsBehind;
let answered: string[];

beforeEach(() => {
  clock = new VirtualClock();
  behind = new GroupsBehind(clock);
  answered = [];
});

function answer(name: string, group = 'lobby'): void {
  behind.whenRoom(group, () => answered.push(name));
}

describe('answers to those who write to a group', () => {
  test('are given at once while its servers keep up', () => {
    behind.pushed('lobby', 'one', limits.groupBehindMessages);
    answer('a');
    expect(answered).toEqual(['a']);
  });

  test('wait while one server is behind, and are given in order when it has caught up', () => {
    behind.pushed('lobby', 'one', 1);
    behind.pushed('lobby', 'two', limits.groupBehindMessages + 1);
    for (const name of ['a', 'b']) answer(name);
    answer('other', 'cooks');
    expect(answered).toEqual(['other']);
    behind.written('lobby', 'one', 1);
    expect(answered).toEqual(['other']);
    behind.written('lobby', 'two', 1);
    expect(answered).toEqual(['other', 'a', 'b']);
  });

  test('do not wait for longer than a bound: what they are about is stored', async () => {
    behind.pushed('lobby', 'one', limits.groupBehindMessages + 1);
    answer('a');
    await clock.advance(limits.groupBehindMsMax / 2);
    answer('b');
    await clock.advance(limits.groupBehindMsMax / 2);
    expect(answered).toEqual(['a']);
    await clock.advance(limits.groupBehindMsMax / 2);
    expect(answered).toEqual(['a', 'b']);
  });

  test('are refused when too much is on its way, until some was written', () => {
    behind.pushed('lobby', 'one', limits.groupBehindMessagesMax + 1);
    expect([behind.isFull('lobby'), behind.isFull('cooks')]).toEqual([true, false]);
    behind.written('lobby', 'one', 1);
    expect(behind.isFull('lobby')).toBe(false);
  });
});

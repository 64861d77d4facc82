/** Whoever comes in whatever number: there are places for others, and who is slow leaves his. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Counters } from '../../../../src/base/process/counters.ts';
import { createFileCounters } from '../../../../src/route/files/file-counters.ts';
import { type Transfer, Transfers } from '../../../../src/route/files/transfers.ts';
import { processBudget } from '../../../support/process-budget.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function start() {
  const clock = new VirtualClock();
  const counters = createFileCounters(new Counters());
  const budget = processBudget(clock);
  const transfers = new Transfers({ ...counters, budget, clock });
  let count = 0;
  const begin = (kind: Transfer['kind'], given: { address?: string; of?: string } = {}) => {
    count += 1;
    const { address = `10.0.${count >> 8}.${count & 255}`, of = `${count}` } = given;
    const state = { moved: 0, isDropped: false, end: () => {} };
    const drop = () => {
      state.isDropped = true;
    };
    state.end = transfers.begin({ kind, of, peer: { address, moved: () => state.moved, drop } });
    return state;
  };
  const many = (number: number, ...call: Parameters<typeof begin>) =>
    Array.from({ length: number }, () => begin(...call));
  return { clock, counters, budget, transfers, begin, many };
}

test.each<[string, Transfer['kind'], object, number]>([
  ['one address', 'upload', { address: '10.1.1.1' }, limits.fileTransfersPerAddressMax],
  ['one user', 'upload', { of: 'user 7' }, limits.fileUploadsPerUserMax],
  ['one file', 'download', { of: 'a file' }, limits.fileReadersMax],
])('%s has so many, and others have theirs', (_, kind, given, max) => {
  const { begin, many, counters } = start();
  const all = many(max, kind, given);
  expect(() => begin(kind, given)).toThrow(CimError);
  expect(counters.refused.value).toBe(1);
  begin(kind);
  all[0]?.end();
  all[0]?.end();
  begin(kind, given);
  expect(() => begin(kind, given)).toThrow(CimError);
});

test.each<[Transfer['kind'], Transfer['kind']]>([
  ['upload', 'download'],
  ['download', 'upload'],
])('an %s leaves places for a %s', (kind, other) => {
  const { begin, many, transfers, budget } = start();
  const all = many(limits.fileTransfersOfKindMax, kind);
  expect(() => begin(kind)).toThrow('too many files');
  const rest = many(limits.fileTransfersMax - limits.fileTransfersOfKindMax, other);
  expect(() => begin(other)).toThrow('too many files');
  expect(budget.heldBytes).toBe(limits.fileTransfersMax * limits.fileTransferBytes);
  for (const { end } of [...all, ...rest]) end();
  expect(transfers.count).toBe(0);
  expect(budget.heldBytes).toBe(0);
});

describe('where there is no room', () => {
  const enough = (limits.fileTransferBytesPerSecondMin * limits.fileTransferLookMs) / 1_000;

  test('the slowest makes some, when it has been slow for long enough', async () => {
    const { begin, many, clock, counters, transfers } = start();
    const all = many(limits.fileTransfersOfKindMax, 'download');
    await clock.advance(limits.fileTransferLookMs - 1);
    expect(() => begin('download')).toThrow(CimError);
    await clock.advance(1);
    for (const each of all) each.moved += enough;
    all[3]!.moved -= 1;
    all[5]!.moved -= 2;
    begin('download');
    const dropped = () => all.flatMap(({ isDropped }, index) => (isDropped ? [index] : []));
    expect(dropped()).toEqual([5]);
    begin('download');
    expect(dropped()).toEqual([3, 5]);
    expect(() => begin('download')).toThrow(CimError);
    expect(counters.cut.value).toBe(2);
    // What was dropped ends by itself, later: it has been counted off.
    all[5]!.end();
    expect(transfers.count).toBe(limits.fileTransfersOfKindMax);
  });

  test('who was fast once and stands still makes some, too', async () => {
    const { begin, many, clock } = start();
    const all = many(limits.fileTransfersOfKindMax, 'upload');
    for (const round of [0, 1]) {
      await clock.advance(limits.fileTransferLookMs);
      for (const each of all) if (round === 0 || each !== all[7]) each.moved += 100 * enough;
      if (round === 0) expect(() => begin('upload')).toThrow(CimError);
    }
    begin('upload');
    expect(all[7]!.isDropped).toBe(true);
  });
});

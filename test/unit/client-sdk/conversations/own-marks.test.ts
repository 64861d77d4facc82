/** Which marks a client sends of what it has taken and shown, and when it sends them again. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { OwnMarks } from '../../../../src/client/sdk/conversations/own-marks.ts';
import { markKind } from '../../../../src/codec/generated/wire.ts';

const epoch = '0202020202020202';
const numbered = (seq: number, target = '1', from = 2) => ({
  id: `${from}.${epoch}.${target}.${seq}`,
  seq: 10 + seq,
});
const { delivered, read, readQuietly } = markKind;

function kinds(marks: OwnMarks, group = '') {
  return marks.take(group, 16).map(({ kind, sendSeq, seq }) => [kind, sendSeq, seq]);
}

test.each([
  [
    'all',
    [
      [read, 2, 12],
      [delivered, 3, 13],
    ],
  ],
  [
    'delivered',
    [
      [readQuietly, 2, 12],
      [delivered, 3, 13],
    ],
  ],
  ['off', [[readQuietly, 2, 12]]],
] as const)('with receipts %s', (receipts, expected) => {
  const marks = new OwnMarks(1, () => 0, receipts);
  marks.delivered(numbered(1));
  marks.read(numbered(2));
  marks.delivered(numbered(3));
  expect(kinds(marks)).toEqual(expected);
  expect(marks.has('')).toBe(false);
});

test("of the lobby, of what is not stored and of what is one's own none waits", () => {
  const marks = new OwnMarks(1, () => 0);
  marks.delivered(numbered(1, '#lobby'));
  marks.read(numbered(1, '#lobby'));
  marks.delivered({ id: `2.${epoch}.1.~1`, seq: 0 });
  marks.delivered(numbered(1, '2', 1));
  expect([marks.has(''), marks.has('lobby')]).toEqual([false, false]);
  for (const wrong of [numbered(1, '2', 1), { id: 'nonsense', seq: 1 }])
    expect(() => marks.read(wrong)).toThrow('is not a message of somebody else');
});

test('what may have got lost with a connection is sent again on the next, unless more is known', () => {
  const marks = new OwnMarks(1, () => 0);
  marks.delivered(numbered(1, '#builds'));
  expect(kinds(marks, 'builds')).toEqual([[delivered, 1, 11]]);
  marks.connected();
  expect(kinds(marks, 'builds')).toEqual([[delivered, 1, 11]]);
  marks.read(numbered(2, '#builds'));
  marks.connected();
  expect(kinds(marks, 'builds')).toEqual([[read, 2, 12]]);
  marks.left('builds');
  marks.connected();
  expect(marks.has('builds')).toBe(false);
});

test('of one source both kinds are sent again, and nothing that was sent long ago', () => {
  let now = 1_000_000;
  const marks = new OwnMarks(1, () => now);
  marks.delivered(numbered(5));
  expect(kinds(marks)).toEqual([[delivered, 5, 15]]);
  marks.read(numbered(2));
  expect(kinds(marks)).toEqual([[read, 2, 12]]);
  now += limits.clientMarksSentMs;
  marks.connected();
  expect(kinds(marks)).toEqual([
    [delivered, 5, 15],
    [read, 2, 12],
  ]);
  now += 2 * limits.clientMarksSentMs;
  marks.connected();
  expect(kinds(marks)).toEqual([]);
});

describe('who reads a message of a group has read what came before it', () => {
  const taken = (marks: OwnMarks) =>
    marks.take('builds', 16).map(({ kind, from, sendSeq }) => [kind, from, sendSeq]);
  const of = (from: number, seq: number) => numbered(seq, '#builds', from);

  test('and those who sent that are told first', () => {
    const marks = new OwnMarks(1, () => 0);
    for (const [from, seq] of [
      [2, 1],
      [3, 2],
      [2, 3],
      [4, 4],
      [3, 5],
    ] as const)
      marks.delivered(of(from, seq));
    taken(marks);
    marks.read(of(4, 4));
    expect(taken(marks)).toEqual([
      [read, 3, 2],
      [read, 2, 3],
      [read, 4, 4],
    ]);
    // Each once; and what comes behind it is unread.
    marks.read(of(3, 5));
    expect(taken(marks)).toEqual([[read, 3, 5]]);
  });

  test('but nobody else is told where receipts are off, nor of another conversation', () => {
    const marks = new OwnMarks(1, () => 0, 'delivered');
    marks.delivered(of(2, 1));
    taken(marks);
    marks.read(of(3, 2));
    expect(taken(marks)).toEqual([[readQuietly, 3, 2]]);
    const own = new OwnMarks(1, () => 0);
    own.delivered(numbered(1));
    kinds(own);
    own.read(numbered(2, '1', 3));
    expect(kinds(own)).toEqual([[read, 2, 12]]);
  });
});

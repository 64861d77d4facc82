// Goal: one report of a timeline is under way at a time; what comes meanwhile follows in one, and
// marks that were lost go with a later one.
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import type { Mark } from '../../../../src/codec/generated/link.ts';
import { CursorReport } from '../../../../src/server/sessions/cursor-report.ts';

function mark(from: number, sendSeq: number): Mark {
  return { from, epochHex: '0123456789abcdef', sendSeq, seq: sendSeq, kind: 0 };
}

function reporting() {
  const sent: [seq: number, marks: readonly Mark[]][] = [];
  const report = new CursorReport({ userId: 1, device: 'd' }, '', {
    acknowledge: (_report, seq, marks) => void sent.push([seq, marks]),
  });
  return { sent, report };
}

test('what comes while one is under way follows together, the furthest of each', () => {
  const { sent, report } = reporting();
  report.move(1, [mark(2, 1)]);
  report.move(2, [mark(2, 2)]);
  report.move(3, [mark(3, 1)]);
  report.move(4, [mark(2, 3)]);
  expect(sent).toEqual([[1, [mark(2, 1)]]]);
  report.onMoved(false);
  expect(sent.slice(1)).toEqual([[4, [mark(3, 1), mark(2, 3)]]]);
  report.onMoved(false);
  expect(sent).toHaveLength(2);
});

test('more than fit one report go with the next', () => {
  const { sent, report } = reporting();
  report.move(1, []);
  const many = Array.from({ length: limits.marksPerFrameMax + 1 }, (_, index) =>
    mark(index + 2, 1),
  );
  report.move(2, many);
  report.onMoved(false);
  report.onMoved(false);
  report.onMoved(false);
  expect(sent).toEqual([
    [1, []],
    [2, many.slice(0, -1)],
    [2, many.slice(-1)],
  ]);
});

test('a cursor that goes back is told, too', () => {
  const { sent, report } = reporting();
  report.move(9, []);
  report.onMoved(false);
  report.move(4, []);
  expect(sent.map(([seq]) => seq)).toEqual([9, 4]);
});

test('marks that were lost wait for the next report, or for being sent once more', () => {
  const { sent, report } = reporting();
  report.move(1, [mark(2, 1)]);
  report.onMoved(true);
  // Whoever cannot answer is not asked again at once.
  expect(sent).toHaveLength(1);
  report.retry();
  expect(sent.at(-1)).toEqual([1, [mark(2, 1)]]);
  report.onMoved(true);
  report.move(2, [mark(2, 2)]);
  expect(sent.at(-1)).toEqual([2, [mark(2, 2)]]);
  report.onMoved(false);
  report.retry();
  expect(sent).toHaveLength(3);
});

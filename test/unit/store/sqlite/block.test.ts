import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bodiesOf, runOf } from '../../../../src/codec/run.ts';
import { blockBytesMax, joinIntoBlocks } from '../../../../src/store/sqlite/block.ts';

const body = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ maxLength: blockBytesMax + 1, size: 'max' }),
);
const runs = fc.array(fc.array(body, { minLength: 1, maxLength: 6 }), { maxLength: 6 });

describe('blocks', () => {
  test('hold all bodies in their order, and are bounded but for a body that is larger by itself', () => {
    fc.assert(
      fc.property(runs, (texts) => {
        const blocks = joinIntoBlocks(texts.map(runOf));
        // By their bytes: compared by Jest one by one, those of long bodies take seconds.
        const read = blocks.flatMap(({ bodies }) => bodiesOf(bodies));
        expect(read.map(({ length }) => length)).toEqual(texts.flat().map(({ length }) => length));
        expect(Buffer.concat(read).equals(Buffer.concat(texts.flat()))).toBe(true);
        for (const { count, bodies } of blocks) {
          expect(bodiesOf(bodies)).toHaveLength(count);
          expect(count === 1 || bodies.length <= blockBytesMax).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
    expect(joinIntoBlocks([])).toEqual([]);
  });

  test('small runs share one', () => {
    const blocks = joinIntoBlocks([runOf([Uint8Array.of(1)]), runOf([Uint8Array.of(2)])]);
    expect(blocks).toMatchObject([{ count: 2 }]);
  });

  test('of one run is that run', () => {
    const run = runOf([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    expect(joinIntoBlocks([run])[0]).toBe(run);
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  blockBytesMax,
  divideIntoBlocks,
  packBlock,
  unpackBlock,
} from '../../../../src/store/sqlite/block.ts';

describe('a block', () => {
  test('gives back the bodies that were packed, empty ones and large ones too', () => {
    const body = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 120, maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 20 }), (bodies) => {
        expect(unpackBlock(packBlock(bodies), bodies.length)).toEqual(bodies);
      }),
    );
  });

  test('is bounded, but for a body that is larger by itself', () => {
    const body = fc.uint8Array({ maxLength: blockBytesMax + 1, size: 'max' });
    fc.assert(
      fc.property(fc.array(body, { maxLength: 8, size: 'max' }), (bodies) => {
        const blocks = divideIntoBlocks(bodies);
        expect(blocks.flat()).toEqual(bodies);
        for (const block of blocks) {
          const bytes = block.reduce((sum, { length }) => sum + length, 0);
          expect(block.length === 1 || (block.length > 1 && bytes <= blockBytesMax)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
    expect(divideIntoBlocks([])).toEqual([]);
  });

  test('small bodies share it', () => {
    expect(divideIntoBlocks([Uint8Array.of(1), Uint8Array.of(2)])).toHaveLength(1);
  });

  test('of one body is that body', () => {
    const body = Uint8Array.of(1, 2, 3);
    expect(packBlock([body])).toBe(body);
  });
});

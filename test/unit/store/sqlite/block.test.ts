import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packBlock, unpackBlock } from '../../../../src/store/sqlite/block.ts';

describe('a block', () => {
  test('gives back the bodies that were packed, empty ones and large ones too', () => {
    const body = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 120, maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 20 }), (bodies) => {
        expect(unpackBlock(packBlock(bodies), bodies.length)).toEqual(bodies);
      }),
    );
  });

  test('of one body is that body', () => {
    const body = Uint8Array.of(1, 2, 3);
    expect(packBlock([body])).toBe(body);
  });
});

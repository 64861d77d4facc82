/** Entries of a timeline in Redis: any bodies come back as they were. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeEntry, encodeEntry } from '../../src/store/redis/entry.ts';

test('bodies of any number, size and content', () => {
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    // Lengths around those at which the length takes a byte more.
    fc.constantFrom(127, 128, 16_383, 16_384).map((length) => new Uint8Array(length).fill(7)),
  );
  fc.assert(
    fc.property(fc.array(body), (bodies) => {
      expect(decodeEntry(encodeEntry(bodies)).map((each) => [...each])).toEqual(
        bodies.map((each) => [...each]),
      );
    }),
  );
});

/** Frames on a link, however their bytes come. */
import { expect, jest, test } from '@jest/globals';
import { encodeLinkFrame, LinkDecoder } from '../../../src/link/link-frames.ts';

const frames = [0, 3, 70_000, 0, 1, 300_000, 9].map((length, index) => ({
  call: index + 1,
  method: index,
  payload: Buffer.alloc(length, index),
}));
const bytes = Buffer.concat(
  frames.map(({ call, method, payload }) => encodeLinkFrame(call, method, payload)),
);

test.each([1, 4, 8, 9, 10, 1_000, 64 * 1024, 1_000_000])(
  'in pieces of %i bytes they are the same',
  (pieceBytes) => {
    const decoder = new LinkDecoder();
    const found: unknown[] = [];
    for (let start = 0; start < bytes.length; start += pieceBytes)
      decoder.push(bytes.subarray(start, start + pieceBytes), (call, method, payload) => {
        const isWhole = frames[found.length]?.payload.equals(payload);
        found.push({ call, method, isWhole });
      });
    expect(found).toEqual(frames.map(({ call, method }) => ({ call, method, isWhole: true })));
  },
);

test('a long one is put together once, when all of it is there', () => {
  const decoder = new LinkDecoder();
  const long = Buffer.from(encodeLinkFrame(1, 2, Buffer.alloc(1_000_000, 3)));
  const concat = jest.spyOn(Buffer, 'concat');
  let found = 0;
  for (let start = 0; start < long.length; start += 1_000)
    decoder.push(long.subarray(start, start + 1_000), () => {
      found += 1;
    });
  expect(found).toBe(1);
  expect(concat).toHaveBeenCalledTimes(1);
});

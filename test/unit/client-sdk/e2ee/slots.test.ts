import { expect, test } from '@jest/globals';
import { Slots } from '../../../../src/client/sdk/e2ee/slots.ts';

test('so many run at a time, in order, and a failed one makes room', async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const tasks = gates.map(({ promise }, index) =>
    slots.run(() => {
      begun.push(index);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  gates[1]?.reject(new Error('no'));
  await expect(tasks[1]).rejects.toThrow('no');
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  gates[0]?.resolve();
  gates[2]?.resolve();
  gates[3]?.resolve();
  await Promise.all([tasks[0], tasks[2], tasks[3]]);
  expect(begun).toEqual([0, 1, 2, 3]);
});

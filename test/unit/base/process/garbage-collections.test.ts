import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { Counters } from '../../../../src/base/process/counters.ts';
import { countCollections } from '../../../../src/base/process/garbage-collections.ts';
import { onTeardown } from '../../../support/teardown.ts';
import { waitUntil } from '../../../support/wait-until.ts';

test('a garbage collection is counted, with its pause and the heap that it left', async () => {
  const counters = new Counters();
  onTeardown(countCollections(counters));
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const value = (name: string) =>
    counters.list().find((counter) => counter.name === name)?.value ?? 0;
  await waitUntil('it is counted', () => value('gc.count') > 0);
  expect(value('gc.pause.longest-us')).toBeGreaterThan(0);
  expect(value('gc.pause.total-us')).toBeGreaterThanOrEqual(value('gc.pause.longest-us'));
  expect(value('gc.heap-bytes')).toBeGreaterThan(1_000_000);
});

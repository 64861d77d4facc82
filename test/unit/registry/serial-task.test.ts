import { expect, test } from '@jest/globals';
import { SerialTask } from '../../../src/registry/zookeeper/serial-task.ts';

/** A task whose runs end when the test says so. */
function heldTask() {
  const ends: PromiseWithResolvers<void>[] = [];
  const task = new SerialTask(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  return { task, ends };
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('one run at a time, and one more for all who ask meanwhile', async () => {
  const { task, ends } = heldTask();
  const first = task.request();
  const [second, third] = [task.request(), task.request()];
  await settled();
  expect(ends).toHaveLength(1);
  ends[0]?.resolve();
  await first;
  await settled();
  expect(ends).toHaveLength(2);
  ends[1]?.resolve();
  await Promise.all([second, third]);
  await settled();
  expect(ends).toHaveLength(2);
});

test('a failure is told to those who asked for that run, and the next one runs', async () => {
  const { task, ends } = heldTask();
  const first = task.request();
  const second = task.request();
  ends[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settled();
  ends[1]?.resolve();
  await second;
  const third = task.request();
  ends[2]?.resolve();
  await third;
});

test('a run that ends is followed by a new one when asked', async () => {
  const { task, ends } = heldTask();
  for (let round = 0; round < 3; round += 1) {
    const run = task.request();
    ends[round]?.resolve();
    await run;
  }
  expect(ends).toHaveLength(3);
});

test('never two at once, whenever the requests come', async () => {
  let running = 0;
  let runningMax = 0;
  const task = new SerialTask(async () => {
    running += 1;
    runningMax = Math.max(runningMax, running);
    await settled();
    running -= 1;
  });
  // Each asks again as soon as it has heard, while others are still waiting.
  const insist = async (times: number) => {
    for (let time = 0; time < times; time += 1) await task.request();
  };
  await Promise.all([insist(5), insist(5), insist(5)]);
  expect(runningMax).toBe(1);
});

/**
 * What the garbage collector of this process does, told with the other counters: nothing else
 * happens while it holds the process up.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Counters } from './counters.ts';

/** Counts from now on. Returns how to end that. */
export function countCollections(counters: Counters): () => void {
  const bounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
  const pauses = counters.histogram('gc.seconds', 'pauses for garbage collections', bounds);
  let heapBytes = 0;
  const heap = 'bytes of JavaScript objects when there was last a garbage collection';
  const micros = (seconds: number) => Math.round(seconds * 1_000_000);
  counters.listOnly('gc.count', 'garbage collections', () => pauses.count);
  counters.listOnly('gc.pause.total-us', 'µs for which garbage collections held it up', () =>
    micros(pauses.sum),
  );
  counters.listOnly('gc.pause.longest-us', 'µs for which the longest of them did', () =>
    micros(pauses.max),
  );
  counters.listOnly(
    'gc.heap-bytes',
    `${heap} (the only figure that does not only grow)`,
    () => heapBytes,
  );
  counters.gauge('heap.bytes', heap, () => heapBytes);
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) pauses.observe(duration / 1_000);
    heapBytes = getHeapStatistics().used_heap_size;
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

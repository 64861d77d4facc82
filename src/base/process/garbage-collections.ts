/**
 * What the garbage collector of this process does, told with the other counters: nothing else
 * happens while it holds the process up.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Counters } from './counters.ts';

/** Counts from now on. Returns how to end that. */
export function countCollections(counters: Counters): () => void {
  const count = counters.add('gc.count', 'garbage collections');
  const total = counters.add('gc.pause.total-us', 'µs for which garbage collections held it up');
  const longest = counters.add('gc.pause.longest-us', 'µs for which the longest of them did');
  const heap = counters.add(
    'gc.heap-bytes',
    'bytes of JavaScript objects when there was last one (the only figure that does not only grow)',
  );
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      const pauseUs = Math.round(1_000 * duration);
      count.value += 1;
      total.value += pauseUs;
      longest.value = Math.max(longest.value, pauseUs);
    }
    heap.value = getHeapStatistics().used_heap_size;
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

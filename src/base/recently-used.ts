/**
 * A map of so many entries at most: beyond them, what was used least recently makes room. It takes
 * memory for the entries that there are.
 */
import { LRUCache } from 'lru-cache';

type Options<Key extends object | string | number, Value extends object | boolean | number> = Pick<
  LRUCache.Options<Key, Value, unknown>,
  'dispose' | 'noDisposeOnSet' | 'ttl' | 'ttlResolution' | 'perf' | 'sizeCalculation'
>;

export class RecentlyUsed<
  Key extends object | string | number,
  Value extends object | boolean | number,
> extends LRUCache<Key, Value> {
  /** With `sizeCalculation` it has room for so much of what that counts. */
  constructor(entriesMax: number, options: Options<Key, Value> = {}) {
    // Not by the library's `max`, for which it sets all places aside at once: 10 ms for 100 000.
    super({ sizeCalculation: () => 1, ...options, maxSize: entriesMax });
  }
}

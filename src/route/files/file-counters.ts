/** What a route counts of files. */
import type { Counter, Counters } from '../../base/process/counters.ts';

export interface FileCounters {
  readonly finished: Counter;
  readonly uploadedBytes: Counter;
  readonly downloadedBytes: Counter;
  readonly refused: Counter;
  readonly removed: Counter;
  /** Slow transfers that have made room for others. */
  readonly cut: Counter;
}

export function createFileCounters(counters: Counters): FileCounters {
  return {
    finished: counters.add('files.finished', 'files that were uploaded'),
    uploadedBytes: counters.add('files.bytes.uploaded', 'bytes of parts that were taken'),
    downloadedBytes: counters.add('files.bytes.downloaded', 'bytes of files that were asked for'),
    removed: counters.add('files.removed', 'files whose bytes were removed'),
    cut: counters.add('files.cut', 'slow transfers that ended, as others waited'),
    refused: counters.add('files.refused', 'transfers refused: too many at a time'),
  };
}

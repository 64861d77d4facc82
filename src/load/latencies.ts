/** How long things took: counted, so that percentiles can be told of any number of them. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';

/** Microseconds; ten minutes are for ever. */
const longestUs = 600_000_000;

export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestUs,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });

  /** So many took as long. */
  record(ms: number, count = 1): void {
    const us = Math.min(longestUs, Math.max(1, Math.round(ms * 1_000)));
    this.#histogram.recordValueWithCount(us, count);
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** In ms; 0 if there is none. */
  percentile(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percent) / 1_000;
  }

  get maxMs(): number {
    return this.count === 0 ? 0 : this.#histogram.maxValue / 1_000;
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** For another process; empty if there is none. */
  encode(): string {
    return this.count === 0 ? '' : encodeIntoCompressedBase64(this.#histogram);
  }

  /** What another has encoded. */
  add(encoded: string): void {
    if (encoded !== '') this.#histogram.add(decodeFromCompressedBase64(encoded));
  }
}

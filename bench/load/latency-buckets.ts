/** Latencies in buckets of about 2 %, counted many at a time: what arrives together took as long. */
const bucketsPerOctave = 32;

export class LatencyBuckets {
  readonly #counts = new Float64Array(bucketsPerOctave * 32);
  #total = 0;
  #maxUs = 0;

  record(latencyMs: number, count: number): void {
    const us = Math.max(1, latencyMs * 1_000);
    const bucket = Math.min(this.#counts.length - 1, Math.floor(Math.log2(us) * bucketsPerOctave));
    this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.#total += count;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#maxUs = 0;
  }

  get maxMs(): number {
    return this.#maxUs / 1_000;
  }

  /** In ms: the upper end of the bucket; 0 if there is none. */
  percentile(percent: number): number {
    const wanted = (this.#total * percent) / 100;
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket] as number;
      if (seen >= wanted && seen > 0) return 2 ** ((bucket + 1) / bucketsPerOctave) / 1_000;
    }
    return 0;
  }
}

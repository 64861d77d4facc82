/**
 * How long an S3 may say nothing while it is waited for. Who sends to it, or reads from it, may be
 * slow: that time is not the S3's.
 */
import type { Clock, Timer } from '../../base/clock.ts';

export class Silence {
  readonly #clock: Pick<Clock, 'setTimeout'>;
  readonly #msMax: number;
  readonly #onTooLong: () => void;
  #timer: Timer | undefined;

  constructor(clock: Pick<Clock, 'setTimeout'>, msMax: number, onTooLong: () => void) {
    this.#clock = clock;
    this.#msMax = msMax;
    this.#onTooLong = onTooLong;
  }

  /** From now on the S3 is waited for. */
  begin(): void {
    this.end();
    this.#timer = this.#clock.setTimeout(this.#onTooLong, this.#msMax);
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** The S3 is waited for while it takes a piece, and after the last one. */
  async *whileTaken<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece, void, undefined> {
    for await (const piece of pieces) {
      this.begin();
      yield piece;
      this.end();
    }
    this.begin();
  }

  /** The S3 is waited for until it gives a piece, and not while somebody takes it. */
  async *whileGiven<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece, void, undefined> {
    try {
      this.begin();
      for await (const piece of pieces) {
        this.end();
        yield piece;
        this.begin();
      }
    } finally {
      this.end();
    }
  }
}

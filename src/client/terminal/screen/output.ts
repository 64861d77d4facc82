/** Writes to a stream as fast as its reader reads. */
import { CimError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';

export class Output {
  readonly #stream: NodeJS.WritableStream;
  readonly #broken = Promise.withResolvers<never>();
  #failure: CimError | undefined;
  /** There while the stream has more than it likes to hold. */
  #stall: PromiseWithResolvers<void> | undefined;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    this.#broken.promise.catch(ignore('who cares waits for it'));
    stream.on('drain', () => this.#drained());
    stream.on('error', (cause) => this.#fail(cause));
  }

  /** Rejects when the reader has gone; never resolves. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /**
   * In the order of the calls. Resolves when there is room for more; rejects when the reader has
   * gone.
   */
  write(text: string): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#stream.write(text)) return Promise.resolve();
    this.#stall ??= Promise.withResolvers();
    return this.#stall.promise;
  }

  #drained(): void {
    this.#stall?.resolve();
    this.#stall = undefined;
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    this.#failure = new CimError('unavailable', 'the output is not read any more', { cause });
    this.#stall?.reject(this.#failure);
    this.#stall = undefined;
    this.#broken.reject(this.#failure);
  }
}

/**
 * A task of which one run is under way at a time; however many requests come during a run, one more
 * follows.
 */
import { ignore } from '../../base/ignore.ts';
export class SerialTask {
  readonly #run: () => Promise<void>;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  /** Settles as a run that began after this call. */
  request(): Promise<void> {
    if (!this.#current) return this.#start();
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  #start(): Promise<void> {
    this.#current = this.#run().finally(() => {
      this.#current = undefined;
    });
    return this.#current;
  }

  async #afterCurrent(): Promise<void> {
    // A loop: somebody may have started another run in the moment between the end of one and our
    // hearing of it.
    while (this.#current)
      await this.#current.catch(ignore('whoever requested it hears of its failure'));
    this.#next = undefined;
    await this.#start();
  }
}

/**
 * A part of the SDK that a page loads only when it is needed first. Its file may be on a server that is
 * not reached now, and be asked for again.
 */
import { CimError } from '../../base/errors.ts';
import { ignore } from '../../base/ignore.ts';
import type { Patience } from './e2ee/patience.ts';

/** What `load` resolves to. Rejects with a CimError `unavailable` where it cannot be loaded. */
export async function loaded<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    if (cause instanceof CimError) throw cause;
    throw new CimError('unavailable', 'a part of the program could not be loaded', { cause });
  }
}

export class OnDemand<Part> {
  readonly #load: () => Promise<Part>;
  readonly #patience: Patience;
  #part: Part | undefined;
  #attempt: Promise<Part> | undefined;
  #attempts: Promise<Part> | undefined;
  /** What is to be done with it as soon as it is there, in order. */
  #waiting: ((part: Part) => void)[] = [];
  #isWanted = false;

  constructor(load: () => Promise<Part>, patience: Patience) {
    this.#load = load;
    this.#patience = patience;
  }

  /** Undefined: it is not there yet. */
  get part(): Part | undefined {
    return this.#part;
  }

  /** It is there, or was asked for. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** `isPatient`: tries until it is there, or the client is closed. Rejects with `unavailable`. */
  get(isPatient: boolean): Promise<Part> {
    if (!isPatient) return this.#try();
    this.#attempts ??= this.#patience
      .untilAnswered(() => this.#try())
      .finally(() => {
        this.#attempts = undefined;
      });
    return this.#attempts;
  }

  /** At once if it is there, else as soon as it is. */
  run(act: (part: Part) => void): void {
    if (this.#part) return act(this.#part);
    this.#waiting.push(act);
    this.get(true).catch(ignore('the client is closed'));
  }

  /** The same, unless nobody has needed it yet: then nothing is to be done. */
  runIfWanted(act: (part: Part) => void): void {
    if (this.#isWanted) this.run(act);
  }

  /** The client is closed. */
  stop(): void {
    this.#waiting = [];
  }

  #try(): Promise<Part> {
    this.#isWanted = true;
    this.#attempt ??= this.#become().finally(() => {
      if (!this.#part) this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #become(): Promise<Part> {
    const part = await loaded(this.#load);
    this.#part = part;
    for (const act of this.#waiting.splice(0)) act(part);
    return part;
  }
}

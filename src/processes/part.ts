/** One process of a cluster that is killed, frozen, and started again on what it had. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { CimError, describeError } from '../base/errors.ts';
import { type IsReady, LocalProcess, type ProcessOptions } from './local-process.ts';

export interface PartOptions extends Omit<ProcessOptions, 'log'> {
  /** All that it prints goes there, over all its starts. */
  readonly logFile: string;
  /** Asked after a start until it is. */
  readonly isUp: IsReady;
  /** It has ended, and nobody has told it to. */
  readonly onCrash: (ending: string) => void;
  /** Ends the waiting for it. */
  readonly signal?: AbortSignal | undefined;
}

export class LocalPart {
  readonly #options: PartOptions;
  readonly #log: WriteStream;
  #process: LocalProcess | undefined;
  #isTold = false;
  #isOver = false;

  constructor(options: PartOptions) {
    this.#options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
  }

  get name(): string {
    return this.#options.name;
  }

  get process(): LocalProcess {
    if (!this.#process) throw new Error(`${this.name} was never started`);
    return this.#process;
  }

  /** Resolves when it is up. Rejects with `unavailable`. */
  async start(): Promise<void> {
    if (this.#isOver) return;
    const { isUp, onCrash, logFile, signal } = this.#options;
    const started = new LocalProcess({ ...this.#options, log: this.#log });
    this.#process = started;
    this.#isTold = false;
    void started.exited.then((ending) => {
      if (!this.#isTold) onCrash(typeof ending === 'number' ? `code ${ending}` : ending);
    });
    try {
      await started.whenReady(isUp, signal);
    } catch (error) {
      if (this.#isTold) return;
      throw new CimError('unavailable', `${describeError(error)}, see ${logFile}`);
    }
  }

  /** It is not started any more. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.kill();
    this.#log.end();
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#isTold = true;
    await this.#process?.kill();
  }

  /** Politely; by force if that takes too long. Resolves to how it ended: `0`, or what else. */
  async stop(): Promise<string> {
    this.#isTold = true;
    return `${(await this.#process?.stop()) ?? 0}`;
  }

  freeze(): void {
    this.#process?.freeze();
  }

  thaw(): void {
    this.#process?.thaw();
  }
}

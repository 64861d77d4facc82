/** A process that is not one: it collects what is written, and gets its signals from the test. */
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Host } from '../../../src/cli/command.ts';
import type { Environment } from '../../../src/config/sources/env.ts';

/** Nobody reads before all is written. */
const bytesMax = 1024 * 1024;

export class FakeHost {
  readonly #signals = new EventEmitter();
  readonly #stdout = new PassThrough({ highWaterMark: bytesMax });
  readonly #stderr = new PassThrough({ highWaterMark: bytesMax });
  readonly host: Host;

  constructor(env: Environment = {}) {
    const streams = { stdin: new PassThrough(), stdout: this.#stdout, stderr: this.#stderr };
    this.host = {
      env,
      title: 'cim',
      // Not terminals, as when stdin and stdout are pipes.
      ...(streams as unknown as Pick<Host, 'stdin' | 'stdout' | 'stderr'>),
      on: (signal, listener) => this.#signals.on(signal, listener),
      off: (signal, listener) => this.#signals.off(signal, listener),
      kill: () => true,
    };
  }

  /** False: nobody listens, so it would end the process. */
  signal(name: NodeJS.Signals): boolean {
    return this.#signals.emit(name);
  }

  get listenerCount(): number {
    return ['SIGTERM', 'SIGINT', 'SIGHUP'].reduce(
      (sum, name) => sum + this.#signals.listenerCount(name),
      0,
    );
  }

  /** All that has been written; the streams are over after that. */
  async written(): Promise<{ stdout: string; stderr: string }> {
    this.#stdout.end();
    this.#stderr.end();
    const [stdout, stderr] = await Promise.all([text(this.#stdout), text(this.#stderr)]);
    return { stdout, stderr };
  }
}

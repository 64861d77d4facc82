/**
 * One process of a cluster that a run has started: it can be killed, frozen and started again on
 * what it had. It never outlives the run: the kernel kills it if the run dies first.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../../base/errors.ts';
import { dyingWithParent } from './programs.ts';

export interface PartOptions {
  /** For people. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder. */
  readonly folder: string;
  /** All that it prints goes there, over all its starts. */
  readonly logFile: string;
  /** Polled after a start until true; `printed` is what this start has printed on stdout. */
  readonly isUp: (printed: string) => boolean | Promise<boolean>;
  /** It has ended, and nobody has told it to. */
  readonly onCrash: (ending: string) => void;
}

/** Longer than everything that a part waits for and that may be broken at the time. */
const upMsMax = 60_000;
/** A role gives itself 10 s. */
const stopMsMax = 15_000;
const pollMs = 20;

export class Part {
  readonly #options: PartOptions;
  readonly #log: WriteStream;
  #child: ChildProcess | undefined;
  #isTold = false;
  #isOver = false;

  constructor(options: PartOptions) {
    this.#options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Resolves when it is up. Rejects with `unavailable`. */
  async start(): Promise<void> {
    if (this.#isOver) return;
    const { program, args, env, folder, isUp, onCrash } = this.#options;
    const [command = program, ...rest] = [...dyingWithParent(), program, ...args];
    // A group of its own: Ctrl-C in a terminal goes to the run alone, which ends in good order.
    const child = spawn(command, rest, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment(), ...env },
    });
    this.#child = child;
    this.#isTold = false;
    let printed = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      this.#log.write(text);
    });
    child.stderr?.on('data', (bytes: Buffer) => this.#log.write(bytes));
    let ending: string | undefined;
    child.on('error', (error) => {
      ending = error.message;
    });
    child.on('exit', (code, signal) => {
      ending = signal ?? `code ${code}`;
      if (!this.#isTold) onCrash(ending);
    });
    for (let deadlineMs = performance.now() + upMsMax; !(await isUp(printed)); ) {
      if (this.#isTold) return;
      if (ending !== undefined || performance.now() > deadlineMs) {
        const reason = ending === undefined ? 'does not come up' : `ended with ${ending}`;
        throw new CimError('unavailable', `${this.name} ${reason}, see ${this.#options.logFile}`);
      }
      await delay(pollMs);
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
    await this.#end('SIGKILL');
  }

  /** Politely; by force if that takes too long. Resolves to how it ended: `0`, or what else. */
  async stop(): Promise<string> {
    const overdue = setTimeout(() => this.#child?.kill('SIGKILL'), stopMsMax);
    try {
      return await this.#end('SIGTERM');
    } finally {
      clearTimeout(overdue);
    }
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<string> {
    const child = this.#child;
    this.#isTold = true;
    if (!child || child.pid === undefined) return '0';
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    }
    return child.signalCode ?? `${child.exitCode}`;
  }
}

/** What is set for this run is not meant for the parts. */
function environment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('CIM_'));
  return Object.fromEntries(entries);
}

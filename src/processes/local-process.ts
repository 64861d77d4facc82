/**
 * A process of this machine that this one has started: waited for, frozen, ended, measured. It never
 * outlives this one: the kernel kills it if this one dies first.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../base/errors.ts';
import { ignore } from '../base/ignore.ts';
import { cpuSecondsOf, rssBytesOf } from './process-figures.ts';
import { dyingWithParent } from './programs.ts';

export interface ProcessOptions {
  /** For people. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string | undefined;
  /** Beside what this process has, but for what is set for this very run (`CIM_…`). */
  readonly env?: Readonly<Record<string, string>>;
  /** The only core that it may use. */
  readonly core?: number | undefined;
  /** How many characters of what it prints are kept: the last ones. */
  readonly charactersMax?: number;
  /** Where all that it prints goes, too. */
  readonly log?: NodeJS.WritableStream | undefined;
  /** Whether the two can send each other messages. */
  readonly hasChannel?: boolean;
}

/** An exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

/** Resolves to whether it is up. */
export type IsReady = (started: LocalProcess) => boolean | Promise<boolean>;

const charactersUsuallyMax = 20_000;
const lastWordsMax = 2_000;
const readyMsMax = 60_000;
/** A role gives itself 10 s. */
const stopMsMax = 15_000;
const pollMs = 10;

export class LocalProcess {
  readonly name: string;
  /** What it has printed, on both streams. */
  output = '';
  /** What it has printed on stdout alone. */
  stdout = '';
  /** From its start until it was ready. */
  readyMs = 0;
  readonly exited: Promise<Ending>;
  hasExited = false;
  protected readonly child: ChildProcess;
  readonly #startedAt = performance.now();
  /** The last that it has said: until it was ready, or since then. */
  #lastWords = '';

  constructor({ name, command, args = [], cwd, env, core, ...options }: ProcessOptions) {
    const { charactersMax = charactersUsuallyMax, log, hasChannel = false } = options;
    this.name = name;
    const pinned = core === undefined ? [] : ['taskset', '-c', `${core}`];
    const [program = command, ...words] = [...dyingWithParent(), ...pinned, command, ...args];
    this.child = spawn(program, words, {
      stdio: ['pipe', 'pipe', 'pipe', ...(hasChannel ? (['ipc'] as const) : [])],
      env: { ...environment(), ...env },
      // A group of its own: a Ctrl-C in a terminal is for this process, which ends it in good order.
      detached: true,
      ...(cwd !== undefined && { cwd }),
    });
    for (const stream of ['stdout', 'stderr'] as const)
      this.child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-charactersMax);
        if (stream === 'stdout') this.stdout = (this.stdout + text).slice(-charactersMax);
        this.#lastWords = (this.#lastWords + text).slice(-lastWordsMax);
        log?.write(text);
      });
    this.child.stdin?.on('error', ignore('it may have ended: `exited` tells'));
    this.exited = this.#watchExit();
  }

  /** Rejects as `whenReady`; then it has ended. */
  static async start(
    options: ProcessOptions,
    isReady: IsReady,
    signal?: AbortSignal,
  ): Promise<LocalProcess> {
    const started = new LocalProcess(options);
    try {
      await started.whenReady(isReady, signal);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** Rejects with `unavailable` when it has ended, or takes too long, and when `signal` ends the waiting. */
  async whenReady(isReady: IsReady, signal?: AbortSignal): Promise<void> {
    const deadline = this.#startedAt + readyMsMax;
    while (this.hasExited || !(await isReady(this))) {
      if (this.hasExited) throw new CimError('unavailable', await this.whenEnded());
      if (performance.now() > deadline)
        throw new CimError('unavailable', `${this.name} was not ready in time${this.#reason}`);
      await delay(pollMs, undefined, { ...(signal && { signal }) });
    }
    this.readyMs = performance.now() - this.#startedAt;
    // What it has said by then is no reason for its end.
    this.#lastWords = '';
  }

  get pid(): number {
    if (this.child.pid === undefined)
      throw new Error(`${this.name} could not be started: ${this.output}`);
    return this.child.pid;
  }

  /** User and system time so far. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.pid);
  }

  rssBytes(): number {
    return rssBytesOf(this.pid);
  }

  /** Resolves when it has ended to how, with the last that it has said. */
  async whenEnded(): Promise<string> {
    const ending = await this.exited;
    // What it has said is no reason for a signal.
    const reason = typeof ending === 'number' ? this.#reason : '';
    return `${this.name} ended with ${ending}${reason}`;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  endInput(): void {
    this.child.stdin?.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops it in its tracks (SIGSTOP), as a long pause of the machine would. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** SIGTERM, and kill -9 if that does not end it in time. */
  async stop(graceMs = stopMsMax): Promise<Ending> {
    this.signal('SIGTERM');
    this.thaw();
    const overdue = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(overdue);
    }
  }

  get #reason(): string {
    const line = this.#lastWords.trim().split('\n').at(-1) ?? '';
    // Behind what a program of JavaScript has thrown comes where it was.
    const reason = /^\w*Error\b.*$/m.exec(this.#lastWords)?.[0] ?? line;
    return reason === '' ? '' : `: ${reason}`;
  }

  async #watchExit(): Promise<Ending> {
    let ending: Ending;
    try {
      const [code, signal] = await once(this.child, 'exit');
      ending = code ?? signal;
      // Its last words; a grandchild that holds the pipes open is not waited for.
      await Promise.race([once(this.child, 'close'), delay(200)]);
    } catch (error) {
      this.#lastWords = `could not be started: ${error}`;
      this.output += this.#lastWords;
      ending = 127;
    }
    this.hasExited = true;
    return ending;
  }
}

/** Addresses of the ready line of a role, by name: `tcp`, `http`, `route`. Undefined: there is none. */
export function readyAddresses({
  stdout,
}: Pick<LocalProcess, 'stdout'>): Readonly<Record<string, string>> | undefined {
  const line = /^cim \w+ ready (.*)\n/m.exec(stdout)?.[1];
  return line && Object.fromEntries(line.split(' ').map((word) => word.split('=')));
}

function environment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('CIM_'));
  return Object.fromEntries(entries);
}

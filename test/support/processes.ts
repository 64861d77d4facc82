/**
 * Real processes for tests: started, waited for, frozen, killed, and never left behind: each ends
 * at teardown, and the kernel kills it if the test process dies first.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { onTeardown } from './teardown.ts';
import { waitUntil } from './wait-until.ts';

/**
 * Put before a command. Linux: `setpriv` asks the kernel to kill the process with its parent,
 * however that ends, and then becomes the command itself.
 */
export const diesWithParent =
  process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];

export interface ProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** Polled until true; without it the process counts as ready when it has been started. */
  readonly ready?: (started: TestProcess) => boolean | Promise<boolean>;
  readonly readyMsMax?: number;
}

/**
 * Starts a process and waits until it is ready; fails, with its output, when it exits or takes too
 * long.
 */
export async function startProcess(options: ProcessOptions): Promise<TestProcess> {
  const started = new TestProcess(options);
  onTeardown(() => started.stop());
  const { ready = () => true, readyMsMax = 20_000 } = options;
  try {
    await waitUntil(`${options.name} is ready`, () => started.hasExited || ready(started), {
      timeoutMs: readyMsMax,
    });
  } catch (error) {
    throw new Error(`${options.name} is not ready:\n${started.output}`, { cause: error });
  }
  if (started.hasExited)
    throw new Error(`${options.name} ended while starting:\n${started.output}`);
  return started;
}

export class TestProcess {
  readonly name: string;
  /** All that it has printed so far, on both streams. */
  output = '';
  /** What it has printed on stdout alone. */
  stdout = '';
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  hasExited = false;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor({ name, command, args = [], cwd, env }: ProcessOptions) {
    this.name = name;
    const [program = command, ...rest] = [...diesWithParent, command, ...args];
    this.#child = spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.output += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.#child.stdin.on('error', () => {}); // it may have ended: `exited` tells
    this.exited = this.#watchExit();
  }

  get pid(): number {
    if (this.#child.pid === undefined)
      throw new Error(`${this.name} could not be started: ${this.output}`);
    return this.#child.pid;
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  /** Polls until `pattern` has been printed on stdout. */
  async whenPrinted(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    try {
      return await waitUntil(`${this.name} prints ${pattern}`, () => pattern.exec(this.stdout), {
        timeoutMs,
      });
    } catch (error) {
      throw new Error(`${this.name} did not print ${pattern}:\n${this.output}`, { cause: error });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
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
  async stop(graceMs = 5_000): Promise<number | NodeJS.Signals> {
    this.signal('SIGTERM');
    this.thaw();
    const overdue = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(overdue);
    }
  }

  async #watchExit(): Promise<number | NodeJS.Signals> {
    let ending: number | NodeJS.Signals;
    try {
      const [code, signal] = await once(this.#child, 'exit');
      ending = code ?? signal;
      // Its last words; a grandchild that holds the pipes open is not waited for.
      await Promise.race([once(this.#child, 'close'), delay(200)]);
    } catch (error) {
      this.output += `could not be started: ${error}`;
      ending = 127;
    }
    this.hasExited = true;
    return ending;
  }
}

/** Whether somebody accepts TCP connections there: the usual sign of readiness. */
export function acceptsConnections(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const settle = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

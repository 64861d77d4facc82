/**
 * Processes under measurement: started, pinned to a core if wished, and stopped. None outlives this
 * process, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSecondsOf, rssBytesOf } from '../src/bench/processes.ts';
import { dyingWithParent } from '../src/verify/cluster/programs.ts';

export interface MeasuredProcess {
  readonly pid: number;
  /** All that it has printed on stdout until it was ready. */
  readonly greeting: string;
  /** From its start until it was ready. */
  readonly readyMs: number;
  /** Resolves when it has ended to how, with the last that it has printed. */
  readonly ended: Promise<string>;
  /** User and system time so far. */
  cpuSeconds(): number;
  rssBytes(): number;
  /** The last that it has printed since it was ready. */
  lastOutput(): string;
  /** Idempotent. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** What it prints when it is ready, or the port on which it then listens. */
  readonly ready: RegExp | number;
  /** The only core that it may use. */
  readonly core?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the waiting, and the process with it. */
  readonly signal?: AbortSignal;
}

const readyMsMax = 60_000;
const stopMsMax = 10_000;

/** Rejects when it is not ready in time; then it has ended. */
export async function startMeasured(
  command: string,
  args: readonly string[],
  { ready, core, env = {}, signal }: StartOptions,
): Promise<MeasuredProcess> {
  const startedAt = performance.now();
  const pinned = core === undefined ? [] : ['taskset', '-c', `${core}`];
  const [program = '', ...words] = [...dyingWithParent(), ...pinned, command, ...args];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    // A group of its own: a Ctrl-C in a terminal is for the one that measures, which stops it.
    detached: true,
  });
  const output = collect(child);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, by) =>
      resolve(by ? `ended with ${by}` : `ended with ${code}${lastLine(output.last())}`),
    );
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await ended;
    clearTimeout(timer);
  };
  const timeout = AbortSignal.timeout(readyMsMax);
  const isReady = async (): Promise<void> => {
    while (!(typeof ready === 'number' ? await isListening(ready) : ready.test(output.first()))) {
      if (timeout.aborted) throw new Error(`was not ready in time${lastLine(output.last())}`);
      await delay(5, undefined, { signal });
    }
  };
  const failed = ended.then((how) => {
    throw new Error(how);
  });
  try {
    await Promise.race([isReady(), failed]);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    failed.catch(() => {
      // It ends when it is stopped; whether it did earlier, `ended` tells.
    });
  }
  const greeting = output.first();
  output.forget();
  const pid = child.pid as number;
  return {
    greeting,
    readyMs: performance.now() - startedAt,
    pid,
    ended,
    lastOutput: output.last,
    cpuSeconds: () => cpuSecondsOf(pid),
    rssBytes: () => rssBytesOf(pid),
    stop,
  };
}

interface Output {
  /** To see that it is ready. */
  first(): string;
  /** To see why it has ended. */
  last(): string;
  /** What it has said until now is no reason. */
  forget(): void;
}

function collect({ stdout, stderr }: ChildProcess): Output {
  const charactersMax = 20_000;
  let first = '';
  let last = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      if (first.length < charactersMax) first += chunk;
      last = (last + chunk).slice(-1_000);
    });
  }
  return {
    first: () => first,
    last: () => last,
    forget() {
      last = '';
    },
  };
}

function lastLine(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

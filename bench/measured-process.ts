/** Processes under measurement: started, pinned to a core if wished, and stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSecondsOf, rssBytesOf } from '../src/bench/processes.ts';

export interface MeasuredProcess {
  readonly pid: number;
  /** All that it has printed on stdout until it was ready. */
  readonly greeting: string;
  /** From its start until it was ready. */
  readonly readyMs: number;
  /** User and system time so far. */
  cpuSeconds(): number;
  rssBytes(): number;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** What it prints when it is ready, or the port on which it then listens. */
  readonly ready: RegExp | number;
  /** The only core that it may use. */
  readonly core?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const readyMsMax = 60_000;
const stopMsMax = 10_000;

export async function startMeasured(
  command: string,
  args: readonly string[],
  { ready, core, env = {} }: StartOptions,
): Promise<MeasuredProcess> {
  const startedAt = performance.now();
  const [program = '', ...words] =
    core === undefined ? [command, ...args] : ['taskset', '-c', `${core}`, command, ...args];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const output = collect(child);
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}: ${output()}`)));
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timeout = AbortSignal.timeout(readyMsMax);
  const isReady = async (): Promise<void> => {
    while (!(typeof ready === 'number' ? await isListening(ready) : ready.test(output()))) {
      if (timeout.aborted) throw new Error(`${command} is not ready: ${output()}`);
      await delay(5);
    }
  };
  await Promise.race([isReady(), failed]);
  failed.catch(() => {
    // It ends when it is stopped; whether it did earlier is noticed by the load.
  });
  const pid = child.pid as number;
  return {
    greeting: output(),
    readyMs: performance.now() - startedAt,
    pid,
    cpuSeconds: () => cpuSecondsOf(pid),
    rssBytes: () => rssBytesOf(pid),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The first of what it prints: enough to see that it is ready, or why not. */
function collect({ stdout, stderr }: ChildProcess): () => string {
  const charactersMax = 20_000;
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < charactersMax) text += chunk;
    });
  }
  return () => text;
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

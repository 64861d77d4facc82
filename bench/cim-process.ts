/** Processes under measurement: cim on free ports, and others; CPU time and memory read from /proc. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

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

export interface CimProcess extends MeasuredProcess {
  /** Of the ready line, by name. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Clock ticks per second of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export async function startCim([role = '', ...args]: readonly string[]): Promise<CimProcess> {
  const ports = { dev: ['port', 'http-port', 'route-port'], server: ['port', 'http-port'] };
  const free = ports[role as keyof typeof ports] ?? ['port'];
  const started = await startMeasured(
    join(process.cwd(), 'bin', 'cim'),
    [role, ...args, ...free.flatMap((port) => [`--${port}`, '0'])],
    /^cim \w+ ready (.*)\n/m,
  );
  const words = /ready (.*)\n/.exec(started.greeting)?.[1]?.split(' ') ?? [];
  return { ...started, addresses: Object.fromEntries(words.map((word) => word.split('='))) };
}

/** Starts a program and waits until it has printed what `ready` matches. */
export async function startMeasured(
  command: string,
  args: readonly string[],
  ready: RegExp,
): Promise<MeasuredProcess> {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let stdout = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}: ${stdout}`)));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (ready.test(stdout)) resolve();
    });
  });
  const readyMs = performance.now() - startedAt;
  const pid = child.pid as number;
  return {
    greeting: stdout,
    readyMs,
    pid,
    cpuSeconds() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    },
    rssBytes() {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

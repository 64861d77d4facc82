/** A cim process under measurement: on free ports, its CPU time and memory read from /proc. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CimProcess {
  readonly addresses: Readonly<Record<string, string>>;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
  readonly pid: number;
  /** User and system time so far. */
  cpuSeconds(): number;
  rssBytes(): number;
  stop(): Promise<void>;
}

/** Clock ticks per second of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export async function startCim(args: readonly string[]): Promise<CimProcess> {
  const startedAt = performance.now();
  const freePorts = ['--port', '0', '--http-port', '0', '--route-port', '0'];
  const child = spawn(join(process.cwd(), 'bin', 'cim'), [...args, ...freePorts], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let stdout = '';
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`cim ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      const ready = /^cim \w+ ready (.*)\n/m.exec(stdout);
      if (ready) resolve(ready[1] ?? '');
    });
  });
  const readyMs = performance.now() - startedAt;
  const pid = child.pid as number;
  return {
    addresses: Object.fromEntries(line.split(' ').map((word) => word.split('='))),
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

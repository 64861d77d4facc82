/** cim under measurement, on free ports. */
import { join } from 'node:path';
import { type MeasuredProcess, type StartOptions, startMeasured } from './measured-process.ts';

export interface CimProcess extends MeasuredProcess {
  /** Of the ready line, by name. */
  readonly addresses: Readonly<Record<string, string>>;
}

export async function startCim(
  [role = '', ...args]: readonly string[],
  options: Pick<StartOptions, 'core' | 'signal'> = {},
): Promise<CimProcess> {
  const ports = { dev: ['port', 'http-port', 'route-port'], server: ['port', 'http-port'] };
  const free = ports[role as keyof typeof ports] ?? ['port'];
  const started = await startMeasured(
    join(process.cwd(), 'bin', 'cim'),
    [role, ...args, ...free.flatMap((port) => [`--${port}`, '0'])],
    { ...options, ready: /^cim \w+ ready (.*)\n/m },
  );
  const words = /ready (.*)\n/.exec(started.greeting)?.[1]?.split(' ') ?? [];
  return { ...started, addresses: Object.fromEntries(words.map((word) => word.split('='))) };
}

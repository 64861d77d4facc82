/** What the scripts of benchmarks have in common: their cores, what the machine allows, and being told to end. */
import { exitCodes } from '../src/base/exit-codes.ts';
import { listenForSignals } from '../src/base/process/signals.ts';
import { type Cores, findObstacles, readMachine } from './compare/preflight.ts';

export const coreOptions = {
  'system-core': { type: 'string', default: '0' },
  'load-core': { type: 'string', default: '1' },
} as const;

export function coresOf(values: { 'system-core': string; 'load-core': string }): Cores {
  return { system: Number(values['system-core']), load: Number(values['load-core']) };
}

/**
 * Runs it until it is told to end, unless this machine does not allow that much. Resolves to the exit
 * code.
 */
export async function runUnlessObstructed(
  work: Parameters<typeof findObstacles>[0],
  cores: Cores,
  run: (ending: AbortSignal) => Promise<number>,
): Promise<number> {
  const obstacles = findObstacles(work, cores, readMachine());
  for (const obstacle of obstacles) console.error(`this machine is not ready: ${obstacle}`);
  if (obstacles.length > 0) return exitCodes.unavailable;
  const ending = new AbortController();
  const signals = listenForSignals(process);
  void signals.first.then(() => ending.abort());
  // Who is in such a hurry gets no summary; the kernel ends the processes with this one.
  void signals.second.then(() => process.exit(exitCodes.failure));
  try {
    return await run(ending.signal);
  } finally {
    signals.close();
  }
}

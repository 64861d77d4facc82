/** What is printed of a seed that breaks a promise: what was broken, how to see it again, the end. */
import type { Verdict } from './simulate.ts';

const violationsMax = 10;
const eventsMax = 60;

export function reportOf({ seed, violations, trace, hash }: Verdict): string {
  return [
    `seed ${seed} breaks ${violations.length} promises:`,
    ...violations.slice(0, violationsMax).map((violation) => `  ${violation}`),
    `all of it again: make simulate CIM_SEED=${seed} SEEDS=1 (trace ${hash}); its last events:`,
    ...trace.slice(-eventsMax),
  ].join('\n');
}

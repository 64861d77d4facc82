/** A process' budget for what a test starts: the default one. */
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { limits } from '../../src/base/limits.ts';
import { ProcessBudget } from '../../src/limits/process-budget.ts';

export function processBudget(
  clock: Clock = systemClock,
  bytesMax: number = limits.processBytesMax,
): ProcessBudget {
  return new ProcessBudget({
    bytesMax,
    monotonic: () => clock.monotonic(),
  });
}

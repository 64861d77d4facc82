/** The store of the simulation keeps the same contract as those that cim runs on. */
import { MemoryStore } from '../simulation/memory-store.ts';
import { describeStore } from './store.ts';

describeStore(
  'in memory',
  async (retention, quotas) =>
    new MemoryStore({ retention, now: Date.now, ...(quotas && { quotas }) }),
  // More than a page. Each change copies the group, so what a crowd costs grows with its square.
  { crowd: 1_500 },
);

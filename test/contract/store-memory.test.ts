/** The store of the simulation keeps the same contract as those that cim runs on. */
import { MemoryStore } from '../simulation/memory-store.ts';
import { describeStore } from './store.ts';

describeStore('in memory', async (retention) => new MemoryStore({ retention, now: Date.now }));

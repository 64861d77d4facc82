/**
 * Random courses, played on a store and beside it on the store of the simulation, which decides by
 * the pure functions of src/store/decisions: both answer the same to every step.
 */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import type { Store } from '../../../src/store/store.ts';
import { MemoryStore } from '../../simulation/memory-store.ts';

/** What a step does to a store, and what the store answers. Both stores are given the same one. */
export type Action = (store: Store) => Promise<unknown>;

export interface CourseOptions<Step> {
  /** Over the same data: steps take turns. */
  readonly stores: readonly Store[];
  readonly step: fc.Arbitrary<Step>;
  readonly numRuns: number;
  /** Begins a course with users of its own: what its steps do, and what is asked after the last. */
  begin(): { readonly first?: Action; actionOf(step: Step): Action; readonly last: Action };
}

export async function playCourses<Step>(options: CourseOptions<Step>): Promise<void> {
  const { stores, step, numRuns, begin } = options;
  // As often long as short: what takes many steps is seen as well.
  const steps = fc.array(step, { maxLength: 80, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, async (drawn) => {
      const retention = { messagesMax: limits.timelineMessagesMax };
      const model = new MemoryStore({ retention, now: Date.now });
      const { first, actionOf, last } = begin();
      const actions = [...(first ? [first] : []), ...drawn.map((step) => actionOf(step)), last];
      for (const [index, action] of actions.entries()) {
        const expected = await action(model);
        expect(await action(stores[index % stores.length]!)).toEqual(expected);
      }
    }),
    { numRuns },
  );
}

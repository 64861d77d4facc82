/**
 * Whatever a test helper starts, it registers here at once how to end it. What a test (or a
 * `beforeEach`) started ends with that test; what a `beforeAll` started ends with the file; last
 * in, first out.
 */
import { afterAll, afterEach, beforeEach } from '@jest/globals';

const steps: (() => unknown)[] = [];
let startedBeforeTest = 0;

/**
 * Runs `end` when the present test, or else the present test file, is over. `end` must not mind
 * that its object has ended.
 */
export function onTeardown(end: () => unknown): void {
  steps.push(end);
}

async function unwind(depth: number): Promise<void> {
  const errors: unknown[] = [];
  while (steps.length > depth) {
    try {
      await steps.pop()?.();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'teardown failed');
}

beforeEach(() => {
  startedBeforeTest = steps.length;
});
afterEach(() => unwind(startedBeforeTest));
afterAll(() => unwind(0));

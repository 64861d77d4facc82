/** For what is served in tests without mistakes: one that is met fails the test by being thrown. */

import { CimError } from '../../src/base/errors.ts';
import type { Bugs } from '../../src/base/process/bugs.ts';

export const noBugs: Pick<Bugs, 'caught'> = {
  caught(error) {
    if (error instanceof CimError) return false;
    throw error;
  },
};

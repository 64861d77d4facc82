/** Finds out why the user is in a group no longer. */
import { CimError } from '../../../base/errors.ts';
import type { LeavingReason } from '../client-events.ts';

/** As far as a route can tell, asked about the group as a member. */
export async function whyLeft(askGroup: () => Promise<unknown>): Promise<LeavingReason> {
  try {
    await askGroup();
    return 'left';
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    if (error.kind === 'not-a-member') return 'left';
    if (error.kind === 'removed-from-group') return 'removed';
    return error.kind === 'unknown-group' ? 'lost' : 'unknown';
  }
}

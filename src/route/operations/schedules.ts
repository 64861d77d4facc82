/** Messages for later. Whether their sender may send them is looked at when they are due. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { assertText } from '../http-message.ts';
import type { RouteOperations } from '../operations.ts';
import type { SchedulePayload } from '../scheduler.ts';
import { callerOf, type OperationsContext } from './context.ts';

export function scheduleOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'schedule' | 'delayed' | 'cancelDelayed'> {
  const { store, accounts } = context;

  return {
    async schedule({ id, from, to, group, text, delaySeconds }) {
      assertText(text);
      if (delaySeconds > limits.delaySecondsMax) {
        throw new CimError('invalid-argument', `delaySeconds: at most ${limits.delaySecondsMax}`);
      }
      await callerOf(context, from);
      if (to !== undefined && !(await accounts.find(to))) throw new CimError('unknown-receiver');
      const payload: SchedulePayload = {
        ...(to === undefined ? {} : { to }),
        ...(group === undefined ? {} : { group }),
        text,
      };
      await store.schedules.create(
        { id, owner: from, payload: Buffer.from(JSON.stringify(payload)) },
        delaySeconds * 1000,
      );
    },

    delayed: () => Promise.reject(new CimError('internal', 'listing: not built yet')),
    cancelDelayed: () => Promise.reject(new CimError('internal', 'cancelling: not built yet')),
  };
}

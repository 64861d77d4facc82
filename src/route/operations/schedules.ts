/** Messages for later. Whether their sender may send them is looked at when they are due. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { assertText } from '../http-message.ts';
import type { RouteOperations } from '../operations.ts';
import { decodePayload, encodePayload } from '../schedule-payload.ts';
import { callerOf, type OperationsContext } from './context.ts';

export function scheduleOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'schedule' | 'delayed' | 'cancelDelayed'> {
  const { accounts } = context;
  const { schedules } = context.store;

  return {
    async schedule({ id, from, delaySeconds, ...message }) {
      assertText(message.text);
      if (delaySeconds > limits.delaySecondsMax) {
        throw new CimError('invalid-argument', `delaySeconds: at most ${limits.delaySecondsMax}`);
      }
      await callerOf(context, from);
      const { to } = message;
      if (to !== undefined && !(await accounts.find(to))) throw new CimError('unknown-receiver');
      const schedule = { id, owner: from, payload: encodePayload(message) };
      if ((await schedules.create(schedule, delaySeconds * 1000)) === 'too-many') {
        throw new CimError(
          'too-many',
          `${limits.schedulesPerUserMax} messages of a user may wait to be sent`,
        );
      }
    },

    async delayed(userId) {
      const pending = await schedules.listOf(userId);
      return pending.map(({ id, payload, dueAt }) => ({ id, ...decodePayload(payload), dueAt }));
    },

    async cancelDelayed(userId, id) {
      const outcome = await schedules.cancel({ id, owner: userId });
      if (outcome === 'leased') throw new CimError('too-late');
      if (outcome === 'unknown') throw new CimError('unknown-schedule');
    },
  };
}

/** Messages for later. Whether their sender may send them is looked at when they are due. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { SchedulePosition } from '../../store/schedules.ts';
import { assertText } from '../messages/http-message.ts';
import { decodePayload, encodePayload } from '../messages/schedule-payload.ts';
import type { RouteOperations } from '../operations.ts';
import { callerOf, type OperationsContext } from './context.ts';

export function scheduleOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'schedule' | 'delayed' | 'cancelDelayed'> {
  const { accounts } = context;
  const { schedules, groups } = context.store;

  return {
    async schedule({ id, from, delaySeconds, ...message }) {
      assertText(message.text);
      if (delaySeconds > limits.delaySecondsMax) {
        throw new CimError('invalid-argument', `delaySeconds: at most ${limits.delaySecondsMax}`);
      }
      await callerOf(context, from);
      const { to } = message;
      if (to !== undefined && !(await accounts.find(to))) throw new CimError(accounts.absence);
      const { group } = message;
      if (group !== undefined && ((await groups.find(group))?.keyEpoch ?? 0) > 0)
        throw new CimError(
          'encrypted-group',
          'group: it is encrypted, and nobody knows its key when the message is due',
        );
      const schedule = { id, owner: from, payload: encodePayload(message) };
      if ((await schedules.create(schedule, delaySeconds * 1000)) === 'too-many') {
        throw new CimError(
          'too-many',
          `${limits.schedulesPerUserMax} messages of a user may wait to be sent`,
        );
      }
    },

    async delayed(userId, after) {
      const position = after === undefined ? undefined : parsePosition(after);
      const { schedules: pending, hasMore } = await schedules.listOf(userId, position);
      const messages = pending.map(({ id, payload, dueAt }) => {
        return { id, ...decodePayload(payload), dueAt };
      });
      const last = pending.at(-1);
      return { messages, next: hasMore && last ? formatPosition(last) : null };
    },

    async cancelDelayed(userId, id) {
      const outcome = await schedules.cancel({ id, owner: userId });
      if (outcome === 'leased') throw new CimError('too-late');
      if (outcome === 'unknown') throw new CimError('unknown-schedule');
    },
  };
}

function formatPosition({ dueAt, id }: SchedulePosition): string {
  return `${dueAt}.${id}`;
}

/** Throws `invalid-argument` for what is not a position in a list. */
function parsePosition(text: string): SchedulePosition {
  const dot = text.indexOf('.');
  const [due, id] = [text.slice(0, dot), text.slice(dot + 1)];
  if (dot < 1 || !/^\d{1,16}$/.test(due) || id.length > 2 * limits.scheduleIdCharactersMax)
    throw new CimError('invalid-argument', 'after: is not the `next` of a page');
  return { dueAt: Number(due), id };
}

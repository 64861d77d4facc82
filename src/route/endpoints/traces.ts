/**
 * POST /trace and POST /outlook: for operators, where a message is, and what would become of one now.
 * POST /pushes: what one route knows of its pushes, for another one that is asked for a trace.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isGroupName } from '../../base/text/names.ts';
import { lobby } from '../../codec/commands.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import { groupTimeline, type TimelineId, userTimeline } from '../../store/timelines.ts';
import type { ClusterRoles } from '../cluster/cluster-roles.ts';
import type { PushAttempt } from '../messages/push-record.ts';
import type { RouteOperations } from '../operations.ts';
import { string, userId } from './fields.ts';

const operators = { who: 'operators' } as const;
const mayLook = { who: 'operators', accounts: 'view' } as const;
const seq = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } as const;

const target = {
  to: { ...userId, description: 'a user; or group' },
  group: { ...string, maxLength: limits.groupNameCharactersMax, description: 'a group; or to' },
} as const;

export function traceEndpoints(
  operations: RouteOperations,
  roles: Pick<ClusterRoles, 'askRoutes'>,
): readonly Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/trace',
      access: mayLook,
      summary: 'Where a message is: stored, pushed, delivered, read, or why not',
      body: {
        type: 'object',
        required: ['id'],
        properties: { id: { ...string, maxLength: limits.identityCharactersMax } },
      },
      answer: { type: 'object' },
      handle: async ({ id }) => {
        const trace = await operations.trace(id);
        const [copy] = trace.copies;
        if (!copy || copy.seq === null) return trace;
        const asked = { timeline: copy.timeline, seq: copy.seq };
        const others = await roles.askRoutes<{ readonly pushes: readonly PushAttempt[] }>(
          '/pushes',
          asked,
        );
        const pushes = [...trace.pushes, ...others.flatMap((other) => other.pushes)];
        return { ...trace, pushes: pushes.sort((one, other) => one.at - other.at) };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/outlook',
      access: mayLook,
      summary: 'What would become of a message to a user or a group now',
      body: { type: 'object', required: [], properties: target },
      answer: { type: 'object' },
      handle: ({ to = 0, group = '' }) => {
        if ((to === 0) === (group === ''))
          throw new CimError('invalid-argument', 'one of to and group must be given');
        if (group !== '' && group !== lobby && !isGroupName(group))
          throw new CimError('invalid-argument', 'group: is not the name of a group');
        return operations.outlook({ to, group });
      },
    }),

    endpoint({
      method: 'POST',
      path: '/pushes',
      access: operators,
      summary: 'What this route knows of pushes of one message',
      body: {
        type: 'object',
        required: ['timeline', 'seq'],
        properties: { timeline: { ...string, maxLength: limits.identityCharactersMax }, seq },
      },
      answer: { type: 'object' },
      handle: ({ timeline, seq }) => ({ pushes: operations.pushesOf(timelineOf(timeline), seq) }),
    }),
  ];
}

/** Throws `invalid-argument`. */
function timelineOf(text: string): TimelineId {
  if (/^u:\d{1,16}$/.test(text)) return userTimeline(Number(text.slice(2)));
  if (text.startsWith('g:')) return groupTimeline(text.slice(2));
  throw new CimError('invalid-argument', 'timeline: is u:ID or g:NAME');
}

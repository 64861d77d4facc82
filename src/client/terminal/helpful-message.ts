/** What a person can do about an error, where that is not clear from the error itself. */
import type { CimError, Target } from '../sdk/index.ts';
import type { Action, Query } from './input/action.ts';

/** What a line is about. */
export type Asked = Target | Query | Extract<Action, { kind: 'read' | 'open' }>;

export function helpfulMessage({ kind, message }: CimError, asked: Asked): string {
  const group = groupOf(asked);
  if (group === undefined) return message;
  // Whoever wants to be out of it has what they want.
  const isLeaving = 'kind' in asked && asked.kind === 'leave';
  const advise = (advice: string) => (isLeaving ? 'there is nothing to leave' : advice);
  if (kind === 'not-a-member')
    return `you are not in #${group}: ${advise(`enter it with :join ${group}`)}`;
  if (kind === 'unknown-group')
    return `there is no group #${group}: ${advise(`make it with :create ${group}`)}`;
  return message;
}

/** The group that it is about, if it is. */
function groupOf(asked: Asked): string | undefined {
  if ('kind' in asked && asked.kind === 'history') return asked.query.group;
  return 'group' in asked ? asked.group : undefined;
}

/** What an action of `cim admin` is: one call to a route, and what is shown of the answer. */
import type { AdminSettings } from '../../config/settings.ts';
import type { JsonRequest } from '../../http/client.ts';
import type { Table } from './table.ts';

export interface Action {
  /** What the target is, if the action has one. */
  readonly target?: string;
  /** Of this machine alone: no route is asked. */
  readonly isLocal?: true;
  run(ask: Ask, target: string, settings: AdminSettings): Promise<AdminResult>;
}

/**
 * One call to the first route that answers; its `dataBody`. `timeoutMs`: of what takes longer than the
 * store and the servers do.
 */
export type Ask = (
  method: JsonRequest['method'],
  path: string,
  body?: unknown,
  timeoutMs?: number,
) => Promise<unknown>;

export interface AdminResult {
  /** For --json, a line each. */
  readonly objects: readonly object[];
  /** For people; where there is a table, for when it has no rows. */
  readonly text: string;
  readonly table?: Table;
}

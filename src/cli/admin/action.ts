/** What an action of `cim admin` is: one call to a route, and what is shown of the answer. */
import type { AdminSettings } from '../../config/settings.ts';
import type { JsonRequest } from '../../http/client.ts';

export interface Action {
  /** What the target is, if the action has one. */
  readonly target?: string;
  run(ask: Ask, target: string, settings: AdminSettings): Promise<Result>;
}

/** One call to the first route that answers; its `dataBody`. */
export type Ask = (method: JsonRequest['method'], path: string, body?: unknown) => Promise<unknown>;

export interface Result {
  /** For --json, a line each. */
  readonly objects: readonly object[];
  /** For people. */
  readonly text: string;
}

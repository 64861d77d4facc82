/** What a command is: how it is typed, what that does, and what a line that uses it asks for. */
import { type Action, type Refusal, refuse } from './action.ts';

export interface Command {
  readonly name: `:${string}`;
  /** Each way to use it, as it is typed, and what that does. */
  readonly uses: readonly (readonly [typed: string, effect: string])[];
  /** `rest` is what follows the name, trimmed. */
  parse(rest: string): Action;
}

export function refuseUse(uses: Command['uses'], problem?: string): Refusal {
  const typed = uses.map(([use]) => use).join(' or ');
  return refuse('bad-command', `${problem === undefined ? '' : `${problem}; `}use ${typed}`);
}

/** A number as it is typed; undefined if it is none from `min` to `max`. */
export function parseWhole(text: string, min: number, max: number): number | undefined {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}

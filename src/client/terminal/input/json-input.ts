/**
 * Turns one line of `--json` into what it asks for. The line is an object, which is a message
 * (docs/reference/client-json.md), or what a person would type. Pure.
 *
 * A line that begins like an object is one, or is refused. So a slip shows it to nobody.
 */
import { limits } from '../../../base/limits.ts';
import type { Target } from '../../sdk/index.ts';
import { type Action, type Refusal, refuse } from './action.ts';
import { parseGroup } from './address.ts';
import { parseInput } from './input.ts';
import { lineBytesMax } from './pipe-input.ts';

/** A character of a text may be written as an escape of six. */
export const jsonLineBytesMax = 6 * lineBytesMax;

const fields = ['to', 'group', 'text', 'delaySeconds'];

export function parseJsonInput(line: string): Action {
  return line.trimStart().startsWith('{') ? parseMessage(line) : parseInput(line);
}

function parseMessage(line: string): Action {
  const given = parseObject(line);
  if (!given) return wrong('the line begins with { and is no JSON object');
  const unknown = Object.keys(given).find((field) => !fields.includes(field));
  if (unknown !== undefined) return wrong(`${JSON.stringify(unknown)} is not known`);
  const { text, delaySeconds } = given;
  if (typeof text !== 'string' || text === '') return wrong('text must be a string with a text');
  const target = targetOf(given);
  if ('kind' in target) return target;
  if (delaySeconds === undefined) return { kind: 'send', target, text };
  if (!isWhole(delaySeconds, 0, limits.delaySecondsMax))
    return wrong(`delaySeconds must be a number from 0 to ${limits.delaySecondsMax}`);
  return { kind: 'schedule', target, text, delaySeconds };
}

type Given = Readonly<Record<string, unknown>>;

function parseObject(line: string): Given | undefined {
  try {
    return JSON.parse(line) as Given;
  } catch {
    // Why it is none helps nobody: programs write them.
    return undefined;
  }
}

function targetOf({ to, group }: Given): Target | Refusal {
  if ((to === undefined) === (group === undefined)) return wrong('to or group must be given');
  if (group === undefined) {
    return isWhole(to, 1, limits.userIdMax) ? { to } : wrong('to must be a user id');
  }
  if (typeof group !== 'string') return wrong('group must be the name of a group');
  const named = parseGroup(group);
  return named.kind === 'refusal' ? named : { group: named.group };
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
}

function wrong(problem: string): Refusal {
  const form = '{"to":7,"text":"…"} or {"group":"lobby","text":"…"}, with delaySeconds if later';
  return refuse('invalid-argument', `${problem}; a message is ${form}`);
}

/**
 * Whom a text is for: `2;;text` one user, `#group;;text` a group, and anything else everybody
 * online.
 *
 * What looks like a slip in an address is refused and not shown to everybody: a text for one person
 * must not become public because a letter got into the number.
 */
import { limits } from '../../../base/limits.ts';
import { groupNameOf } from '../../../base/text/names.ts';
import { CimError, lobby, type Target } from '../../sdk/index.ts';
import { type Refusal, refuse } from './action.ts';

export interface Addressed {
  readonly kind: 'addressed';
  readonly target: Target;
  readonly text: string;
}

const separator = ';;';
const digits = /^\d+$/;
/**
 * One word right before the separator: `amy;;hi` was meant for amy, `for(;;)` and `wait ;; what`
 * for nobody in particular.
 */
const word = /^[\p{L}\p{M}\p{N}_.-]+$/u;

export function parseAddress(line: string): Addressed | Refusal {
  const end = line.indexOf(separator);
  const receiver = end < 0 ? '' : line.slice(0, end).trimStart();
  const text = line.slice(end + separator.length);
  if (digits.test(receiver.trimEnd())) return toUser(receiver.trimEnd(), text);
  if (/^#\S+$/.test(receiver)) return toGroup(receiver, text);
  if (word.test(receiver)) return notAnId(receiver);
  return addressed({ group: lobby }, line);
}

/** A user id as it is typed; undefined if it is none. */
export function parseUserId(text: string): number | undefined {
  const id = digits.test(text) ? Number(text) : 0;
  return id >= 1 && id <= limits.userIdMax ? id : undefined;
}

/** A group's name as it is typed, with or without its #, in the one form that the group bears. */
export function parseGroup(text: string): { readonly kind: 'group'; group: string } | Refusal {
  try {
    return { kind: 'group', group: groupNameOf(text.replace(/^#/, '')) };
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    const problem = error.message.replace(/^group:/, 'it');
    return refuse('invalid-argument', `“${text}” cannot be the name of a group: ${problem}`);
  }
}

function toUser(receiver: string, text: string): Addressed | Refusal {
  const to = parseUserId(receiver);
  if (to === undefined) return notAnId(receiver);
  if (text.trim() === '')
    return refuse('invalid-argument', `there is no text for ${receiver} after the ;;`);
  return addressed({ to }, text);
}

function toGroup(receiver: string, text: string): Addressed | Refusal {
  const named = parseGroup(receiver);
  if (named.kind === 'refusal') return named;
  if (text.trim() === '')
    return refuse('invalid-argument', `there is no text for #${named.group} after the ;;`);
  return addressed({ group: named.group }, text);
}

function notAnId(receiver: string): Refusal {
  const help =
    'write userId;;text (:olu lists the ids), or put a space before ;; to tell everybody';
  return refuse('invalid-argument', `${receiver} is not a user id: ${help}`);
}

function addressed(target: Target, text: string): Addressed {
  return { kind: 'addressed', target, text };
}

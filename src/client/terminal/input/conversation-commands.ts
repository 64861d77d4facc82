/** What one types about conversations: with people, named by their ids, and in groups (`#name`). */
import { limits } from '../../../base/limits.ts';
import type { Target } from '../../sdk/index.ts';
import type { Action, Refusal } from './action.ts';
import { parseGroup, parseUserId } from './address.ts';
import { type Command, parseWhole, refuseUse } from './command.ts';

/** What `:conversations` shows if nobody says how many. */
const listedDefault = 20;

const listUses: Command['uses'] = [
  [
    ':conversations [count]',
    'list the pinned ones and those used last, and what is unread in each',
  ],
];

const readByUses: Command['uses'] = [
  [':readby ^', 'who in the group has read your newest message; or another one'],
];

const traceUses: Command['uses'] = [
  [':trace ^', 'where your newest message is: stored, delivered, read; or another one'],
];

export const conversationCommands: readonly Command[] = [
  {
    name: ':conversations',
    uses: listUses,
    parse: (rest) => {
      const countMax = limits.conversationsPageMax;
      const limit = rest === '' ? listedDefault : parseWhole(rest, 1, countMax);
      if (limit !== undefined) return { kind: 'conversations', limit };
      return refuseUse(listUses, `${rest} is not a count from 1 to ${countMax}`);
    },
  },
  {
    name: ':readby',
    uses: readByUses,
    parse: (rest) =>
      /^\S+$/.test(rest) ? { kind: 'read-by', message: rest } : refuseUse(readByUses),
  },
  {
    name: ':trace',
    uses: traceUses,
    parse: (rest) => (/^\S+$/.test(rest) ? { kind: 'trace', message: rest } : refuseUse(traceUses)),
  },
  flagged('mute', 'what comes there is to make no noise, on all your devices'),
  flagged('unmute', 'end that'),
  flagged('pin', 'keep it on top of the list, on all your devices'),
  flagged('unpin', 'end that'),
];

function flagged(kind: 'mute' | 'unmute' | 'pin' | 'unpin', effect: string): Command {
  const uses: Command['uses'] = [[`:${kind} userId|#group`, effect]];
  const parse = (rest: string): Action => {
    const target = parseConversation(rest);
    if (target === undefined)
      return refuseUse(uses, rest === '' ? undefined : `${rest} is neither a user id nor a #group`);
    return 'code' in target ? target : { kind, ...target };
  };
  return { name: `:${kind}`, uses, parse };
}

/** `7` or `#group`; undefined if it is neither. */
export function parseConversation(typed: string): Target | Refusal | undefined {
  if (typed.startsWith('#')) {
    const named = parseGroup(typed);
    return named.kind === 'refusal' ? named : { group: named.group };
  }
  const to = parseUserId(typed);
  return to === undefined ? undefined : { to };
}

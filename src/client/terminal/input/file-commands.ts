/** What one types about files: they are sent to people and groups, and those of messages are saved. */
import type { Action } from './action.ts';
import { type Command, refuseUse } from './command.ts';
import { parseConversation } from './conversation-commands.ts';

const fileUses: Command['uses'] = [
  [':file userId|#group path', 'send a file to one person or to a group'],
];

const openUses: Command['uses'] = [
  [':open ^', 'save the newest file that was shown, in this folder; or that of another message'],
  [':open ^ path', 'the same, in another folder or under another name'],
];

export const fileCommands: readonly Command[] = [
  { name: ':file', uses: fileUses, parse: parseFile },
  { name: ':open', uses: openUses, parse: parseOpen },
];

function parseFile(rest: string): Action {
  const [, who = '', path = ''] = /^(\S+)\s+(\S.*)$/su.exec(rest) ?? [];
  if (path === '') return refuseUse(fileUses);
  const target = parseConversation(who);
  if (target === undefined) return refuseUse(fileUses, `${who} is neither a user id nor a #group`);
  return 'code' in target ? target : { kind: 'file', target, path: unquoted(path) };
}

function parseOpen(rest: string): Action {
  const [, message = '', path] = /^(\S+)(?:\s+(\S.*))?$/su.exec(rest) ?? [];
  if (message === '') return refuseUse(openUses);
  return { kind: 'open', message, path: path === undefined ? undefined : unquoted(path) };
}

/** A path with blanks needs no quotes here; who knows shells gives them. */
function unquoted(path: string): string {
  return /^(["'])(?<inside>(?:(?!\1).)+)\1$/su.exec(path)?.groups?.['inside'] ?? path;
}

/** What owners and admins of a group type: commands whose first word is the group. */
import { groupEntries } from '../../sdk/index.ts';
import type { Action, Refusal } from './action.ts';
import { parseGroup, parseUserId } from './address.ts';
import { type Command, refuseUse } from './command.ts';

/** What the rest of a line asks for; `wrong` says how the command is used. */
type Parse = (group: string, rest: string, wrong: (problem?: string) => Refusal) => Action;

export const groupCommands: readonly Command[] = [
  command(
    ':group',
    [[':group name', 'show what a group is: its title, owner and admins, who may join']],
    {
      parse: (group, rest, wrong) => (rest === '' ? { kind: 'group', group } : wrong()),
    },
  ),
  command(':title', [[':title name text', 'as its owner or an admin: call a group so']], {
    parse: (group, title) => ({ kind: 'set-group', group, settings: { title } }),
  }),
  command(
    ':entry',
    [
      [
        ':entry name open|invite|closed',
        'as its owner: who may join: anybody, who is invited, nobody',
      ],
    ],
    {
      parse: (group, rest, wrong) => {
        const entry = groupEntries.find((each) => each === rest);
        return entry ? { kind: 'set-group', group, settings: { entry } } : wrong();
      },
    },
  ),
  aboutMember('admin', 'as its owner: they may change its title, invite and remove'),
  aboutMember('unadmin', 'end that'),
  aboutMember('owner', 'as its owner: hand it over to them; you are a plain member then'),
  aboutMember('invite', 'as its owner or an admin: they may join, also if they were removed'),
  aboutMember('remove', 'as its owner or an admin: they are out, and join only when invited'),
];

function aboutMember(
  kind: 'admin' | 'unadmin' | 'owner' | 'invite' | 'remove',
  effect: string,
): Command {
  return command(`:${kind}`, [[`:${kind} name userId`, effect]], {
    parse: (group, rest, wrong) => {
      const userId = parseUserId(rest);
      if (userId !== undefined) return { kind, group, userId };
      return wrong(rest === '' ? undefined : `${rest} is not a user id`);
    },
  });
}

function command(
  name: Command['name'],
  uses: Command['uses'],
  { parse }: { readonly parse: Parse },
): Command {
  return {
    name,
    uses,
    parse: (text) => {
      const [, first = '', rest = ''] = /^(\S+)\s*(.*)$/su.exec(text) ?? [];
      const wrong = (problem?: string) => refuseUse(uses, problem);
      if (first === '') return wrong();
      const named = parseGroup(first);
      return named.kind === 'refusal' ? named : parse(named.group, rest, wrong);
    },
  };
}

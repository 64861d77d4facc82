/** The commands, once: what `:all` explains, TAB completes and input.ts understands. */
import { limits } from '../../../base/limits.ts';
import { groupHistories, type HistoryQuery } from '../../sdk/index.ts';
import type { Action, Refusal } from './action.ts';
import { parseAddress, parseGroup, parseUserId } from './address.ts';
import { type Command, parseWhole, refuseUse } from './command.ts';
import { conversationCommands, parseConversation } from './conversation-commands.ts';
import { emojiOf, emojiPages } from './emoji.ts';
import { fileCommands } from './file-commands.ts';
import { groupCommands } from './group-commands.ts';

/** What `:history` and `:q` show if nobody says how much. */
const historyDefault = 20;
/** About: what the client itself searches comes in whole pages. */
const searchMax = 100;
/**
 * One result is one line of JSON, held whole: this many texts of the greatest length are 64 MiB.
 */
const historyMax = 1_000;

export const commands: readonly Command[] = [
  {
    name: ':q',
    uses: [
      [':q', 'leave, when all that was sent is stored'],
      [':q keyword', 'search your own messages'],
    ],
    parse: (rest) =>
      rest === ''
        ? { kind: 'quit' }
        : { kind: 'history', query: { keyword: rest, limit: searchMax } },
  },
  {
    name: ':q!',
    uses: [[':q!', 'the same as :q']],
    parse: alone(':q!', { kind: 'quit' }),
  },
  {
    name: ':olu',
    uses: [[':olu', 'list who is online']],
    parse: alone(':olu', { kind: 'online', prefix: '' }),
  },
  {
    name: ':pu',
    uses: [[':pu prefix', 'find who is online by the beginning of the name']],
    parse: (rest) => (rest === '' ? wrongUse(':pu') : { kind: 'online', prefix: rest }),
  },
  {
    name: ':history',
    uses: [
      [':history', `your last ${historyDefault} messages`],
      [':history userId [count]', 'those between you and one person'],
      [':history #group [count]', 'those of a group, as #lobby'],
    ],
    parse: parseHistory,
  },
  {
    name: ':more',
    uses: [[':more', 'the older ones, after :history, :q keyword or :conversations']],
    parse: alone(':more', { kind: 'more' }),
  },
  ...conversationCommands,
  {
    name: ':reply',
    uses: [[':reply ^ text', 'answer the newest message; or a number that TAB lists, or an id']],
    parse: withText('reply'),
  },
  {
    name: ':edit',
    uses: [[':edit ^ text', 'put another text in the place of your newest message, or of another']],
    parse: withText('edit'),
  },
  ...fileCommands,
  {
    name: ':read',
    uses: [
      [':read id', 'say that you have read it, and what came before it (for programs)'],
      [':read ^', 'the same, of the newest that was shown'],
    ],
    parse: (rest) => (/^\S+$/.test(rest) ? { kind: 'read', message: rest } : wrongUse(':read')),
  },
  {
    name: ':retract',
    uses: [[':retract ^', 'take your newest message back, or another of yours, for good']],
    parse: (rest) =>
      /^\S+$/.test(rest) ? { kind: 'retract', message: rest } : wrongUse(':retract'),
  },
  {
    name: ':react',
    uses: [
      [':react ^ 👍 😄', 'your reactions to the newest message, or to another'],
      [':react ^', 'take them back'],
    ],
    parse: parseReact,
  },
  {
    name: ':create',
    uses: [
      [':create name', 'make a group, and be its owner and first member'],
      [':create name --history all', 'the same; who joins may read what was said before'],
      [':create name --e2ee', 'a group that only its members can read, not the cluster'],
    ],
    parse: parseCreate,
  },
  {
    name: ':join',
    uses: [[':join name', 'enter a group']],
    parse: ofGroup('join'),
  },
  {
    name: ':leave',
    uses: [[':leave name', 'leave a group; nothing of it comes any more']],
    parse: ofGroup('leave'),
  },
  {
    name: ':groups',
    uses: [[':groups', 'list the groups that you are in']],
    parse: alone(':groups', { kind: 'groups' }),
  },
  {
    name: ':invitations',
    uses: [[':invitations', 'list the groups that you are invited to']],
    parse: alone(':invitations', { kind: 'invitations' }),
  },
  {
    name: ':members',
    uses: [[':members name', 'list who is in a group']],
    parse: ofGroup('members'),
  },
  {
    name: ':share',
    uses: [
      [
        ':share name percent',
        'as the owner: what one member may take of what the group keeps, an hour',
      ],
      [':share name', 'the same as in other groups again'],
    ],
    parse: parseShare,
  },
  ...groupCommands,
  {
    name: ':block',
    uses: [[':block userId', 'nothing private of theirs arrives any more, and they are not told']],
    parse: ofUser('block'),
  },
  {
    name: ':unblock',
    uses: [[':unblock userId', 'end that; what they sent meanwhile does not come']],
    parse: ofUser('unblock'),
  },
  {
    name: ':blocked',
    uses: [[':blocked', 'list whom you have blocked']],
    parse: alone(':blocked', { kind: 'blocked' }),
  },
  {
    name: ':watch',
    uses: [[':watch userId', 'be told when this person comes and goes; or several of them']],
    parse: ofUsers('watch'),
  },
  {
    name: ':unwatch',
    uses: [[':unwatch userId', 'end that']],
    parse: ofUsers('unwatch'),
  },
  {
    name: ':lastseen',
    uses: [
      [':lastseen on', 'let others know when you were last online'],
      [':lastseen off', 'do not, and forget it'],
    ],
    parse: (rest) =>
      rest === 'on' || rest === 'off'
        ? { kind: 'last-seen', isShown: rest === 'on' }
        : wrongUse(':lastseen'),
  },
  {
    name: ':delay',
    uses: [[':delay text seconds', 'send it later (also userId;;text), even if you have left']],
    parse: parseDelay,
  },
  {
    name: ':delayed',
    uses: [[':delayed', 'list what waits to be sent']],
    parse: alone(':delayed', { kind: 'delayed' }),
  },
  {
    name: ':cancel',
    uses: [[':cancel id', 'take one back, by the beginning of its id']],
    parse: (rest) => (/^\S+$/.test(rest) ? { kind: 'cancel', id: rest } : wrongUse(':cancel')),
  },
  {
    name: ':verify',
    uses: [
      [':verify userId', 'show the number by which you and one person make sure of your keys'],
      [':verify userId ok', 'the number is the same with them: send under no other key'],
    ],
    parse: parseVerify,
  },
  {
    name: ':secret',
    uses: [
      [':secret show', 'show the secret of your account: another device of yours needs it once'],
      [
        ':secret rotate',
        'change it: your other devices are logged out until they have the new one',
      ],
    ],
    parse: parseSecret,
  },
  {
    name: ':export',
    uses: [[':export [file]', 'write all that is kept of you to a file, as JSON lines']],
    parse: (rest) => ({ kind: 'export', path: rest === '' ? undefined : rest }),
  },
  {
    name: ':delete-account',
    uses: [
      [':delete-account', 'say what this deletes, and how to confirm it'],
      [':delete-account userId', 'delete your account for good: your own id'],
    ],
    parse: parseDeletion,
  },
  {
    name: ':emoji',
    uses: [[':emoji [page]', 'list what :smile: and the like turn into']],
    parse: parseEmoji,
  },
  {
    name: ':info',
    uses: [[':info', 'tell who you are, and where you are connected']],
    parse: alone(':info', { kind: 'info' }),
  },
  {
    name: ':all',
    uses: [[':all', 'list the commands']],
    parse: alone(':all', { kind: 'help' }),
  },
];

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}

function alone(name: string, action: Action): (rest: string) => Action {
  return (rest) => (rest === '' ? action : wrongUse(name));
}

function ofGroup(kind: 'join' | 'leave' | 'members'): (rest: string) => Action {
  return (rest) => {
    if (rest === '') return wrongUse(`:${kind}`);
    const named = parseGroup(rest);
    return named.kind === 'refusal' ? named : { kind, group: named.group };
  };
}

/** Of a message, which is named first. */
function withText(kind: 'reply' | 'edit'): (rest: string) => Action {
  return (rest) => {
    const [, message = '', text = ''] = /^(\S+)\s+(\S.*)$/su.exec(rest) ?? [];
    return text === '' ? wrongUse(`:${kind}`) : { kind, message, text };
  };
}

function parseReact(rest: string): Action {
  const [message = '', ...given] = rest.split(/\s+/);
  if (message === '') return wrongUse(':react');
  const emoji: string[] = [];
  for (const each of given) {
    const found = emojiOf(each);
    if (found === undefined)
      return wrongUse(
        ':react',
        `${each} is not an emoji; :emoji lists the names of those there are`,
      );
    emoji.push(found);
  }
  return { kind: 'react', message, emoji };
}

/** `name`, and `--history joined|all` and `--e2ee` in any order. */
function parseCreate(rest: string): Action {
  const e2ee = /(?:^|\s)--e2ee(?=\s|$)/.test(rest) && ({ e2ee: true } as const);
  const others = rest.replace(/(?:^|\s+)--e2ee(?=\s|$)/g, '').trim();
  if (others === '') return wrongUse(':create');
  const [, name = others, chosen] = /^(\S+)\s+--history\b\s*(.*)$/.exec(others) ?? [];
  const named = parseGroup(name);
  if (named.kind === 'refusal') return named;
  const { group } = named;
  if (chosen === undefined) return { kind: 'create', group, ...e2ee };
  const history = groupHistories.find((each) => each === chosen);
  if (!history) return wrongUse(':create', '--history is joined or all');
  return { kind: 'create', group, history, ...e2ee };
}

function ofUser(kind: 'block' | 'unblock'): (rest: string) => Action {
  return (rest) => {
    const userId = parseUserId(rest);
    if (userId !== undefined) return { kind, userId };
    return wrongUse(`:${kind}`, rest === '' ? undefined : `${rest} is not a user id`);
  };
}

function ofUsers(kind: 'watch' | 'unwatch'): (rest: string) => Action {
  return (rest) => {
    if (rest === '') return wrongUse(`:${kind}`);
    const userIds: number[] = [];
    for (const word of rest.split(/\s+/)) {
      const userId = parseUserId(word);
      if (userId === undefined) return wrongUse(`:${kind}`, `${word} is not a user id`);
      userIds.push(userId);
    }
    return { kind, userIds };
  };
}

function parseShare(rest: string): Action {
  const [name = '', share, ...more] = rest.split(/\s+/);
  if (name === '' || more.length > 0) return wrongUse(':share');
  const named = parseGroup(name);
  if (named.kind === 'refusal') return named;
  const percent = share === undefined ? null : parseWhole(share, 1, 100);
  if (percent === undefined) return wrongUse(':share', `${share} is not a number from 1 to 100`);
  return { kind: 'set-group', group: named.group, settings: { sharePercent: percent } };
}

function wrongUse(name: string, problem?: string): Refusal {
  return refuseUse(findCommand(name)?.uses ?? [], problem);
}

function parseHistory(rest: string): Action {
  const [who, count, ...more] = rest === '' ? [] : rest.split(/\s+/);
  if (more.length > 0) return wrongUse(':history');
  const limit = count === undefined ? historyDefault : parseWhole(count, 1, historyMax);
  if (limit === undefined) {
    return wrongUse(':history', `${count} is not a count from 1 to ${historyMax}`);
  }
  const whose = who === undefined ? {} : parseWhose(who);
  return 'code' in whose ? whose : { kind: 'history', query: { ...whose, limit } };
}

function parseWhose(who: string): Pick<HistoryQuery, 'peer' | 'group'> | Refusal {
  const named = parseConversation(who) ?? wrongUse(':history', `${who} is not a user id`);
  return 'to' in named ? { peer: named.to } : named;
}

function parseDelay(rest: string): Action {
  const [, message = '', seconds] = /^(.*\S)\s+(\S+)$/su.exec(rest) ?? [];
  if (seconds === undefined) return wrongUse(':delay');
  const delaySeconds = parseWhole(seconds, 0, limits.delaySecondsMax);
  if (delaySeconds === undefined) {
    const problem = `${seconds} is not a number of seconds from 0 to ${limits.delaySecondsMax}`;
    return wrongUse(':delay', problem);
  }
  const address = parseAddress(message);
  if (address.kind === 'refusal') return address;
  return { kind: 'schedule', target: address.target, text: address.text, delaySeconds };
}

function parseSecret(rest: string): Action {
  if (rest === 'show') return { kind: 'show-secret' };
  return rest === 'rotate' ? { kind: 'rotate-secret' } : wrongUse(':secret');
}

function parseDeletion(rest: string): Action {
  const userId = rest === '' ? undefined : parseUserId(rest);
  if (rest === '' || userId !== undefined) return { kind: 'delete-account', userId };
  return wrongUse(':delete-account', `${rest} is not a user id`);
}

function parseEmoji(rest: string): Action {
  const page = rest === '' ? 0 : parseWhole(rest, 0, emojiPages - 1);
  return page === undefined
    ? wrongUse(':emoji', `${rest} is not a page from 0 to ${emojiPages - 1}`)
    : { kind: 'emoji', page };
}

function parseVerify(rest: string): Action {
  const [who = '', word, ...more] = rest.split(/\s+/);
  const userId = parseUserId(who);
  if (more.length > 0 || (word !== undefined && word !== 'ok')) return wrongUse(':verify');
  if (userId === undefined)
    return wrongUse(':verify', who === '' ? undefined : `${who} is not a user id`);
  return { kind: 'verify', userId, isConfirmed: word === 'ok' };
}

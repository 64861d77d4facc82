/** How everything looks to a person. Pure: from what happened to blocks of text (layout.ts). */

import type { Keyword } from '../../../base/text/keyword.ts';
import { safeLine, safeName, safeText } from '../../../base/text/safe-text.ts';
import type {
  DelayedMessage,
  GroupMembership,
  Invitation,
  KeyStanding,
  Message,
  SentMessage,
  User,
} from '../../sdk/index.ts';
import type { RecentMessage } from '../recent-messages.ts';
import { displayWidth } from './display-width.ts';
import {
  groupRows,
  invitationText,
  memberChangeText,
  readersOf,
  settingTexts,
} from './group-texts.ts';
import {
  colourOf,
  dayOf,
  dim,
  namesFor,
  person,
  personText,
  type Reader,
  receiver,
  timeOf,
} from './heads.ts';
import type { Block, Span, Style } from './layout.ts';
import { bodyOf } from './message-text.ts';
import { noticeBlock } from './remarks.ts';
import { conversationBlocks, conversationSetText } from './render-conversations.ts';
import { deletedText, exportedText, openedText } from './render-data.ts';
import { secretText, verifyBlocks } from './render-keys.ts';
import { readByBlocks, traceBlocks } from './render-marks.ts';
import type { Outgoing, Result } from './view.ts';

/**
 * `10:05 (2) amy: hello`, `10:05 (2) amy → you: psst`, `10:05 you → (2) amy: hi`; of a private one
 * that was encrypted `10:05 (2) amy → you [e2e]: psst`. A name comes after its number, and holds
 * none of the characters that a head is built of: only one's own lines begin with `you`, and whatever
 * somebody is called, the number is theirs.
 */
export function messageBlock(message: Message, reader: Reader, keyword?: Keyword): Block {
  const target =
    message.group === undefined ? { to: message.to ?? reader.userId } : { group: message.group };
  const head = [
    dim(`${timeOf(message.at)} `),
    ...person(message.from, message.fromName, reader),
    ...receiver(target, reader),
  ];
  const edited = message.edited === undefined ? [] : [dim(' [edited]')];
  const tail = tailOf(message);
  const block = {
    head: [...head, ...secrecyMark(message), ...edited, { text: ': ' }],
    body: bodyOf(message),
    ...(tail !== '' && { tail: dim(tail) }),
  };
  return keyword === undefined ? block : { ...block, keyword };
}

/** Each reaction with the number of people, if it is of several. */
function tailOf({ transient, reactions = [] }: Message): string {
  const counts = new Map<string, number>();
  for (const emoji of reactions.flatMap((each) => each.emoji))
    counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  const shown = [...counts].map(
    ([emoji, count]) => safeLine(emoji) + (count > 1 ? ` ${count}` : ''),
  );
  return `${transient ? ' ~' : ''}${shown.length > 0 ? ` [${shown.join(' · ')}]` : ''}`;
}

const keyMarks = {
  verified: dim(' [e2e ✓]'),
  unverified: dim(' [e2e]'),
  changed: { text: ' [e2e, NOT THE KEY YOU CONFIRMED]', style: 'red' },
} as const satisfies Record<KeyStanding, Span>;

export function secrecyMark({
  encrypted,
  key = 'unverified',
  expected,
}: Pick<Message, 'encrypted' | 'key' | 'expected'>): Span[] {
  if (encrypted === undefined) return [];
  if (encrypted) return [keyMarks[key]];
  if (expected) return [{ text: ' [NOT ENCRYPTED]', style: 'red' }];
  return [{ text: ' [not encrypted]', style: 'yellow' }];
}

function ownMarks(about: Outgoing['about'], before: RecentMessage | undefined): Span[] {
  if (about === undefined || about.kind === 'reply') return [];
  // Which one: its text is not said once more.
  const which = before ? ` the message of ${timeOf(before.at)}` : '';
  return [
    dim({ edit: ' [edited]', retract: ` [retracted${which}]`, react: ' [reaction]' }[about.kind]),
  ];
}

/** One's own text, and what became of it. `before`: the message that it is about, if it was shown lately. */
export function outgoingBlock(
  { target, text, about }: Outgoing,
  at: number,
  outcome: Span,
  reader: Reader,
  before?: RecentMessage,
): Block {
  return {
    head: [
      dim(`${timeOf(at)} `),
      { text: 'you', style: 'bold' },
      ...receiver(target, reader),
      ...ownMarks(about, before),
      { text: text === '' ? '' : ': ' },
    ],
    body: safeText(text),
    tail: { ...outcome, text: ` ${safeLine(outcome.text)}` },
  };
}

/** So much of a schedule's id is shown to be typed; more where that would mean several. */
const shortIdCharacters = 6;

/** `✓`: stored; `~`: not stored, and perhaps not arrived. */
export function outcomeOf({ transient, encrypted }: SentMessage): Span {
  const secrecy = encrypted ? ' [e2e]' : '';
  return transient
    ? { text: `~${secrecy}`, style: 'dim' }
    : { text: `✓${secrecy}`, style: 'green' };
}

export function failed(reason: string): Span {
  return { text: `✗ ${reason}`, style: 'red' };
}

export function later(seconds: number, id: string): Span {
  const cancel = `:cancel ${id.slice(0, shortIdCharacters)}`;
  return { text: `◷ to be sent in ${seconds} s (${cancel} takes it back)`, style: 'dim' };
}

/** A command, as it was typed. */
export function echoBlock(text: string): Block {
  return { head: [dim('› ')], body: safeLine(text) };
}

/** Put before the first message of a day. */
export function dayBlock(at: number): Block {
  return { head: [dim(`── ${dayOf(at)} ──`)], body: '' };
}

type History = Extract<Result, { kind: 'history' }>;

export function historyHead({ messages, isMore, older }: History): Block[] {
  if (messages.length === 0) return [];
  const count = messages.length === 1 ? 'one message' : `${messages.length} messages`;
  const which = isMore ? `${count} from before` : older ? `the newest ${count}` : count;
  return [noticeBlock(`history, ${which}:`)];
}

/** Where it ends, and whether that is all there was. */
export function historyFoot({ messages, isMore, older, expired, searched }: History): Block[] {
  if (older && searched !== undefined)
    return [noticeBlock(`searched ${searched} messages so far: :more goes on`)];
  const none = isMore ? 'there are no more messages' : 'there are no such messages';
  const found = messages.length === 0 ? none : 'end of history';
  if (older && messages.length === 0) return [noticeBlock('none so far: :more looks further back')];
  if (older) return [noticeBlock('end of history: :more shows what was before')];
  if (expired) return [noticeBlock(`${found}: what was before is not kept any more`)];
  return [noticeBlock(messages.length === 0 ? found : 'end of history: this was all')];
}

/** The answer to a command; but history, which is a transcript (human-view.ts). */
export function resultBlocks(
  result: Exclude<Result, { kind: 'history' }>,
  reader: Reader,
): Block[] {
  switch (result.kind) {
    case 'help':
      return table(result.inputs, 'bold');
    case 'info':
      return table(
        [
          ['user id', `${result.info.userId}`],
          ['name', result.info.userName],
          ['device', result.info.device ?? '-'],
          ['server', result.info.server ?? '-'],
          ['state', result.info.state],
        ],
        'dim',
      );
    case 'emoji': {
      const { emoji, page, pages } = result;
      const next = page + 1 < pages ? `; :emoji ${page + 1} shows the next` : '';
      return [
        ...table(
          emoji.map((each) => [each.alias, each.emoji]),
          'bold',
        ),
        noticeBlock(`this is page ${page}, the last is ${pages - 1}${next}`),
      ];
    }
    case 'online':
      if (result.users.length > 0) return userBlocks(result.users);
      return [
        noticeBlock(
          result.prefix === ''
            ? 'nobody is online'
            : `nobody online has a name that begins with ${result.prefix}`,
        ),
      ];
    case 'created':
      return [
        noticeBlock(
          `#${result.membership.group} is there: others enter it with :join ${result.membership.group}, and ${readersOf(result.membership)}`,
        ),
      ];
    case 'joined':
      return [
        noticeBlock(
          `you are in #${result.membership.group}: #${result.membership.group};;text says something in it`,
        ),
      ];
    case 'left':
      return [noticeBlock(`you have left #${result.group}`)];
    case 'group':
      return table(groupRows(result.membership, namesFor(reader)), 'dim');
    case 'group-set':
      return settingTexts(result).map(noticeBlock);
    case 'member-changed':
      return [noticeBlock(memberChangeText(result, namesFor(reader)))];
    case 'blocking':
      return [
        noticeBlock(
          result.isBlocked
            ? `nothing private of ${result.userId} arrives any more; they are not told`
            : `what ${result.userId} writes from now on arrives`,
        ),
      ];
    case 'watching': {
      const who = result.userIds.map((id) => personText(id, reader.nameOf(id))).join(', ');
      const isTold = result.isWatched ? 'you are told when they come and go' : 'no longer';
      return [noticeBlock(`${isTold}: ${who}`)];
    }
    case 'last-seen':
      return [
        noticeBlock(
          result.isShown
            ? 'from now on others may see when you were last online'
            : 'nobody sees when you were last online: it is forgotten',
        ),
      ];
    case 'blocked':
      return result.users.length === 0
        ? [noticeBlock('you have blocked nobody')]
        : [...userBlocks(result.users), noticeBlock(`${result.users.length} blocked`)];
    case 'conversations':
      return conversationBlocks(result, reader);
    case 'read-by':
      return readByBlocks(result.readBy, reader);
    case 'trace':
      return traceBlocks(result.trace);
    case 'conversation-set':
      return [noticeBlock(conversationSetText(result, namesFor(reader)))];
    case 'delayed':
      return delayedBlocks(result.messages, reader);
    case 'cancelled':
      return [noticeBlock(`taken back: ${result.message.text}`)];
    case 'groups':
      return groupBlocks(result.memberships, reader);
    case 'invitations':
      return invitationBlocks(result.invitations, reader);
    case 'verify':
      return verifyBlocks(result.key);
    case 'secret':
      if (result.secret === undefined) return [noticeBlock('your account has no secret')];
      return [...table([['secret', result.secret]], 'dim'), noticeBlock(secretText)];
    case 'read':
      return [noticeBlock('marked as read')];
    case 'rotated':
      return [noticeBlock('your account has a new secret: :secret show tells it')];
    case 'exported':
      return [noticeBlock(exportedText(result))];
    case 'opened':
      return [noticeBlock(openedText(result))];
    case 'deleted':
      return [noticeBlock(deletedText)];
    case 'members':
      return [
        ...userBlocks(result.users),
        noticeBlock(result.users.length === 1 ? 'one member' : `${result.users.length} members`),
      ];
  }
}

function delayedBlocks(messages: readonly DelayedMessage[], reader: Reader): Block[] {
  if (messages.length === 0) return [noticeBlock('nothing waits to be sent')];
  const blocks = messages.map(({ id, to, group, text, unreadable, dueAt }) => ({
    head: [
      { text: `  ${shortId(id, messages)}`, style: 'bold' as const },
      dim(`  ${dayOf(dueAt)} ${timeOf(dueAt)} `),
      { text: 'you', style: 'bold' as const },
      ...receiver(group === undefined ? { to: to ?? reader.userId } : { group }, reader),
      { text: ': ' },
    ],
    body: bodyOf({ text, ...(unreadable && { unreadable }) }),
  }));
  return [...blocks, noticeBlock(':cancel and what is in front takes one back')];
}

/** The beginning of the id, as long as it has to be to mean only this one. */
function shortId(id: string, messages: readonly DelayedMessage[]): string {
  let length = shortIdCharacters;
  const isShared = () =>
    messages.some((other) => other.id !== id && other.id.startsWith(id.slice(0, length)));
  while (length < id.length && isShared()) length += 1;
  return safeLine(id.slice(0, length));
}

function groupBlocks(memberships: readonly GroupMembership[], reader: Reader): Block[] {
  if (memberships.length === 0) {
    return [noticeBlock('you are in no group: :create name makes one, :join name enters one')];
  }
  return table(
    memberships.map(({ group, title, owner }) => [
      `#${group}`,
      [
        ...(title === group ? [] : [`${title},`]),
        owner === reader.userId ? 'yours' : `of ${personText(owner, reader.nameOf(owner))}`,
      ].join(' '),
    ]),
    'bold',
  );
}

function invitationBlocks(invitations: readonly Invitation[], reader: Reader): Block[] {
  if (invitations.length === 0) return [noticeBlock('you are invited to no group')];
  return invitations.map((each) => noticeBlock(invitationText(each, namesFor(reader))));
}

function userBlocks(users: readonly User[]): Block[] {
  const widthMin = Math.max(...users.map(({ userId }) => `${userId}`.length));
  return users.map(({ userId, userName }) => ({
    head: [
      dim(`  ${`${userId}`.padStart(widthMin)}  `),
      { text: safeName(userName), style: colourOf(userId) },
    ],
    body: '',
  }));
}

function table(rows: readonly (readonly [string, string])[], style: Style): Block[] {
  const safe = rows.map(([left, right]) => [safeLine(left), safeLine(right)] as const);
  const width = Math.max(...safe.map(([left]) => displayWidth(left)));
  return safe.map(([left, right]) => ({
    head: [{ text: `  ${left}${' '.repeat(width - displayWidth(left))}`, style }, { text: '  ' }],
    body: right,
    margin: width + 4,
  }));
}

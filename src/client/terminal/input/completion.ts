/** What TAB may turn the line into: commands, people by name or id, groups, names of emoji. Pure. */
import { searchForm } from '../../../base/text/normal-form.ts';
import { safeLine } from '../../../base/text/safe-text.ts';
import { groupEntries, groupHistories, lobby, type User } from '../../sdk/index.ts';
import type { RecentMessage } from '../recent-messages.ts';
import { personText } from '../view/heads.ts';
import { commands } from './commands.ts';
import { emojiNamed } from './emoji.ts';
import { typedPath } from './path-completion.ts';

export interface Completion {
  /** The end of the line that is replaced. */
  readonly typed: string;
  /** By what. */
  readonly replacements: readonly string[];
  /** How each is shown when there are several. */
  readonly labels: readonly string[];
}

interface Choice {
  /** What `typed` is the beginning of. */
  readonly word: string;
  readonly replacement: string;
  readonly label: string;
}

const commandChoices: readonly Choice[] = commands.map(({ name, uses }) => {
  const takesMore = uses.some(([typed]) => typed.includes(' '));
  return { word: name, replacement: takesMore ? `${name} ` : name, label: name };
});

const ofGroups: ReadonlySet<string> = new Set([
  ...[':leave', ':members', ':share', ':group', ':title', ':entry'],
  ...[':admin', ':unadmin', ':owner', ':invite', ':remove'],
]);

const entryChoices = groupEntries.map(plain);

const createChoices = ['--history', ...groupHistories, '--e2ee'].map(plain);

/** What can be named besides commands and emoji. */
export interface Names {
  /** Whose line it is. */
  readonly userId: number;
  readonly online: readonly User[];
  /** The groups that one is in. */
  readonly groups: readonly string[];
  /** The messages that were shown last, the newest first. */
  readonly messages: readonly RecentMessage[];
  /** Of this machine, as they would be typed in this line; folders end in a slash. */
  readonly paths: readonly string[];
}

/** Those that somebody may want to name: more than a few nobody reads through. */
const messagesListed = 10;

/** `line` goes up to the cursor. */
export function completeLine(line: string, names: Names): Completion {
  const path = typedPath(line);
  if (path !== undefined) return complete(path, paths(line, names));
  const [, command, word = ''] = /^(:\S+)\s+(?:.*\s)?(\S*)$/su.exec(line) ?? [];
  if (command === ':pu') return complete(word, names.online.map(byName));
  if (command === ':history' || command === ':file') return complete(word, receivers(names, ' '));
  if (command === ':open')
    return complete(
      word,
      messages(names, ({ file }) => file !== undefined),
    );
  if (isOnConversations(command)) return complete(word, conversations(names));
  if (command === ':delay') return complete(word, receivers(names, ';;'));
  if (command !== undefined && ofGroups.has(command)) {
    const isFirst = /^:\S+\s+\S*$/u.test(line);
    if (isFirst) return complete(word, groups(names.groups));
    return complete(word, command === ':entry' ? entryChoices : people(names.online));
  }
  if (command === ':watch' || command === ':unwatch') return complete(word, people(names.online));
  if (command === ':lastseen') return complete(word, ['on', 'off'].map(plain));
  if (command === ':block') return complete(word, people(names.online));
  if (isOnMessages(command) && /^:\S+\s+\S*$/u.test(line))
    return complete(word, messages(names, isMeantBy(command, names.userId)));
  if (command === ':verify') return complete(word, people(names.online));
  if (command === ':create') return complete(word, createChoices);
  if (command === ':secret') return complete(word, ['show', 'rotate'].map(plain));
  const alias = /(?<=.):[\w+-]{2,}$/u.exec(line)?.[0];
  if (alias) return complete(alias, emojiNamed(alias).map(plain));
  if (line.startsWith(':')) return complete(line, commandChoices);
  return line.includes(';;') ? complete(line, []) : complete(line, receivers(names, ';;'));
}

/** People, found by name and by id, and groups; replaced by what one writes to them with. */
function receivers(names: Names, suffix: string): Choice[] {
  return [...people(names.online, suffix), ...addressed([lobby, ...names.groups], suffix)];
}

/** The lobby is none: nobody has anything unread there. */
function conversations(names: Names): Choice[] {
  return [...people(names.online), ...addressed(names.groups, ' ')];
}

function addressed(groups: readonly string[], suffix: string): Choice[] {
  return groups.map((name) => {
    const group = `#${name}`;
    return { word: group, replacement: group + suffix, label: group };
  });
}

function people(online: readonly User[], suffix = ' '): Choice[] {
  return online.flatMap(({ userId, userName }) => {
    const choice = { replacement: `${userId}${suffix}`, label: personText(userId, userName) };
    return [
      { ...choice, word: userName },
      { ...choice, word: `${userId}` },
    ];
  });
}

function isOnConversations(command: string | undefined): boolean {
  return [':mute', ':unmute', ':pin', ':unpin'].includes(command ?? '');
}

/** What one has said oneself is edited, and what others have said is read. */
function isMeantBy(
  command: string | undefined,
  userId: number,
): (message: RecentMessage) => boolean {
  if ([':edit', ':retract', ':readby', ':trace'].includes(command ?? ''))
    return ({ from }) => from === userId;
  return command === ':read' ? ({ from }) => from !== userId : () => true;
}

const onMessages = [':reply', ':edit', ':retract', ':react', ':read', ':readby', ':trace'];

function isOnMessages(command: string | undefined): boolean {
  return onMessages.includes(command ?? '');
}

/** By their numbers; the newest last, where the line is. */
function messages(
  { messages: recent, userId }: Names,
  isMeant: (message: RecentMessage) => boolean,
): Choice[] {
  const listed = recent.filter(isMeant).slice(0, messagesListed).reverse();
  return listed.map(({ number, from, fromName, text }) => ({
    word: `${number}`,
    replacement: `${number} `,
    label: `${number} ${from === userId ? 'you' : personText(from, fromName)}: ${safeLine(text.trim())}`,
  }));
}

/** Files are saved in folders. */
function paths(line: string, names: Names): Choice[] {
  const isSaving = line.startsWith(':open');
  return names.paths.filter((path) => !isSaving || path.endsWith('/')).map(plain);
}

/** With or without their #. */
function groups(names: readonly string[]): Choice[] {
  return names.flatMap((name) => [plain(name), plain(`#${name}`)]);
}

function byName({ userId, userName }: User): Choice {
  return { word: userName, replacement: userName, label: personText(userId, userName) };
}

function plain(word: string): Choice {
  return { word, replacement: word, label: word };
}

function complete(typed: string, choices: readonly Choice[]): Completion {
  // What is drawn while it is typed cannot be shown as anything else: such a name is not offered.
  const isBegun = ({ word, replacement }: Choice) =>
    searchForm(word).startsWith(searchForm(typed)) && safeLine(replacement) === replacement;
  const found = [
    ...new Map(choices.filter(isBegun).map((each) => [each.replacement, each])).values(),
  ];
  if (found.length <= 1) {
    return { typed, replacements: found.map(({ replacement }) => replacement), labels: [] };
  }
  const prefix = commonPrefix(found.map(({ word }) => word));
  return {
    typed,
    replacements: prefix.length > typed.length ? [prefix] : [],
    labels: found.map(({ label }) => label),
  };
}

/** Of whole characters: half of one cannot be sent. */
function commonPrefix(words: readonly string[]): string {
  const [first = '', ...others] = words;
  const characters = [...first];
  for (const word of others) {
    while (!searchForm(word).startsWith(searchForm(characters.join('')))) characters.pop();
  }
  return characters.join('');
}

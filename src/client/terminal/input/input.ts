/** One line of input → what it asks for. Pure; the commands themselves are in commands.ts. */
import { didYouMean } from '../../../config/suggest.ts';
import { lobby } from '../../sdk/index.ts';
import { type Action, refuse } from './action.ts';
import { parseAddress } from './address.ts';
import { commands, findCommand } from './commands.ts';

/** A colon and a letter; but `:smile:` is an emoji, and so is text. */
const commandForm = /^:(?=\p{L})(?![\p{L}\p{N}_+-]+:)/u;

export function parseInput(line: string): Action {
  if (line.trim() === '') return { kind: 'nothing' };
  // Perhaps pasted: nothing of it is run.
  const isCommand = !line.includes('\n');
  if (isCommand && commandForm.test(line)) return parseCommand(line);
  // `::q` says ":q".
  if (isCommand && line.startsWith('::'))
    return { kind: 'send', target: { group: lobby }, text: line.slice(1) };
  const address = parseAddress(line);
  if (address.kind === 'refusal') return address;
  return { kind: 'send', target: address.target, text: address.text };
}

function parseCommand(line: string): Action {
  const [name = '', rest = ''] = splitOnce(line);
  const command = findCommand(name);
  if (command) return command.parse(rest.trim());
  const guess = didYouMean(
    name,
    commands.map((each) => each.name),
  );
  const message = `${name} is not a command${guess}; :all lists them, and :${name} says it as a text`;
  return refuse('bad-command', message);
}

function splitOnce(line: string): [string, string] {
  const end = line.search(/\s/);
  return end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end)];
}

/** All that can be typed, for `:all`. */
export const everyInput: readonly (readonly [typed: string, effect: string])[] = [
  ['text', 'say it to everybody online; Alt-Enter or \\ at the end breaks the line'],
  ['userId;;text', 'say it to one person, also when they are away'],
  ['#group;;text', 'say it to a group that you are in, also to members who are away'],
  ...commands.flatMap(({ uses }) => uses),
  ['::text', 'say a text that begins with a colon, as in ::q'],
];

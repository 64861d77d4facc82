/**
 * Turns one line of `--json` into what it asks for. The line is an object, which is a message, or
 * something done to one (docs/reference/client-json.md), or what a person would type. Pure.
 *
 * A line that begins like an object is one, or is refused. So a slip shows it to nobody.
 */
import { limits } from '../../../base/limits.ts';
import { fromBase64Url } from '../../../base/text/base64url.ts';
import type { Custom, MessageExtras, Target } from '../../sdk/index.ts';
import { type Action, type Refusal, refuse } from './action.ts';
import { parseGroup } from './address.ts';
import { emojiOf } from './emoji.ts';
import { parseInput } from './input.ts';
import { lineBytesMax } from './pipe-input.ts';

/** A character of a text may be written as an escape of six. */
export const jsonLineBytesMax = 6 * lineBytesMax;

const fields = ['to', 'group', 'text', 'delaySeconds', 'replyTo', 'mentions', 'custom'];
/** What is done to the message with this id, and what it is given. */
const changes = { edit: 'text', retract: undefined, react: 'emoji' } as const;

export function parseJsonInput(line: string): Action {
  return line.trimStart().startsWith('{') ? parseObjectLine(line) : parseInput(line);
}

function parseObjectLine(line: string): Action {
  const given = parseObject(line);
  if (!given) return wrong('the line begins with { and is no JSON object');
  for (const kind of ['edit', 'retract', 'react'] as const)
    if (kind in given) return parseChange(kind, given);
  if ('file' in given) return parseFile(given);
  return parseMessage(given);
}

function parseChange(kind: keyof typeof changes, given: Given): Action {
  const { [kind]: message, text, emoji } = given;
  const unknown = unknownOf(given, [kind, changes[kind] ?? kind]);
  if (unknown) return unknown;
  if (typeof message !== 'string') return wrong(`${kind} must be the id of a message`);
  if (kind === 'retract') return { kind, message };
  if (kind === 'edit') return isText(text) ? { kind, message, text } : noText;
  if (!areTexts(emoji)) return wrong('emoji must be an array of strings');
  const isNone = (each: string) => emojiOf(each) !== each;
  if (emoji.some(isNone)) return wrong(`${JSON.stringify(emoji.find(isNone))} is not an emoji`);
  return { kind, message, emoji };
}

function parseFile(given: Given): Action {
  if ('text' in given) return wrong('a file goes without a text');
  const unknown = unknownOf(given, ['to', 'group', 'file', 'replyTo']);
  if (unknown) return unknown;
  const { file: path, replyTo } = given;
  if (!isText(path)) return wrong('file must be the path of a file');
  const target = targetOf(given);
  if ('kind' in target) return target;
  if (replyTo === undefined) return { kind: 'file', target, path };
  if (typeof replyTo !== 'string') return wrong('replyTo must be the id of a message');
  return { kind: 'file', target, path, replyTo };
}

function parseMessage(given: Given): Action {
  const unknown = unknownOf(given, fields);
  if (unknown) return unknown;
  const { text, delaySeconds } = given;
  if (!isText(text)) return noText;
  const target = targetOf(given);
  if ('kind' in target) return target;
  const extras = extrasOf(given);
  if ('kind' in extras) return extras;
  const hasExtras = Object.keys(extras).length > 0;
  if (delaySeconds === undefined)
    return { kind: 'send', target, text, ...(hasExtras && { extras }) };
  if (hasExtras) return wrong('what is sent later is a text alone');
  if (!isWhole(delaySeconds, 0, limits.delaySecondsMax))
    return wrong(`delaySeconds must be a number from 0 to ${limits.delaySecondsMax}`);
  return { kind: 'schedule', target, text, delaySeconds };
}

/** What the SDK says of them in detail: here they only have the right form. */
function extrasOf({ replyTo, mentions, custom }: Given): MessageExtras | Refusal {
  if (replyTo !== undefined && typeof replyTo !== 'string')
    return wrong('replyTo must be the id of a message');
  if (mentions !== undefined && !areIds(mentions)) return wrong('mentions must be user ids');
  const own = custom === undefined ? undefined : customOf(custom);
  if (own && 'kind' in own) return own;
  return {
    ...(replyTo !== undefined && { replyTo }),
    ...(mentions !== undefined && { mentions }),
    ...(own && { custom: own }),
  };
}

function customOf(custom: unknown): Custom | Refusal {
  const { type, data } = Object(custom) as Given;
  const bytes = typeof data === 'string' ? fromBase64Url(data) : undefined;
  if (typeof type !== 'string' || !bytes)
    return wrong('custom must be {"type":"…","data":"base64url"}');
  return { type, data: bytes };
}

function unknownOf(given: Given, known: readonly string[]): Refusal | undefined {
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  return unknown === undefined ? undefined : wrong(`${JSON.stringify(unknown)} is not known`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function areIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => isWhole(each, 1, limits.userIdMax));
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
  if (to !== undefined && group !== undefined)
    return wrong('a message is to a user or in a group, not both');
  if (to === undefined && group === undefined) return wrong('to or group must be given');
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

const noText = wrong('text must be a string with a text');

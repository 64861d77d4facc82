/**
 * What a message is beside its text (proto/content.proto), from and to bytes. What others have made is
 * taken only if it keeps to the bounds: then it is a Content, or it is nothing, and the message is its
 * text.
 */
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { fileOf, type MessageFile, problemOfFile } from './file-content.ts';
import { bytesOfContent, type Content, readContentOf } from './generated/messages.ts';
import { parseIdentity } from './identity.ts';

/** At most one of `custom`, `edit`, `retract`, `reactions`, `typing` and `file`. */
export interface MessageContent {
  /** The id of the message that this one answers. */
  readonly replyTo?: string;
  /** Ids of the users whom the text speaks of. */
  readonly mentions?: readonly number[];
  readonly custom?: Custom;
  readonly edit?: Edit;
  readonly retract?: Retract;
  readonly reactions?: Reactions;
  readonly typing?: Typing;
  readonly file?: MessageFile;
}

/** Its sender is typing. */
export interface Typing {
  /** The number of the next message that this device of theirs sends there; 0: not said. */
  readonly sendSeq: number;
}

/** An application's own. */
export interface Custom {
  /** The application's name for it. */
  readonly type: string;
  readonly data: Uint8Array;
}

/** The new text is what follows the first `lead` UTF-16 units of the message's text. */
export interface Edit {
  /** The id of the message. */
  readonly target: string;
  /** The highest one counts. */
  readonly counter: number;
  readonly lead: number;
}

export interface Retract {
  readonly target: string;
}

/** All reactions of one person to one message; none: they are taken back. */
export interface Reactions {
  readonly target: string;
  readonly counter: number;
  readonly emoji: readonly string[];
}

/** Throws a CimError `invalid-argument`: others would not take it for a content. */
export function encodeContent(content: MessageContent): Uint8Array {
  const problem = problemOf(content);
  if (problem !== undefined) throw new CimError('invalid-argument', problem);
  return bytesOfContent(content);
}

/** Null: it is none, or beyond the bounds. One of a kind that is not known has none of the kinds. */
export function decodeContent(bytes: Uint8Array): MessageContent | null {
  let content: MessageContent;
  try {
    content = fieldsOf(readContentOf(bytes));
  } catch {
    // What is wrong with it helps nobody: its sender is not here.
    return null;
  }
  return problemOf(content) === undefined ? content : null;
}

function fieldsOf({
  replyTo,
  mentions,
  custom,
  edit,
  retract,
  reactions,
  typing,
  file,
}: Content): MessageContent {
  return {
    ...(replyTo !== '' && { replyTo }),
    ...(mentions.length > 0 && { mentions }),
    // A frame's bytes may be in a buffer that is used again.
    ...(custom && { custom: { ...custom, data: Uint8Array.from(custom.data) } }),
    ...(edit && { edit }),
    ...(typing && { typing }),
    ...(file && { file: fileOf(file) }),
    ...(retract && { retract }),
    ...(reactions && { reactions }),
  };
}

/** In words; undefined: there is none. */
function problemOf(content: MessageContent): string | undefined {
  const { replyTo, mentions = [], custom, edit, retract, reactions, typing, file } = content;
  const change = edit ?? retract ?? reactions;
  if ([custom, edit, retract, reactions, typing, file].filter(Boolean).length > 1)
    return 'a message is one of custom, edit, retract, reactions, typing and file';
  if (change && replyTo !== undefined) return 'only a message of its own answers another one';
  if (replyTo !== undefined && !parseIdentity(replyTo)) return `replyTo: ${notAnId}`;
  if (change && !parseIdentity(change.target)) return notAnId;
  const { counter = 1 } = edit ?? reactions ?? {};
  if (!Number.isSafeInteger(counter) || counter < 1) return 'a counter is a whole number from 1 on';
  return (
    problemOfMentions(mentions) ??
    (custom && problemOfType(custom.type)) ??
    (file && problemOfFile(file)) ??
    (reactions && problemOfEmoji(reactions.emoji))
  );
}

const notAnId = 'it is not the id of a stored message';

function problemOfMentions(mentions: readonly number[]): string | undefined {
  const areIds = mentions.every((id) => Number.isSafeInteger(id) && id > 0);
  const areFew = mentions.length <= limits.mentionsMax;
  if (areIds && areFew && areDistinct(mentions)) return undefined;
  return `mentions are at most ${limits.mentionsMax} user ids, each once`;
}

function problemOfType(type: string): string | undefined {
  if (type !== '' && type.length <= limits.customTypeCharactersMax && type.isWellFormed())
    return undefined;
  return `a type has 1 to ${limits.customTypeCharactersMax} characters`;
}

function problemOfEmoji(emoji: readonly string[]): string | undefined {
  if (emoji.length <= limits.reactionsMax && emoji.every(isEmoji) && areDistinct(emoji))
    return undefined;
  return `reactions are at most ${limits.reactionsMax}, each once, of 1 to ${limits.reactionBytesMax} bytes without blanks`;
}

/** Something short without blanks: which emoji there are changes every year. */
function isEmoji(text: string): boolean {
  return (
    text.length <= limits.reactionBytesMax &&
    /^[^\s\p{Cc}]+$/u.test(text) &&
    text.isWellFormed() &&
    new TextEncoder().encode(text).length <= limits.reactionBytesMax
  );
}

function areDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

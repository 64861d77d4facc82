/** What is shown of the text of a message. Pure. */
import { safeLine, safeText } from '../../../base/text/safe-text.ts';
import { fileText } from '../../../codec/content-words.ts';
import type { Message, MessageFile, Unreadable } from '../../sdk/index.ts';

const unreadableReasons = {
  off: 'encryption is off here (--e2ee)',
  'no-key': 'this device has no key of your account',
  'lost-key': 'it is for a key that your account does not have any more',
  'no-group-key': 'you were given no key of the group of that time',
  'unknown-sender': "it is by a key that is not known as the sender's",
  damaged: 'it was altered, or is not what it is said to be',
  'unknown-form': 'this cim does not know its form',
} as const satisfies Record<Unreadable, string>;

/** What stands for its text. */
export function bodyOf({
  text,
  unreadable,
  retracted,
  file,
}: Pick<Message, 'text' | 'unreadable' | 'retracted' | 'file'>): string {
  if (retracted) return '[retracted]';
  if (unreadable === undefined) return file ? fileBody(text, file) : safeText(text);
  return `[cannot be read: ${unreadableReasons[unreadable]}]`;
}

/** What its sender says of it in words is beside what it is. */
function fileBody(text: string, file: MessageFile): string {
  const { width, height } = file;
  const what = fileText(file);
  const shown = safeLine(width === undefined ? what : `${what.slice(0, -1)}, ${width}×${height}]`);
  return text === what ? shown : `${safeText(text)} ${shown}`;
}

/** Its first line, which says what a text is about; nothing in it begins a line of its own. */
export function beginningOf(text: string): string {
  const [line = ''] = text.trimStart().split('\n');
  return safeLine(line);
}

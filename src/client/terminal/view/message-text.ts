/** What is shown of the text of a message. Pure. */
import { safeLine, safeText } from '../../../base/text/safe-text.ts';
import type { Message, Unreadable } from '../../sdk/index.ts';

const unreadableReasons = {
  off: 'encryption is off here (--e2ee)',
  'no-key': 'this device has no key of your account',
  'lost-key': 'it is for a key that your account does not have any more',
  'unknown-sender': "it is by a key that is not known as the sender's",
  damaged: 'it was altered, or is not what it is said to be',
  'unknown-form': 'this cim does not know its form',
} as const satisfies Record<Unreadable, string>;

/** What stands for its text. */
export function bodyOf({
  text,
  unreadable,
  retracted,
}: Pick<Message, 'text' | 'unreadable' | 'retracted'>): string {
  if (retracted) return '[retracted]';
  if (unreadable === undefined) return safeText(text);
  return `[cannot be read: ${unreadableReasons[unreadable]}]`;
}

/** Its first line, which says what a text is about; nothing in it begins a line of its own. */
export function beginningOf(text: string): string {
  const [line = ''] = text.trimStart().split('\n');
  return safeLine(line);
}

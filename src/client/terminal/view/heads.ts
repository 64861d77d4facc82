/** What stands in front of texts: when, who, to whom. */
import { safeName } from '../../../base/text/safe-text.ts';
import { lobby, type Target } from '../../sdk/index.ts';
import type { Span, Style } from './layout.ts';

export interface Reader {
  readonly userId: number;
  nameOf(userId: number): string | undefined;
}

/** `(2) amy`; the number is what one writes to her with. */
export function personText(userId: number, userName: string | undefined): string {
  return userName === undefined ? `(${userId})` : `(${userId}) ${safeName(userName)}`;
}

/** How this reader is told of somebody in a sentence. */
export function namesFor(reader: Reader): (userId: number) => string {
  return (userId) => (userId === reader.userId ? 'you' : personText(userId, reader.nameOf(userId)));
}

/** `you` stands for the reader alone. */
export function person(userId: number, userName: string | undefined, reader: Reader): Span[] {
  if (userId === reader.userId) return [{ text: 'you', style: 'bold' }];
  const style = colourOf(userId);
  if (userName === undefined) return [{ text: `(${userId})`, style }];
  return [dim(`(${userId}) `), { text: safeName(userName), style }];
}

/** Nothing for the lobby: that is where one talks when nothing is said. */
export function receiver(target: Target, reader: Reader): Span[] {
  if ('to' in target) return [dim(' → '), ...person(target.to, reader.nameOf(target.to), reader)];
  return target.group === lobby ? [] : [dim(` → #${safeName(target.group)}`)];
}

/** In the reader's time zone, as 2026-01-31. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-');
}

/** Not red: that is for what went wrong. */
const colours = ['cyan', 'magenta', 'yellow', 'blue', 'green'] as const satisfies Style[];

export function colourOf(userId: number): Style {
  return colours[userId % colours.length] ?? 'cyan';
}

export function dim(text: string): Span {
  return { text, style: 'dim' };
}

export function timeOf(at: number): string {
  const date = new Date(at);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(number: number): string {
  return `${number}`.padStart(2, '0');
}

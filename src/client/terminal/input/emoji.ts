/** Emoji by their names: `:smile:`. The list is the package's (node-emoji), in its order. */
import { get, search } from 'node-emoji';

import type { Draft } from '../keyboard/line-editor.ts';

export interface NamedEmoji {
  readonly alias: string;
  readonly emoji: string;
}

const pageSize = 5;
const all = search(/^/);

/** They are numbered from 0. */
export const emojiPages = Math.ceil(all.length / pageSize);

export function emojiPage(page: number): NamedEmoji[] {
  const some = all.slice(page * pageSize, (page + 1) * pageSize);
  return some.map(({ name, emoji }) => ({ alias: `:${name}:`, emoji }));
}

/**
 * One name or several right behind each other, with nothing but spaces around; a sentence may end
 * after them. So `12:100:30` and `user:id:42` stay what they are.
 */
const freeStanding = /(?<=^|\s)(?::[\p{L}\p{N}_+-]+:)+(?=[.,!?…]*(?:\s|$))/gu;
/** What may stand before a text: `7;;`, `#builds;;`. */
const address = /^\s*(?:\d+|#\S+?)\s*;;/u;

/** What was typed, with the emoji that free-standing names in it mean; what was pasted stays. */
export function withEmoji({ text, origin }: Draft): string {
  const start = address.exec(text)?.[0].length ?? 0;
  const body = text.slice(start).replace(freeStanding, (names, at: number) => {
    const isPasted = origin.slice(start + at, start + at + names.length).includes('p');
    const found = (names.match(/:[^:]+:/g) ?? []).map((name) => get(name));
    return isPasted || found.includes(undefined) ? names : found.join('');
  });
  return text.slice(0, start) + body;
}

/** Pictures, also those that there will be, flags, and digits in a keycap. */
const picture = /[\p{Extended_Pictographic}\p{Regional_Indicator}]|\u20e3/u;

/** An emoji that was given as it is, or by its name; undefined: it is none. */
export function emojiOf(given: string): string | undefined {
  if (/^:[^:]+:$/.test(given)) return get(given);
  return picture.test(given) ? given : undefined;
}

/** Those whose names begin like this, as in `:smi`. */
export function emojiNamed(beginning: string): string[] {
  const name = beginning.slice(1);
  return all.filter((each) => each.name.startsWith(name)).map((each) => `:${each.name}:`);
}

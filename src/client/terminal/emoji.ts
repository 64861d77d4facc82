/** Emoji by their names: `:smile:`. The list is the package's (node-emoji), in its order. */
import { emojify, search } from 'node-emoji';

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

/** Names become emoji; what is no such name stays. */
export function showEmoji(text: string): string {
  return text.includes(':') ? emojify(text) : text;
}

/** Those whose names begin like this, as in `:smi`. */
export function emojiNamed(beginning: string): string[] {
  const name = beginning.slice(1);
  return all.filter((each) => each.name.startsWith(name)).map((each) => `:${each.name}:`);
}

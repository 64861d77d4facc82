/**
 * What a content says, in plain words: the text of its message, for clients that know no content. All
 * who send one say it alike.
 */

/** In front of the new text of an edit. */
export const editLead = 'edited: ';

/** `[a.png, 300 KB]` */
export function fileText({ name, bytes }: { readonly name: string; readonly bytes: number }) {
  return `[${name}, ${sizeText(bytes)}]`;
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A thousand bytes are a KB. Two digits at least, unless there are none. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What would be rounded to a thousand is one of the next unit.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const isShort = unit > 0 && value < 9.95;
  return `${isShort ? Math.round(value * 10) / 10 : Math.round(value)} ${units[unit]}`;
}

export function retractionText(name: string): string {
  return `${name} retracted a message`;
}

/** `quote`: how the message begins; undefined: the sender has not seen it. */
export function reactionsText(name: string, emoji: readonly string[], quote?: string): string {
  const did = emoji.length > 0 ? `reacted ${emoji.join(' ')}` : 'took back the reaction';
  return `${name} ${did} to ${quote ? `"${quote}"` : 'a message'}`;
}

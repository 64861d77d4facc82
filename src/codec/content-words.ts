/**
 * What a content says, in plain words: the text of its message, for clients that know no content. All
 * who send one say it alike.
 */

/** In front of the new text of an edit. */
export const editLead = 'edited: ';

export function retractionText(name: string): string {
  return `${name} retracted a message`;
}

/** `quote`: how the message begins; undefined: the sender has not seen it. */
export function reactionsText(name: string, emoji: readonly string[], quote?: string): string {
  const did = emoji.length > 0 ? `reacted ${emoji.join(' ')}` : 'took back the reaction';
  return `${name} ${did} to ${quote ? `"${quote}"` : 'a message'}`;
}

/** What becomes of a message that is shown. */
import type { Message } from '../../client/sdk/index.ts';

export function retracted(message: Message): Message {
  const { id, from, fromName, to, group, seq, at } = message;
  const where = group === undefined ? { to: to ?? 0 } : { group };
  return { id, from, fromName, ...where, seq, at, text: '', retracted: true };
}

export function withReactions(message: Message, from: number, emoji: readonly string[]): Message {
  const others = (message.reactions ?? []).filter((each) => each.from !== from);
  return { ...message, reactions: emoji.length === 0 ? others : [...others, { from, emoji }] };
}

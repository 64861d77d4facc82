/**
 * What a message that came says: it is a message of its own, or it changes another one, or it claims
 * to and may not. Pure.
 */
import { isSameConversation, type MessageId, parseIdentity } from '../../../codec/identity.ts';
import { decodeContent, type MessageContent } from '../../../codec/message-content.ts';
import type { Message } from '../client-events.ts';
import type { Arrived } from '../receiving/received.ts';

/** The highest counts, in this order of its parts. No two changes have the same. */
export type Order = readonly [counter: number, epochHex: string, sendSeq: number];

interface Common {
  /** Id of the message that it changes. */
  readonly target: string;
  readonly order: Order;
  /** The message that says it, with `text` as it is to be shown. */
  readonly by: Message;
}

/** Something that a person does to a message that is there already. */
export type Change = Common &
  (
    | { readonly kind: 'edited' | 'retracted' }
    | { readonly kind: 'reactions'; readonly emoji: readonly string[] }
  );

/** `typing`: its sender is. `void`: it would change what is not its sender's to change. It is not shown, nor counted. */
export type Meaning =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'typing'; readonly message: Message; readonly sendSeq: number }
  | { readonly kind: 'void' };

/** What cannot be understood is its text. */
export function meaningOf(arrived: Arrived): Meaning {
  const { content: bytes, ...message } = arrived;
  const content = bytes && decodeContent(bytes);
  const plain: Meaning = { kind: 'message', message };
  if (!content) return plain;
  const { edit, retract, reactions, typing } = content;
  if (typing) return message.transient ? { kind: 'typing', message, ...typing } : { kind: 'void' };
  const change = edit ?? retract ?? reactions;
  if (!change) return { kind: 'message', message: withContent(message, content) };
  if (edit && edit.lead > message.text.length) return plain;
  const by = parseIdentity(message.id);
  const target = parseIdentity(change.target);
  // What is transient has no identity: it changes nothing that lasts.
  if (!by || !target || !isSameConversation(by, target)) return { kind: 'void' };
  if (!reactions && by.from !== target.from) return { kind: 'void' };
  return { kind: 'change', change: changeOf(message, content, by, change.target) };
}

function changeOf(
  message: Message,
  { edit, reactions, mentions }: MessageContent,
  { epochHex, sendSeq }: MessageId,
  target: string,
): Change {
  const order = [(edit ?? reactions)?.counter ?? 0, epochHex, sendSeq] as const;
  if (reactions) return { kind: 'reactions', target, order, by: message, emoji: reactions.emoji };
  if (!edit) return { kind: 'retracted', target, order, by: message };
  const text = message.text.slice(edit.lead).toWellFormed();
  const by = { ...message, text, ...(mentions && { mentions }) };
  return { kind: 'edited', target, order, by };
}

/** A reply to what was said elsewhere is none: it would show that to those who are here. */
function withContent(
  message: Message,
  { replyTo, mentions, custom, file }: MessageContent,
): Message {
  const answered = replyTo === undefined ? undefined : parseIdentity(replyTo);
  const { from, to = 0, group = '' } = message;
  const isHere = answered && isSameConversation(answered, { from, to, group });
  return {
    ...message,
    ...(isHere && replyTo !== undefined && { replyTo }),
    ...(mentions && { mentions }),
    ...(custom && { custom }),
    ...(file && { file }),
  };
}

/** Above 0: the first counts. */
export function compareOrder(one: Order, other: Order): number {
  const [counter, epochHex, sendSeq] = one;
  const [otherCounter, otherEpoch, otherSeq] = other;
  if (counter !== otherCounter) return counter - otherCounter;
  if (epochHex !== otherEpoch) return epochHex > otherEpoch ? 1 : -1;
  return sendSeq - otherSeq;
}

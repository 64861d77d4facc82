/**
 * What messages are beside their text, for one client: it makes contents of what the application asks
 * for, says what those that came mean, and keeps the pictures of the messages that they change.
 */

import type { Clock } from '../../../base/clock.ts';
import { CimError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { editLead, reactionsText, retractionText } from '../../../codec/content-words.ts';
import { isSameConversation, parseIdentity } from '../../../codec/identity.ts';
import { encodeContent, type MessageContent } from '../../../codec/message-content.ts';
import type {
  EditedMessage,
  Message,
  MessageExtras,
  MessageReactions,
  RetractedMessage,
  SentMessage,
  Target,
  User,
} from '../client-events.ts';
import type { Receipts } from '../conversations/mark.ts';
import type { Draft } from '../e2ee/sealable.ts';
import type { EventEmitter } from '../event-emitter.ts';
import type { Arrived } from '../receiving/received.ts';
import { checkedTarget } from '../sending/send-checks.ts';
import { type Change, meaningOf } from './message-change.ts';
import { Pictures } from './pictures.ts';
import { Typing } from './typing.ts';

export interface ContentsOptions {
  readonly userId: number;
  readonly userName: string;
  readonly send: (target: Target, draft: Draft) => Promise<SentMessage>;
  /** `isLate`: it is not to be sent any more. */
  readonly sendTransient: (target: Target, draft: Draft, isLate: () => boolean) => Promise<unknown>;
  /** The number of the next message to send there. */
  readonly nextSendSeq: (target: Target) => number;
  readonly platform: { readonly clock: Clock };
  /** `off`: others are not told that the user types. */
  readonly receipts?: Receipts;
  readonly events: Pick<EventEmitter, 'emit'>;
}

/** An event, by its name. */
export type ContentEvent =
  | { readonly name: 'message'; readonly event: Message }
  | { readonly name: 'edited'; readonly event: EditedMessage }
  | { readonly name: 'retracted'; readonly event: RetractedMessage }
  | { readonly name: 'reactions'; readonly event: MessageReactions };

export class Contents {
  readonly #options: ContentsOptions;
  readonly #pictures = new Pictures();
  readonly #typing: Typing;

  constructor(options: ContentsOptions) {
    this.#options = options;
    this.#typing = new Typing({
      ...options,
      ...options.platform,
      tell: (typing) => options.events.emit('typing', typing),
    });
  }

  // ---- what comes -------------------------------------------------------------------------------

  /** Null: there is nothing to tell. */
  receive(arrived: Arrived): ContentEvent | null {
    const meaning = meaningOf(arrived);
    if (meaning.kind === 'void') return null;
    if (meaning.kind === 'typing') {
      this.#typing.heard(meaning.message, meaning.sendSeq);
      return null;
    }
    this.#typing.said(arrived);
    if (meaning.kind === 'change') {
      this.#pictures.add(meaning.change);
      return this.#pictures.tell(meaning.change) ? eventOf(meaning.change) : null;
    }
    const { message } = meaning;
    if (message.transient) return { name: 'message', event: message };
    this.#pictures.see(message);
    return { name: 'message', event: this.#pictures.show(message) };
  }

  /** Messages that were read back: those of their own, as they are after all that is known. */
  readBack(arrived: readonly Arrived[]): Message[] {
    const meanings = arrived.map(meaningOf);
    for (const meaning of meanings)
      if (meaning.kind === 'change') this.#pictures.add(meaning.change);
    return meanings.flatMap((meaning) => {
      if (meaning.kind !== 'message') return [];
      this.#pictures.see(meaning.message);
      return this.#pictures.show(meaning.message);
    });
  }

  // ---- what is sent -----------------------------------------------------------------------------

  /** Rejects as CimClient.send() does. */
  async send(target: Target, text: string, extras: MessageExtras): Promise<SentMessage> {
    return this.#options.send(target, this.draft(target, text, extras));
  }

  /** Rejects as CimClient.typing() does. */
  async typing(given: Target): Promise<void> {
    const target = checkedTarget(given);
    if (this.#options.receipts === 'off' || !this.#typing.begin(target)) return;
    const { nextSendSeq, sendTransient } = this.#options;
    const sendSeq = nextSendSeq(target);
    const content = encodeContent({ typing: { sendSeq } });
    const isLate = () => nextSendSeq(target) !== sendSeq;
    await sendTransient(target, { text: '', content, silent: true }, isLate);
  }

  /** Throws a CimError `invalid-argument`. */
  draft(target: Target, text: string, extras: MessageExtras): Draft {
    return draftOf(this.#options.userId, target, text, extras);
  }

  /**
   * What was sent is stored, and counts from now on: it does not come back to this device. What it means
   * to those who show it; null: nothing.
   */
  sent(sent: SentMessage, target: Target, draft: Draft): ContentEvent | null {
    return this.receive(ownMessage(this.#options, sent, target, draft, this.#now()));
  }

  async edit(id: string, text: string, mentions?: readonly number[]): Promise<SentMessage> {
    const target = this.#ownMessage(id);
    if (this.#pictures.isRetracted(id)) throw new CimError('too-late', 'it was taken back');
    const { at = Infinity } = this.#pictures.seen(id) ?? {};
    if (this.#now() - at > limits.editWindowMs)
      throw new CimError('too-late', `a message can be edited for ${editWindowHours} hours`);
    const edit = { target: id, counter: this.#nextCounter(id), lead: editLead.length };
    return this.#change(target, `${editLead}${text}`, { edit, ...(mentions && { mentions }) });
  }

  async retract(id: string): Promise<SentMessage> {
    const target = this.#ownMessage(id);
    const text = retractionText(this.#options.userName);
    return this.#change(target, text, { retract: { target: id } });
  }

  async react(id: string, emoji: readonly string[]): Promise<SentMessage> {
    const target = conversationOf(id, this.#options.userId);
    const { quote } = this.#pictures.seen(id) ?? {};
    const text = reactionsText(this.#options.userName, emoji, quote);
    const reactions = { target: id, counter: this.#nextCounter(id), emoji };
    return this.#change(target, text, { reactions });
  }

  #change(target: Target, text: string, content: MessageContent): Promise<SentMessage> {
    return this.#options.send(target, { text, content: encodeContent(content), silent: true });
  }

  #nextCounter(id: string): number {
    return this.#pictures.nextCounter(id, this.#options.userId, this.#now());
  }

  /** Ms since 1970. */
  #now(): number {
    return this.#options.platform.clock.now();
  }

  #ownMessage(id: string): Target {
    const target = conversationOf(id, this.#options.userId);
    if (parseIdentity(id)?.from !== this.#options.userId) throw new CimError('not-the-author');
    return target;
  }
}

/** A message of this user as it is sent. Throws a CimError `invalid-argument`. */
export function draftOf(
  userId: number,
  target: Target,
  text: string,
  { silent, ...content }: MessageExtras,
): Draft {
  const { replyTo } = content;
  if (replyTo !== undefined) assertReply(replyTo, userId, target);
  const hasContent = Object.values(content).some((value) => value !== undefined);
  return {
    text,
    ...(hasContent && { content: encodeContent(content) }),
    ...(silent && { silent }),
  };
}

function assertReply(replyTo: string, from: number, target: Target): void {
  const answered = parseIdentity(replyTo);
  const here = { from, to: 0, group: '', ...target };
  if (!answered || !isSameConversation(answered, here))
    throw new CimError(
      'invalid-argument',
      'replyTo: it is not the id of a message of this conversation',
    );
}

/** What is meant by a message of this user that is not stored yet; null: nothing. */
export function meantBy(
  user: User,
  id: string,
  target: Target,
  draft: Draft,
  at: number,
): ContentEvent | null {
  const meaning = meaningOf(ownMessage(user, { id, seq: 0 }, target, draft, at));
  if (meaning.kind === 'message') return { name: 'message', event: meaning.message };
  return meaning.kind === 'change' ? eventOf(meaning.change) : null;
}

/** When it was accepted is not told: about at that time. */
function ownMessage(
  { userId: from, userName: fromName }: User,
  { id, seq, encrypted }: SentMessage,
  target: Target,
  { text, content, silent }: Draft,
  at: number,
): Arrived {
  return {
    ...{ id, from, fromName, ...target, text, seq, at },
    ...(content && { content }),
    ...(silent && { silent }),
    ...(encrypted && { encrypted }),
  };
}

const editWindowHours = limits.editWindowMs / 3_600_000;

/**
 * The conversation that the message with this id is in, for one of those who are in it. Throws a
 * CimError `invalid-argument`.
 */
export function conversationOf(id: string, userId: number): Target {
  const { from, to, group } = parseIdentity(id) ?? noMessage();
  if (group !== '') return { group };
  if (from !== userId && to !== userId) return noMessage();
  return { to: from === userId ? to : from };
}

function noMessage(): never {
  throw new CimError('invalid-argument', 'it is not the id of a stored message of yours or to you');
}

function eventOf(change: Change): ContentEvent {
  const { from, fromName, to, group, at } = change.by;
  const target = group === undefined ? { to: to ?? 0 } : { group };
  const doing = { id: change.target, from, fromName, ...target, at };
  switch (change.kind) {
    case 'retracted':
      return { name: 'retracted', event: doing };
    case 'reactions':
      return { name: 'reactions', event: { ...doing, emoji: change.emoji } };
    case 'edited': {
      const { text, mentions, encrypted, key, expected } = change.by;
      const secrecy = {
        ...(encrypted !== undefined && { encrypted }),
        ...(key && { key }),
        ...(expected && { expected }),
      };
      return {
        name: 'edited',
        event: { ...doing, text, ...(mentions && { mentions }), ...secrecy },
      };
    }
  }
}

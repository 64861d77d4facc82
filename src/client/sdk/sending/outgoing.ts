/**
 * What this device sends. It numbers the messages of each conversation, has each made into what is
 * written, and keeps it until it is answered. When it has to, it writes them again, in order. A
 * pure state machine: no timers, no I/O. Its owner calls in what happens, and calls `advance` then
 * and at `wakeAt`. Frames leave through `write`.
 *
 * Every frame is answered once on the connection on which it was written. If one of a conversation
 * is refused for now (busy, or out of order behind a busy one), nothing more of that conversation
 * is written until everything in flight is answered. Then everything unanswered is written again
 * from the first. So a refusal costs one more round, not one for each message in flight.
 */
import { CimError, type ErrorName, errorOfCode } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import type { Ack } from '../../../codec/server-frame.ts';
import type { Draft, Sendable } from '../e2ee/sealable.ts';
import type { Kept } from './outbox.ts';
import {
  beginRound,
  keyOf,
  makeAnew,
  newConversation,
  type OutgoingConversation,
  type SendOutcome,
  sizeOf,
  take,
  type Unanswered,
} from './outgoing-conversation.ts';

/** A MESSAGE to be written. */
export interface OutgoingMessage {
  readonly to: number;
  /** Empty: `to` is the receiver. */
  readonly group: string;
  readonly sendSeq: number;
  readonly sendable: Sendable;
  /**
   * Everything before it was answered: the receiver's timeline is to take it as the next, whatever
   * it remembers.
   */
  readonly restart: boolean;
}

/** A message that is to be written soon. */
export interface UnpreparedMessage {
  readonly to: number;
  readonly group: string;
  readonly sendSeq: number;
  readonly draft: Draft;
  /** What it is made into counts only until the store turns out to be another one, or a key is stale. */
  readonly era: number;
}

/** Where it goes: to a user, or (`group` is not empty) to a group. */
type OutgoingTarget = Pick<OutgoingMessage, 'to' | 'group'>;

/** Of a message that has its identity, and may have been sent since `triedAt` (ms since 1970). */
type GivenNumber = Pick<Kept, 'sendSeq' | 'triedAt'>;

export interface OutgoingOptions {
  readonly random: () => number;
  /** Ms since 1970. */
  readonly date: () => number;
  /**
   * What is to be written for a message; undefined: `prepared` or `unsendable` follows. Called once
   * for each in one store, and only when it may soon be written: a key that it is sealed with is not an old one.
   */
  readonly prepare: (message: UnpreparedMessage) => Sendable | undefined;
  readonly write: (message: OutgoingMessage) => void;
  /** What is sealed for this group is sealed with a key that is not its key any more. */
  readonly onStale: (group: string) => void;
}

/**
 * What was first written longer ago is not written again: by then a timeline may have forgotten that
 * it took it, and would take it twice. Less by what a message may be on its way, and clocks apart.
 */
const resendMsMax = limits.sourceStateMs - 3_600_000;

export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #conversations = new Map<string, OutgoingConversation>();
  /** Those with something unanswered. */
  readonly #pending = new Set<OutgoingConversation>();
  /** Those of them that back off. */
  readonly #waiting = new Set<OutgoingConversation>();
  #online = false;
  #count = 0;
  #characters = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Messages that have no answer yet. */
  get unansweredCount(): number {
    return this.#count;
  }

  /** The highest number that was given in a conversation before. */
  begin({ to, group }: OutgoingTarget, lastSendSeq: number): void {
    this.#conversation(to, group).lastSendSeq = lastSendSeq;
  }

  /**
   * Takes a message for sending. Throws `busy` when too much is waiting already. `given`: under this
   * number, above those that were taken before.
   */
  add(
    { to, group }: OutgoingTarget,
    draft: Draft,
    outcome: SendOutcome,
    now: number,
    given?: GivenNumber,
  ): void {
    if (
      this.#count >= limits.clientQueueMessagesMax ||
      this.#characters + sizeOf(draft) > limits.clientQueueCharactersMax
    ) {
      throw new CimError('busy', 'too many messages wait to be sent');
    }
    const conversation = this.#conversation(to, group);
    const { sendSeq = conversation.lastSendSeq + 1, triedAt } = given ?? {};
    take(conversation, sendSeq);
    conversation.unanswered.set(sendSeq, {
      draft,
      sendable: undefined,
      outcome,
      restart: false,
      writtenAt: undefined,
      firstWritten: triedAt === undefined ? undefined : { monotonicMs: now, dateMs: triedAt },
    });
    this.#pending.add(conversation);
    this.#count += 1;
    this.#characters += sizeOf(draft);
    this.#writeOn(conversation, now);
  }

  /** The number that the next message there will have. */
  nextSendSeq({ to, group }: { readonly to?: number; readonly group?: string }): number {
    return (this.#conversations.get(keyOf(to ?? 0, group ?? ''))?.lastSendSeq ?? 0) + 1;
  }

  /** What is to be written for this message. */
  prepared({ to, group, sendSeq, era }: UnpreparedMessage, sendable: Sendable, now: number): void {
    const conversation = this.#conversation(to, group);
    if (era !== conversation.era) return;
    const message = conversation.unanswered.get(sendSeq);
    if (message) message.sendable = sendable;
    this.#writeOn(conversation, now);
  }

  /**
   * Nothing is to be written for this message. Its number is not used, which the receiver's timeline
   * learns by the next one (`restart`).
   */
  unsendable({ to, group, sendSeq, era }: UnpreparedMessage, error: CimError, now: number): void {
    const conversation = this.#conversation(to, group);
    if (era !== conversation.era) return;
    this.#settle(conversation, sendSeq)?.outcome.refused(error);
    this.#writeOn(conversation, now);
  }

  /**
   * Not connected, and what was sealed may be for a key that is gone: all that is unanswered is made
   * anew when it is to be written.
   */
  prepareAnew(): void {
    for (const conversation of this.#pending) makeAnew(conversation);
  }

  /** Logged in: everything unanswered is written, again where need be. */
  connected(now: number): void {
    this.#online = true;
    this.advance(now);
  }

  /** What is in flight will not be answered any more. */
  disconnected(): void {
    this.#online = false;
    this.#waiting.clear();
    for (const conversation of this.#conversations.values()) {
      conversation.inFlight.clear();
      this.#renew(conversation);
      conversation.refusedSince = Infinity;
      beginRound(conversation, 0);
    }
  }

  acknowledged(ack: Ack, now: number): void {
    const conversation = this.#conversations.get(keyOf(ack.to, ack.group));
    if (!conversation) return;
    conversation.inFlight.delete(ack.sendSeq);
    this.#judge(conversation, ack);
    if (conversation.refusal !== 'none' && conversation.inFlight.size === 0)
      this.#planRound(conversation, now);
    this.#writeOn(conversation, now);
  }

  /**
   * An own message was seen in the only timeline that it belongs to: it is stored, whether its
   * acknowledgement comes or not.
   */
  confirmed(to: number, group: string, sendSeq: number, seq: number): void {
    const conversation = this.#conversations.get(keyOf(to, group));
    if (conversation) this.#stored(conversation, sendSeq, seq);
  }

  /** Writes what may be written now. */
  advance(now: number): void {
    for (const conversation of this.#pending) this.#writeOn(conversation, now);
  }

  /** When to call `advance` even if nothing else happens; Infinity: not at all. */
  get wakeAt(): number {
    let wakeAt = Infinity;
    for (const { retryAt } of this.#waiting) wakeAt = Math.min(wakeAt, retryAt);
    return wakeAt;
  }

  /** Since when the oldest frame in flight is unanswered; Infinity: nothing is. */
  get waitingSince(): number {
    let since = Infinity;
    for (const { inFlight, unanswered } of this.#pending) {
      for (const [sendSeq, { writtenAt }] of unanswered) {
        if (inFlight.has(sendSeq)) since = Math.min(since, writtenAt ?? since);
        break;
      }
    }
    return since;
  }

  /** Since when a message is refused for now, again and again, over this connection; Infinity: none is. */
  get refusedSince(): number {
    let since = Infinity;
    for (const { refusedSince } of this.#pending) since = Math.min(since, refusedSince);
    return since;
  }

  /** There will be no connection any more. */
  abandon(): void {
    for (const conversation of this.#pending) {
      for (const [sendSeq, { writtenAt }] of conversation.unanswered) {
        const written = writtenAt !== undefined;
        const error = written
          ? new CimError('unconfirmed')
          : new CimError('unavailable', 'The client was closed before this was sent');
        this.#settle(conversation, sendSeq)?.outcome.refused(error);
      }
    }
  }

  #conversation(to: number, group: string): OutgoingConversation {
    const key = keyOf(to, group);
    let conversation = this.#conversations.get(key);
    if (!conversation) {
      conversation = newConversation(to, group, this.#options.random);
      this.#conversations.set(key, conversation);
    }
    return conversation;
  }

  #writeOn(conversation: OutgoingConversation, now: number): void {
    const { to, group, unanswered, inFlight } = conversation;
    if (!this.#online || conversation.refusal !== 'none' || now < conversation.retryAt) return;
    this.#waiting.delete(conversation);
    this.#prepareOn(conversation);
    while (
      conversation.nextToWrite <= conversation.lastSendSeq &&
      inFlight.size < limits.clientInFlightMax
    ) {
      const message = unanswered.get(conversation.nextToWrite);
      if (message && !message.sendable) this.#prepareOn(conversation);
      if (message && !message.sendable) return;
      const sendSeq = conversation.nextToWrite++;
      if (!message?.sendable) continue;
      if (this.#isStale(message, now)) {
        this.#settle(conversation, sendSeq)?.outcome.refused(new CimError('unconfirmed'));
        continue;
      }
      message.writtenAt = now;
      message.firstWritten ??= { monotonicMs: now, dateMs: this.#options.date() };
      inFlight.add(sendSeq);
      const { sendable, restart } = message;
      this.#options.write({ to, group, sendSeq, sendable, restart });
    }
  }

  /** As far ahead as may be in flight: so they are made while others are on their way. */
  #prepareOn(conversation: OutgoingConversation): void {
    const { to, group, unanswered, lastSendSeq, nextToWrite } = conversation;
    const last = Math.min(lastSendSeq, nextToWrite + limits.clientInFlightMax - 1);
    while (conversation.nextToPrepare <= last) {
      const sendSeq = conversation.nextToPrepare++;
      const message = unanswered.get(sendSeq);
      if (!message) continue;
      const { draft } = message;
      const { era } = conversation;
      message.sendable = this.#options.prepare({ to, group, sendSeq, draft, era });
    }
  }

  #isStale({ firstWritten }: Unanswered, now: number): boolean {
    if (!firstWritten) return false;
    const { monotonicMs, dateMs } = firstWritten;
    return Math.max(now - monotonicMs, this.#options.date() - dateMs) > resendMsMax;
  }

  #judge(conversation: OutgoingConversation, { sendSeq, code, seq, expected }: Ack): void {
    const verdict = verdictOf(code);
    switch (verdict) {
      case 'stored':
        this.#stored(conversation, sendSeq, seq);
        return;
      case 'out-of-order':
        if (conversation.refusal === 'none') conversation.refusal = 'out-of-order';
        conversation.expected = expected;
        return;
      case 'stale-key':
        conversation.isStale = true;
        if (conversation.refusal === 'none') conversation.refusal = 'busy';
        return;
      case 'busy':
      case 'unavailable':
        conversation.refusal = 'busy';
        return;
      default:
        this.#settle(conversation, sendSeq)?.outcome.refused(new CimError(verdict));
    }
  }

  /**
   * All in flight was answered, not all of it taken: from the first unanswered again; at once if
   * this round has helped.
   */
  #planRound(conversation: OutgoingConversation, now: number): void {
    const { refusal, expected, progress, backoff, unanswered } = conversation;
    // Nothing is left when all of it was seen in a timeline before it was refused.
    const isDone = unanswered.size === 0;
    this.#renew(conversation);
    const wait = !isDone && (refusal === 'busy' || !progress);
    beginRound(conversation, wait ? now + backoff.next() : 0);
    if (isDone) return;
    if (refusal === 'busy') conversation.refusedSince = Math.min(conversation.refusedSince, now);
    this.#waiting.add(conversation);
    const first = unanswered.get(conversation.nextToWrite);
    // The timeline has forgotten what it had taken of this conversation: it expired, or a failover
    // lost a tail.
    if (first && expected > 0 && expected < conversation.nextToWrite) first.restart = true;
  }

  /** What a stale key was found out about is sealed anew. */
  #renew(conversation: OutgoingConversation): void {
    if (!conversation.isStale) return;
    conversation.isStale = false;
    this.#options.onStale(conversation.group);
    makeAnew(conversation);
  }

  #stored(conversation: OutgoingConversation, sendSeq: number, seq: number): void {
    const message = this.#settle(conversation, sendSeq);
    message?.outcome.stored(sendSeq, seq, message.sendable?.sealed !== undefined);
  }

  /** The message is answered: forgets it, and returns it; undefined if it was answered before. */
  #settle(conversation: OutgoingConversation, sendSeq: number): Unanswered | undefined {
    const message = conversation.unanswered.get(sendSeq);
    if (!message) return undefined;
    conversation.unanswered.delete(sendSeq);
    conversation.progress = true;
    // What the timeline expected was said without this one.
    conversation.expected = 0;
    conversation.backoff.reset();
    conversation.refusedSince = Infinity;
    if (conversation.unanswered.size === 0) {
      this.#pending.delete(conversation);
      this.#waiting.delete(conversation);
      conversation.retryAt = 0;
    }
    this.#count -= 1;
    this.#characters -= sizeOf(message.draft);
    return message;
  }
}

function verdictOf(code: number): 'stored' | ErrorName {
  return code === 0 ? 'stored' : errorOfCode(code);
}

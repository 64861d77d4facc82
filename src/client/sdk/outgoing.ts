/**
 * What this device sends: numbers the messages of each conversation, has them made into what is
 * written, keeps them until they are answered, and writes them again, in order, when they have to be. A pure state machine: no timers,
 * no I/O. Its owner calls in what happens and calls `advance` then and at `wakeAt`; frames leave
 * through `write`.
 *
 * Every frame written is answered once on the same connection. When one of a conversation is
 * refused for now (busy, or out of order behind a busy one), nothing more of that conversation is
 * written until all that is in flight was answered; then everything unanswered is written again
 * from the first. So a refusal costs one more round, not one for each message in flight.
 */
import { Backoff } from '../../base/backoff.ts';
import { CimError, type ErrorName, errorTable } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Ack } from '../../codec/server-frame.ts';
import type { Content } from './e2ee/encryption.ts';

/** A MESSAGE to be written. */
export interface OutgoingMessage {
  readonly to: number;
  /** Empty: `to` is the receiver. */
  readonly group: string;
  readonly sendSeq: number;
  readonly content: Content;
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
  readonly text: string;
}

/** How a message ended; called once. */
export interface SendOutcome {
  stored(sendSeq: number, seq: number, isSealed: boolean): void;
  refused(error: CimError): void;
}

interface Unanswered {
  readonly text: string;
  /** What is written, each time the same; undefined: it is not made yet. */
  content: Content | undefined;
  readonly outcome: SendOutcome;
  restart: boolean;
  /** When it was last written. Never written, it cannot have been stored. */
  writtenAt: number | undefined;
  firstWritten: Moment | undefined;
}

/** By two clocks: one jumps when it is set, the other stands still while the machine sleeps. */
interface Moment {
  readonly monotonicMs: number;
  readonly dateMs: number;
}

/** Messages to one user or group. Numbers are contiguous from 1 in the order of `add`. */
interface Conversation {
  readonly to: number;
  readonly group: string;
  readonly backoff: Backoff;
  /** By number, in order. */
  readonly unanswered: Map<number, Unanswered>;
  lastSendSeq: number;
  nextToWrite: number;
  /** The first that nobody was asked to prepare. */
  nextToPrepare: number;
  /** Written on this connection and not answered on it. */
  readonly inFlight: Set<number>;
  /** What came back in the present round of writing. */
  refusal: 'none' | 'out-of-order' | 'busy';
  expected: number;
  progress: boolean;
  retryAt: number;
}

export interface OutgoingOptions {
  readonly random: () => number;
  /** Ms since 1970. */
  readonly date: () => number;
  /**
   * What is to be written for a message; undefined: `prepared` or `unsendable` follows. Called once
   * for each, and only when it may soon be written: a key that it is sealed with is not an old one.
   */
  readonly prepare: (message: UnpreparedMessage) => Content | undefined;
  readonly write: (message: OutgoingMessage) => void;
}

/**
 * What was first written longer ago is not written again: by then a timeline may have forgotten that
 * it took it, and would take it twice. Less by what a message may be on its way, and clocks apart.
 */
const resendMsMax = limits.sourceStateMs - 3_600_000;

export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #conversations = new Map<string, Conversation>();
  /** Those with something unanswered. */
  readonly #pending = new Set<Conversation>();
  /** Those of them that back off. */
  readonly #waiting = new Set<Conversation>();
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

  /** Takes a message for sending. Throws `busy` when too much is waiting already. */
  add(to: number, group: string, text: string, outcome: SendOutcome, now: number): void {
    if (
      this.#count >= limits.clientQueueMessagesMax ||
      this.#characters + text.length > limits.clientQueueCharactersMax
    ) {
      throw new CimError('busy', 'too many messages wait to be sent');
    }
    const conversation = this.#conversation(to, group);
    conversation.lastSendSeq += 1;
    conversation.unanswered.set(conversation.lastSendSeq, {
      text,
      content: undefined,
      outcome,
      restart: false,
      writtenAt: undefined,
      firstWritten: undefined,
    });
    this.#pending.add(conversation);
    this.#count += 1;
    this.#characters += text.length;
    this.#writeOn(conversation, now);
  }

  /** What is to be written for this message. */
  prepared({ to, group, sendSeq }: UnpreparedMessage, content: Content, now: number): void {
    const conversation = this.#conversation(to, group);
    const message = conversation.unanswered.get(sendSeq);
    if (message) message.content = content;
    this.#writeOn(conversation, now);
  }

  /**
   * Nothing is to be written for this message. Its number is not used, which the receiver's timeline
   * learns by the next one (`restart`).
   */
  unsendable({ to, group, sendSeq }: UnpreparedMessage, error: CimError, now: number): void {
    const conversation = this.#conversation(to, group);
    this.#settle(conversation, sendSeq)?.outcome.refused(error);
    this.#writeOn(conversation, now);
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

  #conversation(to: number, group: string): Conversation {
    const key = keyOf(to, group);
    let conversation = this.#conversations.get(key);
    if (!conversation) {
      conversation = {
        to,
        group,
        backoff: new Backoff({ baseMs: 100, capMs: 5_000, random: this.#options.random }),
        unanswered: new Map(),
        lastSendSeq: 0,
        nextToWrite: 1,
        nextToPrepare: 1,
        inFlight: new Set(),
        refusal: 'none',
        expected: 0,
        progress: false,
        retryAt: 0,
      };
      this.#conversations.set(key, conversation);
    }
    return conversation;
  }

  #writeOn(conversation: Conversation, now: number): void {
    const { to, group, unanswered, inFlight } = conversation;
    if (!this.#online || conversation.refusal !== 'none' || now < conversation.retryAt) return;
    this.#waiting.delete(conversation);
    this.#prepareOn(conversation);
    while (
      conversation.nextToWrite <= conversation.lastSendSeq &&
      inFlight.size < limits.clientInFlightMax
    ) {
      const message = unanswered.get(conversation.nextToWrite);
      if (message && !message.content) this.#prepareOn(conversation);
      if (message && !message.content) return;
      const sendSeq = conversation.nextToWrite++;
      if (!message?.content) continue;
      if (this.#isStale(message, now)) {
        this.#settle(conversation, sendSeq)?.outcome.refused(new CimError('unconfirmed'));
        continue;
      }
      message.writtenAt = now;
      message.firstWritten ??= { monotonicMs: now, dateMs: this.#options.date() };
      inFlight.add(sendSeq);
      const { content, restart } = message;
      this.#options.write({ to, group, sendSeq, content, restart });
    }
  }

  /** As far ahead as may be in flight: so they are made while others are on their way. */
  #prepareOn(conversation: Conversation): void {
    const { to, group, unanswered, lastSendSeq, nextToWrite } = conversation;
    const last = Math.min(lastSendSeq, nextToWrite + limits.clientInFlightMax - 1);
    while (conversation.nextToPrepare <= last) {
      const sendSeq = conversation.nextToPrepare++;
      const message = unanswered.get(sendSeq);
      if (message)
        message.content = this.#options.prepare({ to, group, sendSeq, text: message.text });
    }
  }

  #isStale({ firstWritten }: Unanswered, now: number): boolean {
    if (!firstWritten) return false;
    const { monotonicMs, dateMs } = firstWritten;
    return Math.max(now - monotonicMs, this.#options.date() - dateMs) > resendMsMax;
  }

  #judge(conversation: Conversation, { sendSeq, code, seq, expected }: Ack): void {
    const verdict = verdictOf(code);
    switch (verdict) {
      case 'stored':
        this.#stored(conversation, sendSeq, seq);
        return;
      case 'out-of-order':
        if (conversation.refusal === 'none') conversation.refusal = 'out-of-order';
        conversation.expected = expected;
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
  #planRound(conversation: Conversation, now: number): void {
    const { refusal, expected, progress, backoff, unanswered } = conversation;
    // Nothing is left when all of it was seen in a timeline before it was refused.
    const isDone = unanswered.size === 0;
    const wait = !isDone && (refusal === 'busy' || !progress);
    beginRound(conversation, wait ? now + backoff.next() : 0);
    if (isDone) return;
    this.#waiting.add(conversation);
    const first = unanswered.get(conversation.nextToWrite);
    // The timeline has forgotten what it had taken of this conversation: it expired, or a failover
    // lost a tail.
    if (first && expected > 0 && expected < conversation.nextToWrite) first.restart = true;
  }

  #stored(conversation: Conversation, sendSeq: number, seq: number): void {
    const message = this.#settle(conversation, sendSeq);
    message?.outcome.stored(sendSeq, seq, message.content?.sealed !== undefined);
  }

  /** The message is answered: forgets it, and returns it; undefined if it was answered before. */
  #settle(conversation: Conversation, sendSeq: number): Unanswered | undefined {
    const message = conversation.unanswered.get(sendSeq);
    if (!message) return undefined;
    conversation.unanswered.delete(sendSeq);
    conversation.progress = true;
    // What the timeline expected was said without this one.
    conversation.expected = 0;
    conversation.backoff.reset();
    if (conversation.unanswered.size === 0) {
      this.#pending.delete(conversation);
      this.#waiting.delete(conversation);
      conversation.retryAt = 0;
    }
    this.#count -= 1;
    this.#characters -= message.text.length;
    return message;
  }
}

function beginRound(conversation: Conversation, retryAt: number): void {
  const [first = conversation.lastSendSeq + 1] = conversation.unanswered.keys();
  conversation.nextToWrite = first;
  conversation.refusal = 'none';
  conversation.expected = 0;
  conversation.progress = false;
  conversation.retryAt = retryAt;
}

function keyOf(to: number, group: string): string {
  return group === '' ? String(to) : `#${group}`;
}

function verdictOf(code: number): 'stored' | ErrorName {
  if (code === 0) return 'stored';
  const text = String(code);
  return (
    (Object.keys(errorTable) as ErrorName[]).find((name) => errorTable[name].code === text) ??
    'internal'
  );
}

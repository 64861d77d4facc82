/** What outgoing.ts keeps of the messages to one user or group. */
import { Backoff } from '../../../base/backoff.ts';
import type { CimError } from '../../../base/errors.ts';
import type { Draft, Sendable } from '../e2ee/sealable.ts';

/** How a message ended; called once. */
export interface SendOutcome {
  stored(sendSeq: number, seq: number, isSealed: boolean): void;
  refused(error: CimError): void;
}

export interface Unanswered {
  readonly draft: Draft;
  /** What is written, each time the same in one store; undefined: it is not made yet. */
  sendable: Sendable | undefined;
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
export interface OutgoingConversation {
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
  /** One was refused as sealed with a key that is not the group's any more. */
  isStale: boolean;
  /** Grows when all that is unanswered is to be made anew. */
  era: number;
  expected: number;
  progress: boolean;
  retryAt: number;
  /** Since when its first message is refused for now; Infinity: it is not. */
  refusedSince: number;
}

/** Of which nothing was sent yet. `random`: in [0, 1). */
export function newConversation(
  to: number,
  group: string,
  random: () => number,
): OutgoingConversation {
  return {
    to,
    group,
    backoff: new Backoff({ baseMs: 100, capMs: 5_000, random }),
    unanswered: new Map(),
    lastSendSeq: 0,
    nextToWrite: 1,
    nextToPrepare: 1,
    inFlight: new Set(),
    refusal: 'none',
    isStale: false,
    era: 0,
    expected: 0,
    progress: false,
    retryAt: 0,
    refusedSince: Infinity,
  };
}

/** A message under this number, the highest of those unanswered, is to be prepared and written. */
export function take(conversation: OutgoingConversation, sendSeq: number): void {
  conversation.lastSendSeq = Math.max(conversation.lastSendSeq, sendSeq);
  conversation.nextToWrite = Math.min(conversation.nextToWrite, sendSeq);
  conversation.nextToPrepare = Math.min(conversation.nextToPrepare, sendSeq);
}

/** From the first unanswered again, not before `retryAt`. */
export function beginRound(conversation: OutgoingConversation, retryAt: number): void {
  const [first = conversation.lastSendSeq + 1] = conversation.unanswered.keys();
  conversation.nextToWrite = first;
  conversation.refusal = 'none';
  conversation.expected = 0;
  conversation.progress = false;
  conversation.retryAt = retryAt;
}

/** What was made of its messages does not count any more: each is made again before it is written. */
export function makeAnew(conversation: OutgoingConversation): void {
  conversation.era += 1;
  for (const message of conversation.unanswered.values()) message.sendable = undefined;
  const [first = conversation.nextToPrepare] = conversation.unanswered.keys();
  conversation.nextToPrepare = Math.min(first, conversation.nextToPrepare);
}

/** Characters, and bytes. */
export function sizeOf({ text, content }: Draft): number {
  return text.length + (content?.length ?? 0);
}

export function keyOf(to: number, group: string): string {
  return group === '' ? String(to) : `#${group}`;
}

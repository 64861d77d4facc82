/**
 * How much of a run a user's timeline has room for. What others have sent and no device has
 * acknowledged is never pushed out, so it is bounded when it comes: below half of what is kept nobody
 * is counted; above it each sender is, by places (src/store/quotas.ts). A count lasts until what was
 * counted is acknowledged. Pure; append.lua says the same in Redis.
 */
import type { Quotas } from '../quotas.ts';
import { type ConversationRecord, countOf, type PlaceCount } from './conversation.ts';

/** Quotas as places of a timeline that keeps so many messages. */
export interface Bounds {
  readonly messagesMax: number;
  /** Bytes of one place. */
  readonly placeBytes: number;
  /** Below so many places unread nobody is counted. */
  readonly half: number;
  /** Of all strangers together, of one, and of one to whom the receiver has written. */
  readonly strangersMax: number;
  readonly strangerMax: number;
  readonly contactMax: number;
}

export function boundsOf(messagesMax: number, quotas: Quotas): Bounds {
  return {
    messagesMax,
    placeBytes: Math.ceil(quotas.timelineBytesMax / (2 * messagesMax)),
    half: Math.floor(messagesMax / 2),
    strangersMax: Math.max(1, Math.floor(messagesMax * quotas.strangersShare)),
    strangerMax: quotas.strangerPlacesMax,
    contactMax: quotas.contactPlacesMax,
  };
}

/** Places of each message of a run of so many bytes. */
export function placesPerMessage(bytes: number, count: number, placeBytes: number): number {
  return Math.max(1, Math.ceil(bytes / (count * placeBytes)));
}

export interface MailboxFacts {
  /** Messages of the run, and places of each. */
  readonly count: number;
  readonly each: number;
  /** Places of what others have sent above `acknowledged`. */
  readonly unread: number;
  /** The newest number that a device of the receiver has acknowledged. */
  readonly acknowledged: number;
  readonly head: number;
  /** The receiver has open sessions. */
  readonly isOnline: boolean;
  /** What the receiver's record says of the sender. */
  readonly conversation: ConversationRecord;
  /** Of all strangers together; and places of the sender in it, if a stranger. */
  readonly strangers: PlaceCount;
  readonly strangerCount: number;
}

export interface MailboxVerdict {
  /** Why not all of it is stored. */
  readonly status: 'taken' | 'busy' | 'mailbox-full';
  /** So many messages are stored, or (`isHidden`) are said to be. */
  readonly stored: number;
  /** The sender is blocked. */
  readonly isHidden: boolean;
  /** New values, null where nothing changes. A new `strangers` of 0 places before begins anew. */
  readonly conversation: ConversationRecord | null;
  readonly strangers: PlaceCount | null;
  readonly strangerCount: number;
}

export function decideMailbox(facts: MailboxFacts, bounds: Bounds): MailboxVerdict {
  return facts.conversation.isBlocked ? decideBlocked(facts, bounds) : decideOpen(facts, bounds);
}

function decideOpen(facts: MailboxFacts, bounds: Bounds): MailboxVerdict {
  const { count, each, unread, acknowledged, head, conversation, strangers } = facts;
  const uncounted = Math.min(count, messagesIn(bounds.half - unread + each - 1, each));
  const pool = countOf(strangers, acknowledged);
  const mine = conversation.hasWritten
    ? countOf(conversation, acknowledged)
    : pool === 0
      ? 0
      : facts.strangerCount;
  const quota = conversation.hasWritten
    ? bounds.contactMax - mine
    : Math.min(bounds.strangerMax - mine, bounds.strangersMax - pool);
  const room = Math.min(quota, bounds.messagesMax - unread - uncounted * each);
  const counted = Math.min(count - uncounted, messagesIn(room, each));
  const stored = uncounted + counted;
  const verdict = { ...outcome(stored, facts), isHidden: false };
  if (counted === 0)
    return { ...verdict, conversation: null, strangers: null, strangerCount: mine };
  const tally = { count: mine + counted * each, last: head + stored };
  return conversation.hasWritten
    ? { ...verdict, conversation: { ...conversation, ...tally }, strangers: null, strangerCount: 0 }
    : {
        ...verdict,
        conversation: null,
        strangers: { count: pool + counted * each, last: tally.last },
        strangerCount: tally.count,
      };
}

/** A blocked sender hears what a sender would hear who alone had filled the rest. */
function decideBlocked(facts: MailboxFacts, bounds: Bounds): MailboxVerdict {
  const { count, each, unread, acknowledged, head, isOnline, conversation } = facts;
  const nothing = { isHidden: true, strangers: null, strangerCount: 0 };
  if (isOnline) return { ...nothing, status: 'taken', stored: count, conversation: null };
  const mine = countOf(conversation, acknowledged);
  const quota = conversation.hasWritten ? bounds.contactMax : bounds.strangerMax;
  const stored = Math.min(count, messagesIn(bounds.half + quota - unread - mine, each));
  // Nothing is stored that could be acknowledged: the count is over with the next message of others.
  const tally = { count: mine + stored * each, last: head + 1 };
  return {
    ...nothing,
    ...outcome(stored, facts),
    conversation: { ...conversation, ...tally },
  };
}

function outcome(stored: number, { count, isOnline }: MailboxFacts) {
  if (stored === count) return { status: 'taken', stored } as const;
  return { status: isOnline ? 'busy' : 'mailbox-full', stored } as const;
}

/** Whole messages that so many places have room for. */
function messagesIn(places: number, each: number): number {
  return Math.max(0, Math.floor(places / each));
}

/** Calls between roles, and what a route and a server may owe each other. */
export const linksLimits = {
  /**
   * Bytes of one entry on a link between roles: a page, or a run with what a route adds to it, and
   * as much again to spare.
   */
  linkEntryBytesMax: 1024 * 1024 + 64 * 1024,
  /**
   * Messages, logins and pages of one link that may wait for an answer; beyond it callers hear
   * `busy` at once.
   */
  linkInFlightMax: 65_536,
  /** Bytes of them, and of what a server asks for by itself: a peer that is frozen keeps all of it. */
  linkInFlightBytesMax: 32 * 1024 * 1024,
  /** Bytes of answers that wait to be written, above which a link is not read from. */
  linkAnswersBytesMax: 8 * 1024 * 1024,
  /** What one link may still make a process hold that is short of memory: links go on, more slowly. */
  linkSharedBytesMax: 1024 * 1024 + 64 * 1024,
  /** The same of what a server asks for by itself, beside those: it never takes their place. */
  linkBackgroundInFlightMax: 8_192,
  /**
   * What a server asks for by itself, and logins: so many of each kind are under way at a time, and
   * the others wait. A route asks the store for as many at once.
   */
  callsUnderWayMax: 1_024,
  /**
   * Entries of one link that wait for an answer, and bytes that wait to be written, above which
   * transient messages are dropped instead of being put behind: durable ones are never delayed by
   * more than this.
   */
  linkDroppableInFlightMax: 8_192,
  linkDroppableBytesMax: 1024 * 1024,
  /** Bytes of those that wait for an answer. */
  linkDroppableInFlightBytesMax: 8 * 1024 * 1024,
  /** A batch unanswered for this long goes to another route. */
  linkAnswerMsMax: 2_000,
  /**
   * A link on which nothing came for this long, while answers are waited for, is passed over by those
   * who have nothing waiting there: a route that is frozen is known to be after `linkAnswerMsMax`.
   */
  linkSilentMs: 300,
  /**
   * What may take long is waited for as long as this, while its host says that it is at work: so
   * often, and several times within `linkAnswerMsMax`.
   */
  linkLongAnswerMsMax: 30_000,
  linkAtWorkMs: 500,
  /**
   * Messages of one group that one server was sent and has not written to all yet: above the first
   * answers to their senders wait, for as long as the second, and beyond the third more are refused:
   * `busy`. A cluster writes to a group no faster than its members are told.
   */
  groupBehindMessages: 256,
  groupBehindMsMax: 1_000,
  groupBehindMessagesMax: 4_096,
  /** For so long an operator may use a nonce: each that was used is remembered until then. */
  operatorNonceMsMax: 30_000,
  /** Calls of operators in that time, of one port: some 150 bytes each. */
  operatorCallsRememberedMax: 10_000,
  /** Opening a link: a stranger may take a place among the upgraded streams for so long. */
  linkHandshakeMsMax: 2_000,
  /** Strangers who take such places at a time; beyond it the first of the address that has most goes. */
  linkHandshakesMax: 256,
} as const;

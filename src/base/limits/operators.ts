/** Operators who sign in by accounts of their own, and what is kept of what they do. */
export const operatorsLimits = {
  /** Accounts of operators: listed as one answer. */
  operatorsMax: 100,
  /** Characters of an operator's name, which is in every entry of the audit log. */
  operatorNameCharactersMax: 32,
  /** A person's own password: shorter ones are guessed, stretched or not. */
  operatorPasswordCharactersMin: 12,
  /** Passwords that are being stretched, and wait for that: each takes some 200 ms and 32 MiB. */
  operatorSignInsUnderWayMax: 8,
  /** After that long an operator signs in anew. */
  operatorSessionMs: 8 * 3_600_000,
  /**
   * So long a route believes of an operator what the store has said, while it cannot be reached: a page
   * that is open asks again within seconds, and so goes on, for the present session.
   */
  operatorSeenMs: 60_000,
  /** Entries of the audit log, the newest: some 300 bytes each. */
  auditEntriesMax: 10_000,
  /** Entries told in one answer. */
  auditPageMax: 100,
  /** Pushes that failed, the newest of a route: some 100 bytes each. */
  failedPushesMax: 50,
  /** People whom one search finds. */
  peopleFoundMax: 100,
  /** Members who leave a group at a time when it is deleted: each costs some calls of the store. */
  groupLeavesAtOnceMax: 32,
  /** Characters of what people are looked for by. */
  peopleSearchCharactersMax: 64,
  /** Characters of what somebody acted on. */
  auditTargetCharactersMax: 200,
} as const;

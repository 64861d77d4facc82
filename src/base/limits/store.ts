/** What is kept, for how long, and what is read or written at a time. */
export const storeLimits = {
  /** Messages in one page of a read; a page is one burst on a connection. */
  pageMessagesMax: 200,
  /**
   * Bytes of one page: it crosses a link as one entry. A single larger message is a page of its
   * own.
   */
  pageBytesMax: 512 * 1024,
  /**
   * Bytes looked through for one page of history, each message as 256 at least: a search for what is
   * rare goes on in the next request, instead of keeping a route busy.
   */
  historyScanBytesMax: 5 * 1024 * 1024,
  /** Bytes looked through before others get their turn: well under a millisecond. */
  historySliceBytes: 128 * 1024,
  /** Devices of one user: every message to the user is pushed to each. */
  devicesPerUserMax: 32,
  /** Entries of one batch to the store: one script call, during which Redis serves nobody else. */
  storeBatchMax: 256,
  /** Bytes of what such a call is given to store; one entry that is larger has a call to itself. */
  storeBatchBytesMax: 2 * 1024 * 1024,
  /**
   * Messages of one run, and bytes of them as they came: it crosses links as one entry, with its
   * sender's name behind each message. A larger message is a run of its own.
   */
  runMessagesMax: 512,
  runBytesMax: 256 * 1024,
  /** Scheduled messages of one user that wait: listed as one answer. */
  schedulesPerUserMax: 1_000,
  /** Scheduled messages: how far ahead. */
  delaySecondsMax: 366 * 24 * 3600,
  /**
   * How long a timeline remembers the last number of a (device epoch, conversation) after its last
   * use.
   */
  sourceStateMs: 7 * 24 * 3600 * 1000,
  /** Messages kept per timeline. */
  timelineMessagesMax: 10_000,
  /** Bytes of messages kept per timeline: it is kept in memory, and replicated, in Redis. */
  timelineBytesMax: 64 * 1024 * 1024,
  /**
   * While more than half of what a timeline keeps is unread: what all to whom its owner has never
   * written may take of it together, what one of them may take, and one to whom the owner has written
   * (src/store/quotas.ts says in what). Beyond it a flood would refuse those whom the owner knows.
   */
  strangersShare: 0.1,
  strangerPlacesMax: 100,
  contactPlacesMax: 1_000,
  /**
   * What one account may take of what the lobby, or a named group, keeps within an hour: beyond it
   * one pushes out what the others have said.
   */
  lobbyShare: 0.1,
  groupShare: 0.5,
  groupShareMs: 3600 * 1000,
  /**
   * Servers that are told at once when one user comes or goes; those beyond hear of it within
   * `presenceAskMs`. A login reads the list.
   */
  observersPerUserMax: 256,
  /** Accounts that one user has blocked: listed as one answer. */
  blockedPerUserMax: 1_000,
  /** Accounts to which a user has written, as far as their mailbox tells them from strangers. */
  contactsPerUserMax: 10_000,
  /** Conversations of one user that are muted or pinned. */
  flaggedPerUserMax: 1_000,
  /**
   * Of those to whom a user has never written, the newest that are listed: anybody can begin a
   * conversation, so without a bound strangers fill the store.
   */
  strangersListedMax: 1_000,
  /** Sources of one reader of which a sender has marks: an epoch each, so starts of the sender's devices. */
  markSourcesMax: 8,
  /** Readers of whom a sender has marks: beyond them those that moved longest ago are forgotten. */
  markReadersMax: 1_000,
  /** Members of a group of whom each is told how far they have got, and who are told; of more there are counts only. */
  marksNamedMax: 100,
  /** A timeline unused for this long loses its messages, never its counter. */
  timelineAgeMs: 30 * 24 * 3600 * 1000,
  /**
   * For so long the newest number of a group that has ended is remembered: a new one of its name goes
   * on from there, so that a device which was away takes none of its messages for one that it has seen.
   */
  endedGroupMs: 30 * 24 * 3600 * 1000,
  /** A claimed name counts without its account for this long: a registration takes milliseconds. */
  nameClaimMs: 60_000,
  /**
   * So long after it began a deletion is finished once more, and for good: what a route wrote meanwhile
   * that had not heard of it is gone then. Routes look at pending ones every `deletionLookMs`, and one
   * that could not look for half of this time forgets all accounts that it remembers.
   */
  deletionSettlesMs: 120_000,
  deletionLookMs: 10_000,
  /** Pending deletions that a route looks at in one go; beyond them it forgets all accounts each time. */
  deletionsListedMax: 1_000,
  /** Members of an encrypted group: each new key is sealed for each of them. */
  encryptedGroupMembersMax: 1_000,
  /**
   * Slots of a page of a draw, and of what is given in one call; and characters of each: a key that is
   * sealed has 107.
   */
  groupKeySlotsPerCallMax: 384,
  groupKeysPerGiftMax: 64,
  sealedKeyCharactersMax: 128,
  /** For so long a draw may be staged, after its last page. */
  groupKeyStagedMs: 5 * 60_000,
  /** Draws of a group that are kept, with a slot for each member. */
  groupKeyDrawsMax: 64,
  /**
   * So far ahead of the epoch that is due a key may be drawn for: more than a failover loses. Without a
   * bound one draw could use up all epochs that there are.
   */
  groupEpochsAheadMax: 256,
  /**
   * Those who may give a member the key of one epoch: one alone could give what cannot be opened, and
   * there would be no second. And all that one member is given.
   */
  groupKeyGiversMax: 4,
  groupKeysGivenMax: 256,
  /** Slots, and members without a key, in one answer. */
  groupKeySlotsPageMax: 100,
  groupKeyMissingMax: 50,
  /** Changes that an encrypted group remembers, of its members and of its keys each; and those in one answer. */
  groupChangesMax: 1_000,
  groupChangesPageMax: 200,
  /** So long a user's list may name a group that does not know the user: a join takes milliseconds. */
  groupJoinMs: 60_000,
} as const;

/** What a client holds and remembers. */
export const clientLimits = {
  /**
   * Messages of one conversation that a client has written and that are unanswered: what it may
   * have to send again in order.
   */
  clientInFlightMax: 128,
  /** What is refused for longer is told to whoever has sent it. */
  clientQuietMsMax: 3_000,
  /**
   * Messages, and characters of them, that a client keeps for sending before it refuses more:
   * `busy`.
   */
  clientQueueMessagesMax: 10_000,
  clientQueueCharactersMax: 16 * 1024 * 1024,
  /**
   * Messages that a client holds for an application that is slow, or of one timeline for an earlier
   * one to come; the others are read again.
   */
  clientHeldMessagesMax: 512,
  /** Transient messages that a client holds for an application that is slow; others are dropped. */
  clientTransientsHeldMax: 128,
  /**
   * Identities that a device remembers, to show a message once even when its number was given out
   * anew. Saved each time the cursor is.
   */
  clientWindowMax: 1_024,
  /** The same for each named group: with `groupsPerUserMax` of them a save stays under 1 MiB. */
  clientGroupWindowMax: 64,
  /**
   * People whose public keys a client holds, so as not to ask for them with every message, and how
   * long before it asks again.
   */
  clientKeysMax: 1_024,
  clientKeysMs: 60_000,
  /**
   * People whose keys a device remembers, to tell when one changes. Saved each time the cursor is;
   * of those that were neither verified nor written to the longest unused are forgotten.
   */
  clientPinsMax: 2_048,
  /** Those that were verified are never forgotten: they leave room for whoever writes. */
  clientVerifiedMax: 1_024,
  /**
   * And others that the user has written to, the last used of them, are not forgotten for whoever
   * writes: strangers cost a device no key of somebody it knows. They leave room, too.
   */
  clientWrittenToMax: 512,
  /**
   * How long after a store turned out to be another one accounts and keys are waited for that it does
   * not have yet: servers notice within 30 s, then clients register, and publish.
   */
  storeSettlesMs: 60_000,
  /**
   * Rows that a terminal shows of one text: of more, what others have said would be out of sight.
   */
  shownRowsMax: 100,
  /** So often in a row an export, or a file, asks for what it is not given: some minutes. */
  patientAttemptsMax: 30,
  /** Messages that a client seals or opens at the same time: all cores are busy with less. */
  clientSealsMax: 16,
  /** How often a key of a group is ratcheted: once for each member who joins and nobody goes. */
  groupRatchetsMax: 1_000,
  /** Keys that are tried for one message of a group: the right one, and what members have given wrongly. */
  groupKeyTriesMax: 16,
  /** Epochs of one key of a group for which a client holds that of messages: to make one takes two hashes. */
  clientMessageKeysMax: 16,
  /** Keys of one group that a client holds: more than a register keeps for a member. */
  clientGroupKeysMax: 512,
  /**
   * How long a message of a group is held back for a key that this member was not given yet: once for
   * an epoch. And how long members who are there wait at most until one of them gives it.
   */
  clientGroupKeyWaitMs: 10_000,
  clientGroupGiveMsMax: 3_000,
  /** The keys of a group are not asked for more often for the sake of what cannot be read. */
  clientGroupKeysMsMin: 1_000,
  /** Nor for what is of an epoch that the client does not know yet: each member can write that it is. */
  clientGroupKeysBehindMsMin: 250,
  /** Encrypted groups that the user has left, and that a client remembers: all of a user's, often. */
  clientLeftGroupsMax: 1_024,
  /**
   * What a browser keeps of a device: messages, and about so many bytes of them; the oldest go first.
   * Each page may have some hundred megabytes.
   */
  clientStoredMessagesMax: 50_000,
  clientStoredBytesMax: 64 * 1024 * 1024,
  /** What happened lately, for tabs that slept: those that have missed more read anew what they show. */
  clientJournalMax: 5_000,
  /** Words by which one message is found, and characters of each. */
  clientMessageWordsMax: 256,
  clientWordCharactersMax: 32,
  /** Messages that are looked through for one search: of a word that more have, not all are found. */
  clientSearchedMax: 5_000,
} as const;

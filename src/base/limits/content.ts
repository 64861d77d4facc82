/** What a message may be beside its text (proto/content.proto), and what a client keeps of it. */
export const contentLimits = {
  /** Reactions of one person to one message: shown in a row below it. */
  reactionsMax: 8,
  /** UTF-8 bytes of one: an emoji of a family with skin tones has 41. */
  reactionBytesMax: 64,
  /** People whom a message may speak of: applications wake each of them. */
  mentionsMax: 100,
  /** Characters of an application's name for a kind of its own. Its data has the room of a text. */
  customTypeCharactersMax: 64,
  /** Characters of the name of a file: no file system has longer ones. */
  fileNameCharactersMax: 255,
  /** Bytes of a small picture of a file: sealed twice and stored with the message. */
  thumbnailBytesMax: 20 * 1024,
  /** Pixels of a picture's side. */
  pictureSideMax: 1_000_000,
  /** Plain bytes of a file that are sealed as one: held whole, as nothing of it is shown before. */
  filePieceBytes: 1024 * 1024,
  /**
   * How long after its message an edit counts, by the times at which routes accepted both. Clients hold
   * it. A message may be retracted at any time.
   */
  editWindowMs: 48 * 3_600_000,
  /** That somebody types is told so often at most, and ends so long after it was told last. */
  typingMsMin: 3_000,
  typingMs: 6_000,
  /** People, in conversations, of whom a client knows at a time that they are typing. */
  typistsMax: 64,
  /** UTF-16 units of a text that a reaction to it says in plain words. */
  quoteCharactersMax: 40,
  /** Messages that a client knows the time and the beginning of, the last that it saw. */
  clientQuotesMax: 4_096,
  /**
   * Bytes of edits, retractions and reactions that a client holds: those of the messages that changed
   * last. Of one forgotten, a change that is overtaken may be told as if it were new.
   */
  clientPicturesBytesMax: 16 * 1024 * 1024,
  /**
   * People whose reactions to one message a client holds: those with the lowest ids, so that all
   * clients hold the same. Those of others are not shown.
   */
  reactingPeopleMax: 500,
  /**
   * Edits held of a message that a client has not seen, as it cannot tell yet which of them came in
   * time: the last by their counters.
   */
  pendingEditsMax: 8,
} as const;

/**
 * Every bound in cim, with what breaks beyond it. Settings may change those that depend on a
 * deployment (src/config/options/ takes its defaults from here); the others are part of the
 * protocol or of the memory arithmetic in docs/ARCHITECTURE.md.
 */
export const limits = {
  /**
   * A frame is buffered whole before it is understood: connections × this is the memory a hostile
   * crowd can claim.
   */
  frameBytesMax: 1024 * 1024,
  /** UTF-8 bytes of one text. Stored twice per private message, and shown on a terminal. */
  textBytesMax: 64 * 1024,
  /** Bytes of a sealed message: the longest text twice, and what sealing adds. */
  sealedBytesMax: 2 * 64 * 1024 + 113,
  /** Characters of a user name: it travels with every message. */
  nameCharactersMax: 64,
  /** Characters of a group name: part of a store key. */
  groupNameCharactersMax: 64,
  /** Named groups of one user: each is read, and its place told, at every login. */
  groupsPerUserMax: 100,
  /** Members of one named group: listed as one value when an owner leaves. */
  groupMembersMax: 20_000,
  /** Members told in one answer. */
  membersPageMax: 1_000,
  /** Characters of a device id: part of a store key. */
  deviceCharactersMax: 64,
  /** Characters of a message's identity: two ids, an epoch, a group's name, a number. */
  identityCharactersMax: 160,
  /** Characters of a schedule's id: part of a store key. */
  scheduleIdCharactersMax: 64,
  /** Public keys that an account had before and that others may ask for: to read what is old. */
  earlierKeysMax: 16,
  /** 32 bytes in base64url, and room for a caller's mistake to be told of. */
  loginKeyCharactersMax: 64,
  /** A sealed private key: kept per account, and told with it. */
  wrappedKeyCharactersMax: 512,
  /** Accounts whose public keys one request may ask for. */
  keysPerRequestMax: 100,
  /** Characters of what a key of an application is for. */
  labelCharactersMax: 64,
  /** Keys of applications: listed as one answer. */
  apiKeysMax: 1_000,
  /** The largest user id: ids cross JSON and protobuf numbers, so they stay exact in JavaScript. */
  userIdMax: Number.MAX_SAFE_INTEGER,
  /** Texts in one HTTP batch (`batchMsg`); all are stored before the answer. */
  batchTextsMax: 100,

  /**
   * Bytes waiting for one connection before it counts as a slow reader and is closed: it catches up
   * from the store.
   */
  outboxBytesMax: 4 * 1024 * 1024,
  /**
   * Bytes waiting for one connection above which live messages are not added to them: it is told to
   * read when it has taken these. A multiple of a stream's high-water mark.
   */
  liveBytesMax: 256 * 1024,
  /**
   * Bytes waiting for all connections of a process; beyond it those that have read nothing for
   * longest are closed.
   */
  outboxTotalBytesMax: 256 * 1024 * 1024,
  /** Pages of all connections that routes are asked for at a time: each may be `pageBytesMax`. */
  pagesUnderWayMax: 256,
  /** How long a connection may leave bytes unread before it counts as frozen. */
  outboxStallMsMax: 30_000,
  /**
   * A connection that has not logged in by then is closed: a half-open probe must not hold a
   * descriptor.
   */
  loginMsMax: 10_000,
  /**
   * Silence after which a connection is closed: three missed heartbeats of 11 s, as the Java
   * server's (J1.5).
   */
  silenceMsMax: 33_000,
  /** Period of the one sweep over all connections: the precision of the two bounds above. */
  sweepMs: 1_000,
  /**
   * Reads of one connection under way: each answer may be a page of `pageBytesMax`, which is then in
   * memory beside what waits in the outbox.
   */
  readsPerConnectionMax: 4,
  /**
   * Reads of one connection that wait for their turn: a login reads its own timeline, the lobby and
   * every group (`groupsPerUserMax`). Beyond it they are refused: `busy`.
   */
  readsWaitingMax: 256,
  /**
   * Groups that one connection follows: twice what a user may be in, as word of having left one may
   * have got lost.
   */
  subscriptionsPerConnectionMax: 200,
  /**
   * A server that stops, or is drained, lets so few go at once; of more, at least so many per step,
   * and all within `moveMsMax`: well within the 10 s that stopping may take in all.
   */
  moveAtOnceMax: 50,
  moveStepConnectionsMin: 100,
  moveStepMs: 100,
  moveMsMax: 4_000,
  /** What a connection has sent may still be answered for this long before it has to go. */
  moveAnswerMsMax: 1_000,
  /** A peer that was told to go and does not is cut off after this long when the server stops. */
  moveLingerMsMax: 1_000,
  /** How long stopping waits for the registry to take a server out of choice. */
  withdrawMsMax: 1_000,
  /**
   * How often a server asks whether anything was lost on its way. With the sweep that makes sure and
   * the client's reading it is noticed within 30 s.
   */
  checkMs: 27_000,
  /** A group is followed on, as far as routes know, for this long after its last member here. */
  interestLingerMs: 30_000,
  /** Groups of which a server speaks in one sweep: what a route has to answer in one turn. */
  interestBatchMax: 2_048,
  /** Connections told in one answer to "who is online?": it crosses a link as one entry. */
  onlinePageMax: 1_000,
  /**
   * Messages of one connection that may wait for a route's answer; more are not read from the
   * socket until some are answered.
   */
  inFlightPerConnectionMax: 1_024,

  /**
   * Transient messages of one connection that are read in one turn of the event loop: no others are
   * served meanwhile.
   */
  transientsPerTurnMax: 1_024,
  /** Users of whom a server knows whether all their connections are its own: those written to of late. */
  receiversKnownMax: 100_000,
  /**
   * Transient messages that wait in a route until it knows who is there: what comes beyond is
   * dropped.
   */
  transientsWaitingMax: 4_096,
  /**
   * Bytes waiting for a connection above which transient messages to it are dropped: so they never
   * delay others by more.
   */
  transientOutboxBytesMax: 64 * 1024,

  /** Connections from one address: a whole company may be behind one. */
  connectionsPerAddressMax: 4_096,
  /** Logins from one address: each costs a route some store calls. */
  loginsPerMinuteMax: 1_200,
  /** Logins to one account with a wrong secret: a chosen secret must not be guessed. */
  failedLoginsPerMinuteMax: 20,
  /** Registrations from one address: new accounts are kept for ever. */
  registrationsPerMinuteMax: 120,
  /** Messages of one user, over a while; people write a few, devices some hundred. */
  sendsPerSecondMax: 1_000,
  /**
   * What a user may send at once, in seconds of that: a client that comes back sends what it has
   * kept. Twice as much when it was silent before.
   */
  sendBurstSeconds: 5,
  /** Requests that send, after which those who have not sent for a while are forgotten. */
  sendsBetweenSweeps: 1_000,
  /** Addresses and accounts for which one rate is kept: some hundred bytes each. */
  rateNamesMax: 20_000,
  /** An account's wrong logins from all addresses, in those allowed from one. */
  failedLoginAddressesMax: 10,
  /** File descriptors that are left for links, files and the store: connections never use them up. */
  descriptorsReserved: 128,
  /** File descriptors of a process whose system does not say. */
  descriptorsAssumed: 1_024,
  /** Connections to one HTTP port of a process that also holds clients over TCP. */
  httpConnectionsMax: 1_024,
  /**
   * Connections beyond what there may be, of a process or of one address, that are kept until they
   * were told. They come out of the reserve.
   */
  connectionsOverMax: 32,
  /**
   * A connection that has said nothing for this long makes room when there is none: a client sends
   * its login at once, but a busy server reads it a little later.
   */
  silenceBeforeEvictionMs: 1_000,
  /**
   * Bytes of a frame before the login: whoever has not logged in claims little memory. A login's
   * largest part is its token.
   */
  loginFrameBytesMax: 16 * 1024,
  /** Properties of a Java peer's frame: it sends two or three. */
  propertiesMax: 32,

  /** Messages in one page of a read; a page is one burst on a connection. */
  pageMessagesMax: 200,
  /**
   * Bytes of one page: it crosses a link as one entry. A single larger message is a page of its
   * own.
   */
  pageBytesMax: 512 * 1024,
  /**
   * Messages looked through for one page of history: a search for what is rare goes on in the next
   * request, instead of keeping a route busy.
   */
  historyScanMax: 20_000,
  /** Devices of one user: every message to the user is pushed to each. */
  devicesPerUserMax: 32,

  /** Entries of one batch to the store: one script call, during which Redis serves nobody else. */
  storeBatchMax: 256,
  /**
   * Messages of one run, and bytes of them as they came: it crosses links as one entry, with its
   * sender's name behind each message. A larger message is a run of its own.
   */
  runMessagesMax: 512,
  runBytesMax: 256 * 1024,
  /**
   * Bytes of one entry on a link between roles: a page, or a run with what a route adds to it, and
   * as much again to spare.
   */
  linkEntryBytesMax: 1024 * 1024 + 64 * 1024,
  /** Entries of one link that may wait for an answer; beyond it callers hear `busy` at once. */
  linkInFlightMax: 65_536,
  /**
   * Entries of one link that wait for an answer, and bytes that wait to be written, above which
   * transient messages are dropped instead of being put behind: durable ones are never delayed by
   * more than this.
   */
  linkDroppableInFlightMax: 8_192,
  linkDroppableBytesMax: 1024 * 1024,
  /** A batch unanswered for this long goes to another route. */
  linkAnswerMsMax: 2_000,

  /** Bytes of an HTTP request body. */
  httpBodyBytesMax: 1024 * 1024,
  /**
   * How long an HTTP caller may take to send a request: one that dribbles must not hold a
   * connection.
   */
  httpRequestMsMax: 30_000,
  /**
   * How long a TLS handshake may take on an HTTP port; on the TCP port it is a part of `loginMsMax`.
   */
  tlsHandshakeMsMax: 10_000,
  /**
   * Idle HTTP connections are kept for this long: more than the 5 minutes of the Java callers'
   * pool, so that none of theirs is closed under them.
   */
  httpIdleMsMax: 6 * 60_000,
  /** How long stopping waits for HTTP requests that are being answered. */
  httpCloseMsMax: 3_000,
  /** How long the key of an HTTP request is remembered, so that repeating it is harmless. */
  idempotencyKeyMs: 24 * 3600 * 1000,
  /** Characters of such a key: part of a store key. */
  idempotencyKeyCharactersMax: 200,
  /** Scheduled messages of one user that wait: listed as one answer. */
  schedulesPerUserMax: 1_000,
  /** Scheduled messages: how far ahead. */
  delaySecondsMax: 366 * 24 * 3600,

  /**
   * Messages of one conversation that a client has written and that are unanswered: what it may
   * have to send again in order.
   */
  clientInFlightMax: 128,
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
   * of those that were not verified the oldest are forgotten.
   */
  clientPinsMax: 2_048,
  /** Messages that a client seals or opens at the same time: all cores are busy with less. */
  clientSealsMax: 16,

  /**
   * How long a timeline remembers the last number of a (device epoch, conversation) after its last
   * use.
   */
  sourceStateMs: 7 * 24 * 3600 * 1000,
  /** Messages kept per timeline. */
  timelineMessagesMax: 10_000,
  /** A timeline unused for this long loses its messages, never its counter. */
  timelineAgeMs: 30 * 24 * 3600 * 1000,
  /** A claimed name counts without its account for this long: a registration takes milliseconds. */
  nameClaimMs: 60_000,
  /** So long a user's list may name a group that does not know the user: a join takes milliseconds. */
  groupJoinMs: 60_000,
} as const;

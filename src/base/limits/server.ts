/** Connections of clients: what they make a server hold, how long they may take, and how people are moved. */
export const serverLimits = {
  /**
   * Bytes waiting for one connection before it counts as a slow reader and is closed: it catches up
   * from the store. Twice as many with what it costs to keep them, however short they are.
   */
  outboxBytesMax: 4 * 1024 * 1024,
  /**
   * Bytes waiting for one connection above which live messages are not added to them: it is told to
   * read when it has taken these. A multiple of a stream's high-water mark.
   */
  liveBytesMax: 256 * 1024,
  /** The same in a process that is short of memory: many fall behind before anybody is dropped. */
  liveShortBytesMax: 64 * 1024,
  /**
   * Bytes that others make a process hold: what waits for readers, pages, half-read frames, what is
   * in flight, HTTP requests and answers. Beyond it those who hold most are dropped. Less than the
   * second is no budget: its parts would not hold what they are for.
   */
  processBytesMax: 160 * 1024 * 1024,
  processBytesMin: 32 * 1024 * 1024,
  /** Above this part of it nobody may take more but those who hold next to nothing. */
  shortShare: 7 / 8,
  /** Whoever is dropped for the sake of others is one of so many that this part of a bound is left. */
  relievedShare: 3 / 4,
  /** Parts of it: messages in flight, half-read frames, and pages that routes are asked for. */
  inFlightShare: 3 / 8,
  halfReadShare: 1 / 8,
  pagesShare: 1 / 5,
  /** Pages of all connections that routes are asked for at a time, as far as that part allows. */
  pagesUnderWayMax: 64,
  /** How long a connection may leave bytes unread before it counts as frozen. */
  outboxStallMsMax: 30_000,
  /**
   * How long the rest of a frame that was begun may take, beside the time that `bytesPerSecondMin`
   * grants for what has come of it: half-read frames stay in memory.
   */
  frameMsMax: 10_000,
  /** What a half-read frame costs beside its bytes. */
  halfReadOverheadBytes: 256,
  /**
   * A connection that has not logged in by then is closed: a half-open probe must not hold a
   * descriptor.
   */
  loginMsMax: 10_000,
  /**
   * Silence after which a connection is closed: three missed heartbeats of 11 s, as the Java
   * server's (docs/reference/java-clients.md).
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
   * and all within `moveMsMax`: well within what stopping may take in all.
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
  /** And for routes to hear whose connections have ended, and which groups nobody here follows. */
  stopReportMsMax: 1_000,
  /** One deadline for all steps of a role's stopping: what is not over by then is not waited for. */
  stopStepsMsMax: 9_500,
  /** A role that has not ended by then, for whatever reason, is cut off. */
  stopMsMax: 10_000,
  /** What `--workers` gives its workers: a little more than each takes by itself. */
  workersStopMsMax: 12_000,
  /**
   * How often a server asks whether anything was lost on its way. With the sweep that makes sure and
   * the client's reading it is noticed within 30 s.
   */
  checkMs: 27_000,
  /** A group is followed on, as far as routes know, for this long after its last member here. */
  interestLingerMs: 30_000,
  /**
   * Messages of groups, each once for every member, that are written in one turn of the event loop,
   * and those of one group: nobody else is served meanwhile, and a write to a socket gathers what
   * comes in one turn.
   */
  fanOutWritesPerTurnMax: 16_384,
  fanOutWritesPerGroupMax: 8_192,
  /** Transient messages to groups that wait for that; others are dropped. */
  fanOutTransientsWaitingMax: 64,
  /**
   * Frames that a Java client is given before it has had the time to show them: its terminal has a
   * thread and room for 10, and drops what does not fit. And how long a text takes it.
   */
  javaFramesAheadMax: 8,
  javaTextMs: 2,
  /** Messages of the lobby that a Java client may have before it: with more the lobby waits for it. */
  javaLateMessages: 400,
  /** Groups of which a server speaks in one sweep: what a route has to answer in one turn. */
  interestBatchMax: 2_048,
  /** Users told in one answer to "who is online?": it crosses a link as one entry. */
  onlinePageMax: 1_000,
  /** Users whose messages are counted to know who sends most: one in so many of all is noticed. */
  talkersMax: 128,
  /** And those of them that operators are told. */
  talkersToldMax: 10,
  /**
   * Roles that a route asks how they are when an operator asks it, so many at a time, and how long it
   * waits for each: what comes back of all is held in memory.
   */
  rolesAskedMax: 1_000,
  rolesAskedAtOnceMax: 64,
  roleAnswerMsMax: 2_000,
  /** Pushes that a route remembers, at some hundred bytes each, for who asks where a message is. */
  pushesRecordedMax: 8_192,
  /**
   * Messages of a timeline that are looked through for one: each page is as costly as one of history,
   * and who asks is an operator.
   */
  traceMessagesMax: 2_000,
  tracePageMax: 200,
  /** Servers told in one answer. */
  serversPageMax: 500,
  /** Users told to a caller that knows no pages, as Java callers: what one answer holds in memory. */
  onlineUsersMax: 10_000,
  /**
   * Messages of one connection that may wait for a route's answer; more are not read from the
   * socket until some are answered.
   */
  inFlightPerConnectionMax: 1_024,
  /** The same in bytes, with what a message costs beside its own. */
  inFlightBytesPerConnectionMax: 512 * 1024,
  inFlightOverheadBytes: 256,
  /**
   * What one connection may have in flight when half of what all may have is used up, and when
   * nearly all is: one long message, and a few short ones.
   */
  inFlightShortBytesMax: 160 * 1024,
  inFlightLastBytesMax: 4 * 1024,
  /**
   * Messages that all connections may have in flight, and bytes of them, before whoever has more
   * than their share is not read from: whatever is sent next waits behind them, some fifty
   * milliseconds. Fewer would cut what one sends at once into runs of a few, which cost twice as much. And what is nobody's share to be less than.
   */
  inFlightSharedMax: 12_288,
  inFlightSharedBytesMax: 4 * 1024 * 1024,
  inFlightShareMin: 16,
  inFlightShareBytesMin: 64 * 1024,
  /**
   * What is read of all connections in one turn of the event loop, in frames, and in each 256 bytes of
   * those that are long: no others are served meanwhile, some five milliseconds. What of that each has, however
   * many there are; and who has waited, since a whole piece that came costs less than its parts.
   */
  turnWorkMax: 2_048,
  turnShareMin: 16,
  turnWaitedShareMin: 128,
  /** What is longer waits as a whole, when nothing is left of a turn. */
  turnShareBytesMin: 2 * 1024,
  /**
   * Bytes of one WebSocket message, and the fragments that it comes in: nothing of either is held, but
   * a frame of cim fits one message, and each fragment is work.
   */
  webSocketMessageBytesMax: 2 * 1024 * 1024,
  webSocketFragmentsMax: 1_024,
  /** Bytes of the request that opens a WebSocket: it is in memory before anybody has logged in. */
  webSocketRequestBytesMax: 8 * 1024,
  /**
   * Silence after which the peer of a WebSocket is asked for a sign of life: the timers of a browser's
   * hidden page run once a minute, what answers here is the browser itself. Before each look at it.
   */
  webSocketPingMs: 15_000,
  /** Users of whom a server knows whether all their connections are its own: those written to of late. */
  receiversKnownMax: 100_000,
  /**
   * Users whom one connection watches: one frame names them all. And those of all connections of a
   * server, and watchers of one user among them: routes are asked about each every `presenceAskMs`.
   */
  watchedPerConnectionMax: 256,
  watchedPerServerMax: 20_000,
  watchersPerUserMax: 1_000,
  /** How long routes tell a server of a user whom it has asked about, and how often it asks anew. */
  presenceLeaseMs: 60_000,
  presenceAskMs: 25_000,
  /** A user is told to be offline after so long without a session: they may only be reconnecting. */
  presenceOfflineMs: 15_000,
  /** A connection that begins to watch has to wait so long for each before it may watch others. */
  presenceAddMs: 40,
  /** Users who have come or gone, and of whom a route looks up whom to tell; others are told later. */
  presenceHintsWaitingMax: 4_096,
  /** Users of whom an application asks at once. */
  presencePageMax: 256,
  /**
   * Transient messages that wait in a route until it knows who is there: what comes beyond is
   * dropped.
   */
  transientsWaitingMax: 4_096,
  /** Bytes of them. */
  transientsWaitingBytesMax: 8 * 1024 * 1024,
  /**
   * Bytes waiting for a connection above which transient messages to it are dropped: so they never
   * delay others by more.
   */
  transientOutboxBytesMax: 64 * 1024,
  /** Lines of the log that wait for a slow reader or disk; those beyond it are lost, and counted. */
  logWaitingBytesMax: 1024 * 1024,
  /** Clocks of machines that differ by more are told of. */
  clockDiffersMs: 2_000,
  /** So long after its end a token still counts: beyond it a fresh one may be refused by a machine whose clock is ahead. */
  clockToleranceMs: 30_000,
} as const;

/** Requests over HTTP, and their answers. */
export const httpLimits = {
  /** Bytes of an HTTP request body. */
  httpBodyBytesMax: 1024 * 1024,
  /**
   * Values in it, and how many of them lie in each other: each is an object in memory, and takes
   * longer to read than its bytes. The largest requests are a batch of texts and an import.
   */
  jsonValuesMax: 10_000,
  jsonDepthMax: 32,
  /** Bytes of a body above which it is read in a turn of its own, behind those that came before. */
  jsonAtOnceBytes: 16 * 1024,
  /** Bytes of an answer over HTTP that a client or a role keeps: a page of texts that JSON swells. */
  httpAnswerBytesMax: 8 * 1024 * 1024,
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
  /**
   * Requests of one connection that are worked on, or answered and not read, at a time: each answer
   * may be a page, and HTTP lets a caller ask on without reading: some hundred connections that do
   * are within the budget of a process.
   */
  httpAnswersPerConnectionMax: 2,
  /**
   * Pages that are put together for callers over HTTP at a time: each is in memory as it is stored,
   * as it is read and as it is written, and none of that is weighed before it is done.
   */
  httpReadsUnderWayMax: 4,
  /**
   * Requests of one connection that have come and are not worked on yet: some KiB each. More are not
   * read from the socket, but what was parsed in one piece (`httpSliceBytes`) is there; beyond this
   * the connection ends.
   */
  httpRequestsWaitingMax: 256,
  /**
   * Bytes of a connection that are parsed in one piece: a dozen requests, each 0.1 ms of work before
   * anything is done for it.
   */
  httpSliceBytes: 512,
  /**
   * What is done for all connections of a port in one turn of the event loop, in such pieces: nobody
   * else is served meanwhile. And the pieces that a request counts when it is begun: together some
   * five milliseconds.
   */
  httpTurnWorkMax: 200,
  httpRequestWork: 8,
  /**
   * The same of a body that is read as a stream: what comes in one piece from the socket, and how much
   * of it counts as a piece.
   */
  httpStreamSliceBytes: 64 * 1024,
  httpStreamWorkBytes: 16 * 1024,
  /**
   * What is read, and thrown away, of a peer who still sends when it was answered for the last time: it
   * may read the answer when it has sent all.
   */
  httpLingerBytesMax: 16 * 1024 * 1024,
  httpLingerMsMax: 15_000,
  /** What such a request costs. */
  httpRequestOverheadBytes: 8 * 1024,
  /** Header fields of a request: each is an object of 100 bytes, however short it is. */
  httpHeadersMax: 64,
  /**
   * How long an HTTP caller may leave answers unread, beside the time that `bytesPerSecondMin` grants
   * for what it has read: unread ones stay in memory.
   */
  httpAnswerMsMax: 15_000,
  /**
   * What anybody's network carries: a peer that is slower, in sending what it began or in reading
   * what it asked for, holds memory for others to lack. 32 kbit/s.
   */
  bytesPerSecondMin: 4 * 1024,
  /** How long stopping waits for HTTP requests that are being answered. */
  httpCloseMsMax: 3_000,
  /** How long the key of an HTTP request is remembered, so that repeating it is harmless. */
  idempotencyKeyMs: 24 * 3600 * 1000,
  /** Characters of such a key: part of a store key. */
  idempotencyKeyCharactersMax: 200,
} as const;

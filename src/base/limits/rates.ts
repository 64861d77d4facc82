/** Who may take how much: addresses, users, descriptors. */
export const ratesLimits = {
  /** Connections from one address: a whole company may be behind one. */
  connectionsPerAddressMax: 4_096,
  /** Logins from one address: each costs a route some store calls. */
  loginsPerMinuteMax: 1_200,
  /** Logins to one account with a wrong secret: a chosen secret must not be guessed. */
  failedLoginsPerMinuteMax: 20,
  /** Wrong cluster secrets from one address: operators mistype one now and then. */
  clusterGuessesPerMinuteMax: 20,
  /** Registrations from one address: new accounts are kept for ever. */
  registrationsPerMinuteMax: 120,
  /** Messages of one user, over a while; people write a few, devices some hundred. */
  sendsPerSecondMax: 1_000,
  /**
   * Bytes of one user's messages, over a while: a number alone would allow 128 MB/s of long ones, each
   * of which is stored for its receiver and for its sender. A timeline's bytes are not to be pushed
   * out in seconds.
   */
  sendBytesPerSecondMax: 1024 * 1024,
  /**
   * Conversations that one user begins, each start of a device anew: the last number of each is
   * remembered for `sourceStateMs`, some hundred bytes, and as much for its receiver.
   */
  conversationsPerHourMax: 2_000,
  /**
   * What a user may send at once, in seconds of that: a client that comes back sends what it has
   * kept. Twice as much when it was silent before.
   */
  sendBurstSeconds: 5,
  /**
   * Bytes that one user reads, over a while, of what is answered and of what is looked through for it;
   * and what may be read at once, in seconds of that: a device that comes back has half of the
   * largest timeline at once, and the rest in as long again.
   */
  readBytesPerSecondMax: 4 * 1024 * 1024,
  readBurstSeconds: 8,
  /**
   * Pages that a user who has read little has under way at a time, by all connections to a server:
   * others wait behind them. Further ones wait until they come, or until as much is earned.
   */
  readsPerUserMax: 32,
  /** What the smallest answer counts. */
  readBytesMin: 512,
  /**
   * What a user leaves in the store for days over HTTP, in an hour: groups made, entered and left (the
   * newest number of one that has ended stays for `endedGroupMs`), scheduled messages (their ids stay
   * for `sourceStateMs`), keys of requests (`idempotencyKeyMs`, and their conversations); and what is sealed
   * for members of encrypted groups: pages of draws, and what is given.
   */
  groupChangesPerHourMax: 300,
  schedulesPerHourMax: 1_000,
  groupKeyCallsPerHourMax: 2_000,
  idempotencyKeysPerHourMax: 1_000,
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
} as const;

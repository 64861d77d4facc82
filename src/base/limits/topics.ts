/** Topics: their names, filters, rights, and what is retained. */
export const topicsLimits = {
  /** UTF-8 bytes of a topic or a filter: kept with each retained value and each subscription. */
  topicBytesMax: 1_024,
  /** Levels of one: a matcher goes one step down for each, and two where a filter has a wildcard. */
  topicLevelsMax: 32,
  /** UTF-8 bytes of the name of a shared subscription. */
  topicShareBytesMax: 128,
  /** Bytes of what is published, with all that is said of it: it is kept, and written to every subscriber. */
  publicationBytesMax: 256 * 1024,
  /** Retained values of a user, and of all: new subscribers to # get all of them. */
  retainedPerOwnerMax: 20_000,
  retainedMax: 200_000,
  /** And their bytes, each with its topic and `retainedOverheadBytes`. */
  retainedBytesPerOwnerMax: 64 * 1024 * 1024,
  retainedBytesMax: 256 * 1024 * 1024,
  retainedOverheadBytes: 128,
  /** Values that have expired, removed when another one is kept. */
  retainedExpiredTogether: 16,
  /** Values looked at for one answer. */
  retainedPageMax: 200,
  /** Seconds that a value is retained, at most: ten years; without an end it is kept until it is replaced. */
  retainedLifeSecondsMax: 10 * 365 * 24 * 3600,
  /** Filters of a session that outlives its connections: all are listed when it ends. */
  topicFiltersPerSessionMax: 1_000,
  /** Sessions of an account with filters. */
  topicSessionsPerOwnerMax: 100,
  /** Changes of filters that each shard of them remembers: a route that has missed more reads all anew. */
  topicChangesMax: 10_000,
  /** Changes, and filters, in one answer. */
  topicChangesPageMax: 500,
  topicFiltersPageMax: 500,
  /** Keys of devices: each device of a fleet may have its own. */
  deviceKeysMax: 100_000,
  /** Of these in one answer. */
  deviceKeysPageMax: 100,
  /** Characters of the name of one, which is in topics. */
  deviceNameCharactersMax: 64,
  /** Rights of one: all are looked at for each topic. */
  deviceRightsMax: 16,
} as const;

/** Topics: their names, filters, rights, and what is retained. */
export const topicsLimits = {
  /** UTF-8 bytes of a topic or a filter: kept with each retained value and each subscription. */
  topicBytesMax: 1_024,
  /** Levels of one: a matcher goes one step down for each, and two where a filter has a wildcard. */
  topicLevelsMax: 32,
  /** UTF-8 bytes of the name of a shared subscription. */
  topicShareBytesMax: 128,
} as const;

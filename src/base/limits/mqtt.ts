/** MQTT clients: what one may make a server hold, beside what any connection may. */
export const mqttLimits = {
  /** Bytes of a packet that is no PUBLISH: a SUBSCRIBE of many filters is the longest. */
  mqttControlBytesMax: 16 * 1024,
  /** Properties of a packet, user properties among them. */
  mqttPropertiesMax: 64,
  /** Messages that a client is sent and has not acknowledged, and the other way round. */
  mqttInFlightMax: 128,
  /** What the identifier of a message of QoS 2 costs until it is released. */
  mqttReceivedBytes: 64,
  /** Names that a client gives topics for the time of its connection. */
  mqttAliasesMax: 16,
  /** Topics to which one client subscribes: its inbox, and the groups that a connection may follow. */
  mqttSubscriptionsMax: 202,
  /** Filters in one SUBSCRIBE. */
  mqttFiltersPerPacketMax: 64,
  /** Users and groups to which one connection writes: a number is kept of each. */
  mqttConversationsMax: 10_000,
  /** How long a message waits that no route takes, or that its user sends too fast, until the next try. */
  mqttRetryMs: 500,
  /** How long the word of what a client has acknowledged may be under way to the store. */
  mqttCursorRetryMs: 3_000,
  /** How long a client that has said that it goes may keep its connection. */
  mqttLeaveMsMax: 2_000,
  /** How long a will may wait: a server keeps it in memory. */
  mqttWillDelayMsMax: 3_600_000,
  /** Wills that wait, of all clients of a server. */
  mqttWillsMax: 10_000,
  /** Topics of which something newer came while a page of what is retained is on its way to a client. */
  mqttNewerMax: 10_000,
  /** Chosen secrets that a route stretches at a time: each takes some 200 ms of a processor. */
  stretchesMax: 64,
} as const;

/** What others may write: texts, names, lists, and what a frame holds. */
export const inputLimits = {
  /**
   * A frame is buffered whole before it is understood: connections × this is the memory a hostile
   * crowd can claim.
   */
  frameBytesMax: 1024 * 1024,
  /**
   * UTF-8 bytes of one text, with its content (proto/content.proto). Stored twice per private message,
   * and shown on a terminal.
   */
  textBytesMax: 64 * 1024,
  /**
   * Bytes of a sealed text and its content: the longest of both twice, and what sealing adds to each.
   */
  sealedBytesMax: 2 * (64 * 1024 + 113),
  /** Characters of a user name: it travels with every message. */
  nameCharactersMax: 64,
  /** Characters of a group name: part of a store key. */
  groupNameCharactersMax: 64,
  /** Named groups of one user: each is read, and its place told, at every login. */
  groupsPerUserMax: 100,
  /** Members of one named group: listed as one value when an owner leaves. */
  groupMembersMax: 20_000,
  /** Characters of a group's title: told to every member at every change. */
  groupTitleCharactersMax: 128,
  /** Admins of one named group: kept, and told to every member, as one value. */
  groupAdminsMax: 20,
  /** Invitations to one named group that were not used: kept until they are, or the group ends. */
  groupInvitedMax: 1_000,
  /** Invitations to one user that are listed: of more the newest. Those that are not listed count as well. */
  invitationsPerUserMax: 100,
  /**
   * Users removed from one named group: told to its servers as one value. Of more the first are
   * forgotten, and may join again.
   */
  groupRemovedMax: 1_000,
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
  /** Characters of a secret that a person chose: it is brought into a normal form. */
  secretCharactersMax: 1_024,
  /** Characters of a token: read, and compared, before anything is known of who shows it. */
  tokenCharactersMax: 8 * 1024,
  /** Characters of what a search looks for. */
  keywordCharactersMax: 256,
  /** Characters of `next` of a history: a name and a number of each timeline of a user. */
  historyPositionCharactersMax: 48 * 1024,
  /** Characters of a host name: the bound of the domain name system. */
  hostCharactersMax: 253,
  /** Characters of `host:port`, with the brackets of IPv6, or of a server's instance. */
  serverNameCharactersMax: 253 + 2 + 6,
  /** Endpoints in the address of a role: what a server listens on is a handful. */
  roleEndpointsMax: 16,
  /** Characters of that address as text: recorded with each session, and sent with what is told of it. */
  roleAddressCharactersMax: 2_048,
  /** Bytes that a proxy may send behind the fixed part of a binary PROXY header: a few extensions. */
  proxyHeaderBytesMax: 2_048,
  /** Characters of the URL under which an endpoint is called from outside. */
  publicUrlCharactersMax: 512,
  /** Characters of a process's instance, or of its version, as others tell them. */
  instanceCharactersMax: 128,
  /** Characters of what a node of the registry holds: whoever may write there may write anything. */
  registryNodeCharactersMax: 4_096,
  /** Characters of one value in a file, a variable or a flag. */
  settingCharactersMax: 8_192,
  /** 32 bytes in base64url, and room for a caller's mistake to be told of. */
  loginKeyCharactersMax: 64,
  /** The same of the public key of a pair. */
  publicKeyCharactersMax: 64,
  /** A sealed private key: kept per account, and told with it. */
  wrappedKeyCharactersMax: 512,
  /** Accounts whose public keys one request may ask for. */
  keysPerRequestMax: 100,
  /** Characters of what a key of an application is for. */
  labelCharactersMax: 64,
  /** Characters of the id of an application's key; cim draws 16. */
  apiKeyIdCharactersMax: 64,
  /** Keys of applications: listed as one answer. */
  apiKeysMax: 1_000,
  /** The largest user id: ids cross JSON and protobuf numbers, so they stay exact in JavaScript. */
  userIdMax: Number.MAX_SAFE_INTEGER,
  /** Texts in one HTTP batch (`batchMsg`); all are stored before the answer. */
  batchTextsMax: 1_000,
  /** Accounts, or messages, of another system in one request. */
  importBatchMax: 100,
  /**
   * Bytes of a frame before the login: whoever has not logged in claims little memory. A login's
   * largest part is its token.
   */
  loginFrameBytesMax: 16 * 1024,
  /** Properties of a Java peer's frame: it sends two or three. */
  propertiesMax: 32,
  /** Characters of the name or the value of one: numbers, as a rule. */
  propertyCharactersMax: 1_024,
} as const;

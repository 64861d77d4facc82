/**
 * The commands of proto/cim.proto as constants: generated enums are objects, and these are compared
 * for every frame.
 */
export const command = {
  login: 0,
  message: 1,
  ping: 2,
  offline: 3,
  read: 16,
  ack: 17,
  welcome: 18,
  close: 19,
  hint: 20,
  group: 21,
} as const;

/**
 * The version of the cim wire that this build speaks; neighbours one version apart work together.
 */
export const protocolVersion = 1;

/** The group that everybody online is in. */
export const lobby = 'lobby';

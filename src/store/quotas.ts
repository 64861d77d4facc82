/**
 * How much one sender may put where others read. Above half of what a timeline keeps its owner's
 * unread messages are counted by sender; what exceeds a quota is refused by the append itself. A
 * message takes one *place*, and one more for each `timelineBytesMax / (2 × messagesMax)` bytes that
 * it has beyond that, so that counts bound bytes as well.
 *
 * The rate of one sender in bytes (`limits.sendBytesPerSecondMax`) is none of the store's: whoever
 * takes in what clients send holds it.
 */
import { limits } from '../base/limits.ts';

export interface Quotas {
  /** Bytes of messages that one timeline keeps; no log exceeds twice as much. */
  readonly timelineBytesMax: number;
  /** Places of all to whom the receiver has never written, as a part of what is kept. */
  readonly strangersShare: number;
  /** Places of one of these. */
  readonly strangerPlacesMax: number;
  /** Places of one to whom the receiver has written. */
  readonly contactPlacesMax: number;
  /** What one account may take of what the lobby keeps, within `groupShareMs`; 1: it is not counted. */
  readonly lobbyShare: number;
  /** The same of a named group, unless its owner has set another share. */
  readonly groupShare: number;
  readonly groupShareMs: number;
}

export const quotasByDefault: Quotas = {
  timelineBytesMax: limits.timelineBytesMax,
  strangersShare: limits.strangersShare,
  strangerPlacesMax: limits.strangerPlacesMax,
  contactPlacesMax: limits.contactPlacesMax,
  lobbyShare: limits.lobbyShare,
  groupShare: limits.groupShare,
  groupShareMs: limits.groupShareMs,
};

/**
 * What a message may hold: a text; or what is sealed in its place, in a group under its key; and with
 * either a content, sealed as the text is (proto/content.proto).
 */
import { limits } from '../base/limits.ts';
import { lobby } from './commands.ts';

export interface ContentSize {
  readonly group: string;
  readonly textBytes: number;
  /** 0: nothing is sealed. */
  readonly sealedBytes: number;
  /** 0: there is none. */
  readonly contentBytes: number;
  /** The epoch of the group's key under which it is sealed; 0: it is not. */
  readonly keyEpoch: number;
}

/** Null: it may be sent, as far as can be seen of itself. Nobody could open what is sealed for the lobby. */
export function contentRefusal({
  group,
  textBytes,
  sealedBytes,
  contentBytes,
  keyEpoch,
}: ContentSize): 'too-long' | 'invalid-argument' | 'not-encrypted' | null {
  const isSealed = sealedBytes > 0;
  if (isSealed && textBytes > 0) return 'invalid-argument';
  // The key of a group, and of nobody else.
  if (isSealed && group === lobby) return 'not-encrypted';
  if ((isSealed && group !== '') !== keyEpoch > 0) return 'invalid-argument';
  const bytesMax = isSealed ? limits.sealedBytesMax : limits.textBytesMax;
  return textBytes + sealedBytes + contentBytes > bytesMax ? 'too-long' : null;
}

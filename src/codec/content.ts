/**
 * What a message may hold: a text; or, to one user, what is sealed in its place; and with either a
 * content, sealed as the text is (proto/content.proto).
 */
import { limits } from '../base/limits.ts';

export interface ContentSize {
  readonly group: string;
  readonly textBytes: number;
  /** 0: nothing is sealed. */
  readonly sealedBytes: number;
  /** 0: there is none. */
  readonly contentBytes: number;
}

/** Null: it may be sent. Nobody could open what is sealed for a group. */
export function contentRefusal({
  group,
  textBytes,
  sealedBytes,
  contentBytes,
}: ContentSize): 'too-long' | 'invalid-argument' | null {
  const isSealed = sealedBytes > 0;
  if (isSealed && (group !== '' || textBytes > 0)) return 'invalid-argument';
  const bytesMax = isSealed ? limits.sealedBytesMax : limits.textBytesMax;
  return textBytes + sealedBytes + contentBytes > bytesMax ? 'too-long' : null;
}

/** What a message may hold: a text; or, to one user, what is sealed in its place. */
import { limits } from '../base/limits.ts';

export interface ContentSize {
  readonly group: string;
  readonly textBytes: number;
  /** 0: nothing is sealed. */
  readonly sealedBytes: number;
}

/** Null: it may be sent. Nobody could open what is sealed for a group. */
export function contentRefusal({
  group,
  textBytes,
  sealedBytes,
}: ContentSize): 'too-long' | 'invalid-argument' | null {
  if (textBytes > limits.textBytesMax || sealedBytes > limits.sealedBytesMax) return 'too-long';
  if (sealedBytes > 0 && (group !== '' || textBytes > 0)) return 'invalid-argument';
  return null;
}

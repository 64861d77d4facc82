/** WebCrypto, and what is said where there is none. */
import { CimError } from '../errors.ts';

/** Throws `no-web-crypto`. */
export function webCrypto(): typeof crypto.subtle {
  // Types say that it is always there.
  const { subtle } = (globalThis.crypto ?? {}) as Partial<typeof crypto>;
  if (subtle) return subtle;
  throw new CimError('no-web-crypto');
}

/** What WebCrypto refuses things by. */
const refusals: readonly unknown[] = [
  'DataError',
  'InvalidAccessError',
  'NotSupportedError',
  'OperationError',
];

/** It has refused what it was given: that was altered, say, or is of another key. */
export function isOfWebCrypto(error: unknown): boolean {
  return refusals.includes((error as Partial<Error> | null | undefined)?.name);
}

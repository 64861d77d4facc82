/**
 * The header under which a caller repeats a request without harm: `Idempotency-Key`, as the IETF
 * draft of that name has it, but bare as most callers send it.
 */
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

export const idempotencyKeyHeader = 'idempotency-key';

/** Undefined if there is none. Throws `invalid-argument`. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const { idempotencyKeyCharactersMax } = limits;
  if (header.length > idempotencyKeyCharactersMax) {
    refuse(`must have at most ${idempotencyKeyCharactersMax} characters`);
  }
  if (typeof header !== 'string' || !/^[ -~]+$/.test(header)) {
    refuse('must be printable ASCII, and not empty');
  }
  return header;
}

function refuse(expectation: string): never {
  throw new CimError('invalid-argument', `Idempotency-Key: ${expectation}`);
}

/** What a command tells its shell when it ends. */
import { CimError, type ErrorName } from './errors.ts';

/** sysexits.h, as docs/reference/errors.md lists them. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 64,
  unavailable: 69,
  notAllowed: 77,
  badConfig: 78,
} as const;

const exitCodeByError: Partial<Record<ErrorName, number>> = {
  usage: exitCodes.usage,
  'bad-config': exitCodes.badConfig,
  unavailable: exitCodes.unavailable,
  'port-taken': exitCodes.unavailable,
  'no-server': exitCodes.unavailable,
  busy: exitCodes.unavailable,
  'not-allowed': exitCodes.notAllowed,
  unauthenticated: exitCodes.notAllowed,
  'account-mismatch': exitCodes.notAllowed,
  'wrong-name': exitCodes.notAllowed,
  'name-taken': exitCodes.notAllowed,
  'id-taken': exitCodes.notAllowed,
  'account-deleted': exitCodes.notAllowed,
};

export function exitCodeOf(error: unknown): number {
  return (error instanceof CimError && exitCodeByError[error.kind]) || exitCodes.failure;
}

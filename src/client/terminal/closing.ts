/**
 * Says why the cluster has ended a session, what the person can do about it, and which exit code
 * that is.
 */
import { exitCodeOf, exitCodes } from '../../base/exit-codes.ts';
import { closeCodes } from '../../codec/close-codes.ts';
import type { ClientEvents, User } from '../sdk/index.ts';
import { personText } from './view/heads.ts';

type Closing = ClientEvents['closed'];

/** `hasToken`: an application's token lets in, not a secret. */
export function closingReason(
  { reason, code, error }: Closing,
  user: User,
  hasToken: boolean,
): string {
  const who = personText(user.userId, user.userName);
  if (code === 'secret-changed')
    return `the secret of ${who} was changed: come back with the new one, by --secret or CIM_SECRET`;
  if (code === 'account-deleted')
    return `the account ${who} was deleted: its id is never used again, its name is free`;
  if (hasToken) return reason;
  if (error?.kind === 'account-mismatch') {
    return (
      `this is not the secret of ${who}: give it by --secret or CIM_SECRET. ` +
      'A device that has it tells it: :secret show. ' +
      `If none has, cim admin reset-secret ${user.userId} makes a new one; what was encrypted before cannot be read then.`
    );
  }
  if (error?.kind === 'unauthenticated')
    return `${reason}; --secret, or --token where an application has the users, proves who you are`;
  return reason;
}

/** Close codes all come as one kind of error: their names say more. */
export function exitCodeOfClosing({ code, error }: Closing): number {
  if (code in closeCodes) {
    const isNotAllowed =
      code === 'not-allowed' || code === 'secret-changed' || code === 'account-deleted';
    return isNotAllowed ? exitCodes.notAllowed : exitCodes.failure;
  }
  return exitCodeOf(error);
}

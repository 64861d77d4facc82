/** What the store's answer to a registration means to whoever asked for it. */
import { CimError } from '../../base/errors.ts';
import type { Account, RegistrationResult } from '../../store/accounts.ts';

/** Throws `name-taken`, `id-taken` or `account-deleted`. */
export function registeredAccount(result: RegistrationResult): Account {
  if (result.status === 'deleted') throw new CimError('account-deleted');
  const { account } = result;
  if (result.status === 'name-taken') {
    throw new CimError(
      'name-taken',
      `the name ${JSON.stringify(account.name)} belongs to user ${account.userId}`,
    );
  }
  if (result.status === 'id-taken') {
    throw new CimError('id-taken', `user ${account.userId} bears another name`);
  }
  return account;
}

/** Stands in for what the stores do not have yet. */
import { CimError } from '../base/errors.ts';
import type { Accounts } from './accounts.ts';
import type { ApiKeys } from './api-keys.ts';

function unwritten(): never {
  throw new CimError('internal', 'not written yet');
}

export class UnwrittenAccounts implements Omit<Accounts, 'register' | 'get'> {
  credential = unwritten;
  replaceSecret = unwritten;
  revoke = unwritten;
  offerKeys = unwritten;
  keyPair = unwritten;
  publicKeys = unwritten;
}

export const unwrittenApiKeys: ApiKeys = {
  add: unwritten,
  find: unwritten,
  list: unwritten,
  remove: unwritten,
};

/**
 * The key pairs of accounts, for what only the devices of both sides are to read. The private half
 * comes and goes sealed: nobody here can open it.
 */
import { CimError } from '../../base/errors.ts';
import type { RouteOperations } from '../operations.ts';
import type { OperationsContext } from './context.ts';

export function keyOperations({
  store,
  authentication,
}: OperationsContext): Pick<RouteOperations, 'publishKey' | 'ownKey' | 'publicKeys'> {
  const { accounts } = store;

  /** Where anybody may be anybody, a key tells nothing. */
  function assertProven(): void {
    if (authentication.mode !== 'open') return;
    throw new CimError('not-allowed', 'there are no keys with --auth open: nobody is proven there');
  }

  return {
    async publishKey(userId, pair) {
      assertProven();
      if (!/^[\w-]{43}$/.test(pair.publicKey)) {
        throw new CimError('invalid-argument', 'publicKey: must be 32 bytes in base64url');
      }
      if (!/^[\w-]+$/.test(pair.wrappedKey)) {
        throw new CimError('invalid-argument', 'wrappedKey: must be base64url');
      }
      const kept = await accounts.offerKeys(userId, pair);
      if (!kept) throw new CimError('account-mismatch', 'userId: there is no such account');
      return kept;
    },

    async ownKey(userId) {
      assertProven();
      return accounts.keyPair(userId);
    },

    async publicKeys(userIds) {
      assertProven();
      return accounts.publicKeys(userIds);
    },
  };
}

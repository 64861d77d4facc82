/** The keys of applications. */
import { drawApiKey } from '../../auth/api-key.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { RouteOperations } from '../operations.ts';
import type { OperationsContext } from './context.ts';

export function apiKeyOperations({
  store,
  clock,
}: OperationsContext): Pick<RouteOperations, 'createApiKey' | 'apiKeys' | 'revokeApiKey'> {
  return {
    async createApiKey(label, scope) {
      if (/\p{C}/u.test(label)) {
        throw new CimError('invalid-argument', 'label: must not hold control characters');
      }
      const { id, key, hash } = drawApiKey();
      const created = { id, label, scope, createdAt: clock.now() };
      if (!(await store.apiKeys.add({ ...created, hash }))) {
        throw new CimError('too-many', `there may be ${limits.apiKeysMax} keys`);
      }
      return { ...created, key };
    },

    async apiKeys() {
      const keys = await store.apiKeys.list();
      return keys.map(({ id, label, scope, createdAt }) => ({ id, label, scope, createdAt }));
    },

    async revokeApiKey(id) {
      if (await store.apiKeys.remove(id)) return;
      throw new CimError('not-found', 'id: there is no such key');
    },
  };
}

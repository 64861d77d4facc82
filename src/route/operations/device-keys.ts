/** The keys of devices. */
import { drawDeviceKey } from '../../auth/device-key.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { formatTopicRight, parseTopicRight } from '../../base/topics/topic-right.ts';
import type { RouteOperations } from '../operations.ts';
import type { OperationsContext } from './context.ts';

/** It stands in topics, and in keys of stores. */
const namePattern = /^[\w.@-]+$/;

export function deviceKeyOperations({
  store,
  clock,
}: OperationsContext): Pick<RouteOperations, 'createDeviceKey' | 'deviceKeys' | 'revokeDeviceKey'> {
  return {
    async createDeviceKey(name, allow) {
      if (!namePattern.test(name))
        throw new CimError('invalid-argument', 'name: may hold letters, digits and . _ - @');
      const rights = allow.map((each) => formatTopicRight(parseTopicRight(each)));
      const { id, key, hash } = drawDeviceKey();
      const created = { id, name, allow: rights, createdAt: clock.now() };
      if (!(await store.deviceKeys.add({ ...created, hash }, limits.deviceKeysMax)))
        throw new CimError('too-many', `there may be ${limits.deviceKeysMax} keys of devices`);
      return { ...created, key };
    },

    async deviceKeys(after) {
      const { keys, next } = await store.deviceKeys.page(after);
      return { keys: keys.map(({ hash: _, ...info }) => info), next };
    },

    async revokeDeviceKey(id) {
      if (await store.deviceKeys.remove(id)) return;
      throw new CimError('not-found', 'id: there is no such key');
    },
  };
}

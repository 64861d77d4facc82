/** What servers ask a route about topics: who bears a key of a device, to publish, and which values are retained. */
import {
  type IdentifyDeviceEntry,
  type IdentifyDeviceResult,
  type PublishEntry,
  type RetainedEntry,
  type RetainedResult,
  type RouteApi,
  routeMethods,
} from '../../api/route-api.ts';
import { deviceKeyId, matchesDeviceKey } from '../../auth/device-key.ts';
import { CimError, errorTable } from '../../base/errors.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import type { Store } from '../../store/store.ts';
import type { TopicPublisher } from './publisher.ts';
import { readRetained } from './retained-page.ts';

export interface TopicCallsOptions {
  readonly store: Pick<Store, 'deviceKeys' | 'retained'>;
  readonly publisher: Pick<TopicPublisher, 'publish'>;
  readonly bugs: Pick<Bugs, 'caught'>;
}

const unauthenticated: IdentifyDeviceResult = {
  ...{ id: '', name: '', allow: [] },
  code: Number(errorTable.unauthenticated.code),
};

export function createTopicCalls({
  store,
  publisher,
  bugs,
}: TopicCallsOptions): Pick<RouteApi, 'identifyDevice' | 'publish' | 'retained'> {
  const codeOf = (error: unknown, what: string) => {
    const kind = error instanceof CimError ? error.kind : 'busy';
    return Number(errorTable[bugs.caught(error, what) ? 'internal' : kind].code);
  };
  const { identifyDevice, retained } = routeMethods;
  return {
    identifyDevice: (entries, answer) => {
      for (const [index, entry] of entries.entries())
        identify(store, entry).then(
          (result) => answer(index, result),
          (error: unknown) =>
            answer(index, {
              ...identifyDevice.unanswered,
              code: codeOf(error, 'identifying a device'),
            }),
        );
    },
    publish: (entries, answer) => {
      for (const [index, entry] of entries.entries())
        void publisher.publish(publicationOf(entry)).then((result) => answer(index, result));
    },
    retained: (entries, answer) => {
      for (const [index, entry] of entries.entries())
        retainedOf(store, entry).then(
          (result) => answer(index, result),
          (error: unknown) =>
            answer(index, { ...retained.unanswered, code: codeOf(error, 'reading topics') }),
        );
    },
  };
}

/** What a link leaves out as 0 or empty is no property of its own, so a spread would lose it. */
function publicationOf(entry: PublishEntry): PublishEntry {
  const { topic, owner, clientId, body, retain, lifeMs } = entry;
  return { topic, owner, clientId, body, retain, lifeMs };
}

/** `unauthenticated` for a key that is not known, or was revoked. */
async function identify(
  { deviceKeys }: Pick<Store, 'deviceKeys'>,
  { key }: IdentifyDeviceEntry,
): Promise<IdentifyDeviceResult> {
  const id = deviceKeyId(key);
  const found = id === undefined ? null : await deviceKeys.find(id);
  if (!found || !matchesDeviceKey(key, found.hash)) return unauthenticated;
  return { code: 0, id: found.id, name: found.name, allow: found.allow };
}

async function retainedOf(
  store: Pick<Store, 'retained'>,
  { filter, after }: RetainedEntry,
): Promise<RetainedResult> {
  const { values, next } = await readRetained(store, filter, after);
  return {
    code: 0,
    topics: values.map(({ topic }) => topic),
    numbers: values.map(({ number }) => number),
    bodies: values.map(({ body }) => body),
    expiries: values.map(({ expiresAt }) => expiresAt),
    next: next ?? '',
  };
}

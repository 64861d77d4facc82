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
import { limits } from '../../base/limits.ts';
import type { Bugs } from '../../base/process/bugs.ts';
import { covers, literalPrefixOf, parseTopicFilter } from '../../base/topics/topic.ts';
import type { Store } from '../../store/store.ts';
import type { TopicPublisher } from './publisher.ts';

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
        readRetained(store, entry).then(
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

/** A page of the values whose topics a filter matches; it may be empty, and not the last. */
async function readRetained(
  { retained }: Pick<Store, 'retained'>,
  { filter: written, after }: RetainedEntry,
): Promise<RetainedResult> {
  const { filter } = parseTopicFilter(written);
  const prefix = literalPrefixOf(filter);
  const place = after === '' ? {} : { after };
  const { values, next } = await retained.page({
    ...{ prefix, ...place },
    limit: limits.retainedPageMax,
  });
  const matching = values.filter(({ topic }) => covers(filter, topic));
  return {
    code: 0,
    topics: matching.map(({ topic }) => topic),
    numbers: matching.map(({ number }) => number),
    bodies: matching.map(({ body }) => body),
    expiries: matching.map(({ expiresAt }) => expiresAt),
    next: next ?? '',
  };
}

// Goal: what is published reaches every live server once, in the order of its client, and a retained value
// is kept before anybody is told. Method: a route over a store in memory, called as servers call it.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../../src/api/batch-call.ts';
import { type PublishEntry, retaining } from '../../../../src/api/route-api.ts';
import { errorTable } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { RouteHarness } from '../../../support/route-harness.ts';

let route: RouteHarness;
beforeEach(async () => {
  route = await RouteHarness.start({ otherServers: ['another'] });
});

const codeOf = (kind: keyof typeof errorTable) => Number(errorTable[kind].code);

function entryOf(topic: string, fields: Partial<PublishEntry> = {}): PublishEntry {
  return {
    ...{ topic, owner: 'd:lamp', clientId: 'c', body: Buffer.from(`of ${topic}`) },
    ...{ retain: retaining.not, lifeMs: 0 },
    ...fields,
  };
}

const publish = (entry: PublishEntry) => callOne(route.core.api.publish, entry);
const retained = (filter: string, after = '') =>
  callOne(route.core.api.retained, { filter, after });

describe('publishing', () => {
  test('every live server is told, of this very process, and nothing is kept', async () => {
    expect(await publish(entryOf('a/b'))).toEqual({ code: 0, number: 0 });
    expect(route.published).toHaveLength(2);
    expect(new Set(route.published.map(({ instance }) => instance)).size).toBe(2);
    expect(route.published[1]?.instance).toBe('another');
    const { retain, topic, owner, clientId, body } = entryOf('a/b');
    expect(route.published[0]).toMatchObject({ topic, owner, clientId, body, number: 0, retain });
    expect((await retained('#')).topics).toEqual([]);
  });

  test('a retained value is kept, and told with its number; so is its removal', async () => {
    const kept = await publish(entryOf('a', { retain: retaining.keep }));
    expect(kept.number).toBeGreaterThan(0);
    expect(await retained('a')).toMatchObject({ topics: ['a'], numbers: [kept.number], next: '' });
    const empty = { retain: retaining.remove, body: Buffer.alloc(0) };
    const removed = await publish(entryOf('a', empty));
    expect(removed.number).toBeGreaterThan(kept.number);
    expect((await retained('a')).topics).toEqual([]);
    expect(new Set(route.published.map(({ number }) => number))).toEqual(
      new Set([kept.number, removed.number]),
    );
    expect(await publish(entryOf('a', empty))).toEqual({ code: 0, number: 0 });
  });

  test('what one client publishes is told in its order, though a part of it waits for the store', async () => {
    const { store } = route;
    let goOn = () => {};
    const { keep } = store.retained;
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    store.retained.keep = async (...asked) => {
      await waiting;
      return keep.apply(store.retained, asked);
    };
    const first = publish(entryOf('a', { retain: retaining.keep }));
    const second = publish(entryOf('a', { body: Buffer.from('later') }));
    await publish(entryOf('b', { clientId: 'another' }));
    expect(new Set(route.published.map(({ topic }) => topic))).toEqual(new Set(['b']));
    goOn();
    await Promise.all([first, second]);
    const ofA = route.published
      .filter(({ topic }) => topic === 'a')
      .map(({ body }) => Buffer.from(body).toString());
    expect([...new Set(ofA)]).toEqual(['of a', 'later']);
  });

  test('what has no room is refused, and goes to nobody', async () => {
    route.store.retained.keep = async () => ({ status: 'no-room', of: 'owner' });
    const entry = entryOf('a', { retain: retaining.keep });
    expect(await publish(entry)).toEqual({ code: codeOf('too-many'), number: 0 });
    expect(route.published).toEqual([]);
  });

  test.each([
    [entryOf('a/+'), 'invalid-argument'],
    [entryOf('cim/u/1'), 'invalid-argument'],
    [entryOf('$SYS/a'), 'invalid-argument'],
    [entryOf('a', { body: Buffer.alloc(limits.publicationBytesMax + 1) }), 'too-long'],
  ] as const)('%# is refused for good', async (entry, kind) => {
    expect(await publish(entry)).toEqual({ code: codeOf(kind), number: 0 });
    expect(route.published).toEqual([]);
  });

  test('a store that cannot be reached is busy, and what comes behind goes on', async () => {
    await route.store.close();
    route.store.retained.keep = async () => {
      throw new Error('gone');
    };
    const failed = publish(entryOf('a', { retain: retaining.keep }));
    const next = publish(entryOf('a'));
    expect((await failed).code).not.toBe(0);
    expect((await next).code).toBe(0);
  });
});

test('retained values are found by filter, in pages', async () => {
  for (const topic of ['a/1/x', 'a/2/x', 'a/2/y', 'b', 'a'])
    await publish(entryOf(topic, { retain: retaining.keep, lifeMs: 3_600_000 }));
  expect((await retained('a/+/x')).topics).toEqual(['a/1/x', 'a/2/x']);
  expect((await retained('$share/pool/a/#')).topics).toEqual(['a', 'a/1/x', 'a/2/x', 'a/2/y']);
  const page = await retained('#', 'a/2/x');
  expect(page.topics).toEqual(['a/2/y', 'b']);
  expect(page.expiries.every((at) => at > 0)).toBe(true);
  expect(page.bodies.map((body) => Buffer.from(body).toString())).toEqual(['of a/2/y', 'of b']);
  expect((await retained('a+')).code).toBe(codeOf('invalid-argument'));
});

test('who bears a key of a device is told by it, until it is revoked', async () => {
  const { operations, api } = route.core;
  const { key, id } = await operations.createDeviceKey('lamp', ['pub t/%u']);
  const identify = (shown: string) => callOne(api.identifyDevice, { key: shown });
  expect(await identify(key)).toEqual({ code: 0, id, name: 'lamp', allow: ['pub t/%u'] });
  const refused = { code: codeOf('unauthenticated'), id: '', name: '', allow: [] };
  const other = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
  for (const shown of ['', 'cimd_', other, key.replace('cimd', 'cimk')])
    expect(await identify(shown)).toEqual(refused);
  await operations.revokeDeviceKey(id);
  expect(await identify(key)).toEqual(refused);
});

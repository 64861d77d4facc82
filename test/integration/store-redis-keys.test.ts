/** What the store leaves in Redis, and what it makes of what others left there: crashes between two steps, old state, foreign values. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { limits } from '../../src/base/limits.ts';
import { Keys, scheduleShard } from '../../src/store/redis/keys.ts';
import { scripts } from '../../src/store/redis/scripts.ts';
import { userTimeline } from '../../src/store/timelines.ts';
import { nextUserId, opening } from '../contract/store/users.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type OpenedStore, openRedisStore, Writer } from '../support/redis-store.ts';
import { waitUntil } from '../support/wait-until.ts';

const keys = new Keys('cim');
let redis: TestRedis;
let opened: OpenedStore;

beforeAll(async () => {
  redis = await startRedis();
  opened = await openRedisStore(redis.address);
});

describe('a registration that crashed between its steps', () => {
  const freshName = () => `Crashed ${nextUserId()}`;
  const register = (name: string, userId?: number) =>
    opened.store.accounts.register({ name, ...(userId === undefined ? {} : { userId }) });
  /** The first step alone: what a route leaves that dies after it. */
  const claim = (name: string, userId: number) =>
    redis.command('EVAL', scripts.claimName.text, '1', keys.name(name), `${userId}`, '');
  /** As if the claim had been made so long ago. */
  const claimedBefore = (name: string, userId: number, ageMs: number) =>
    redis.command('SET', keys.name(name), `${userId}:${Date.now() - ageMs}`);
  const create = (name: string, userId: number, deadlineMs: number) =>
    redis.command(
      'EVAL',
      scripts.createAccount.text,
      '2',
      keys.account(userId),
      keys.watchers(userTimeline(userId)),
      name,
      `${deadlineMs}`,
      '',
    );

  test.each([
    ['without an id', false],
    ['with the same id', true],
  ])('is completed by the next one for the name, %s', async (_, asked) => {
    const [name, userId] = [freshName(), nextUserId()];
    await claim(name, userId);
    const account = { userId, name };
    const registered = { status: 'registered', account, created: true };
    expect(await register(name, asked ? userId : undefined)).toEqual(registered);
    expect(await register(name)).toEqual({ ...registered, created: false });
    expect(await opened.store.accounts.get([userId])).toEqual([account]);
  });

  test('belongs to the secret of who completed it', async () => {
    const [name, userId] = [freshName(), nextUserId()];
    await claim(name, userId);
    await opened.store.accounts.register({ name, verifier: 'second' });
    // The route that had claimed it takes its second step late, but in time.
    await create(name, userId, Date.now() + 1_000);
    expect(await opened.store.accounts.credential(userId)).toMatchObject({ verifier: 'second' });
  });

  test('holds the name for a while against another id', async () => {
    const [name, userId, other] = [freshName(), nextUserId(), nextUserId()];
    await claim(name, userId);
    expect(await register(name, other)).toEqual({
      status: 'name-taken',
      account: { userId, name },
    });
    expect(await opened.store.accounts.get([userId, other])).toEqual([null, null]);
  });

  test('is replaced when its claim is too old, and can not be finished then', async () => {
    const [name, userId, other] = [freshName(), nextUserId(), nextUserId()];
    await claimedBefore(name, userId, limits.nameClaimMs + 1_000);
    expect(await register(name, other)).toMatchObject({
      account: { userId: other },
      created: true,
    });
    // The route that had claimed it wakes up and takes its second step.
    const deadline = Date.now() - limits.nameClaimMs / 2;
    expect(await create(name, userId, deadline)).toBe('late');
    expect(await opened.store.accounts.get([userId])).toEqual([null]);
    expect(await register(name, userId)).toMatchObject({ status: 'name-taken' });
  });

  test('is completed even when its own time for that has passed', async () => {
    const [name, userId] = [freshName(), nextUserId()];
    await claimedBefore(name, userId, limits.nameClaimMs * 0.75);
    expect(await register(name)).toMatchObject({ account: { userId, name }, created: true });
  });

  test('with an id that went to another name does not hold its own', async () => {
    const [name, winner, userId] = [freshName(), freshName(), nextUserId()];
    await claim(name, userId);
    await register(winner, userId);
    expect(await register(name, userId)).toMatchObject({
      status: 'id-taken',
      account: { name: winner },
    });
    expect(await register(name)).toMatchObject({ status: 'registered', created: true });
    expect(await register(winner)).toMatchObject({ account: { userId }, created: false });
  });

  test('a drawn id that is in use is passed over', async () => {
    const [name, ahead] = [freshName(), Date.now() + 10_000_000];
    await redis.command('SET', keys.lastUserId(), `${ahead}`);
    await register(freshName(), ahead + 1);
    expect(await register(name)).toMatchObject({ account: { userId: ahead + 2 }, created: true });
  });
});

describe('retention', () => {
  test('a timeline unused for long loses its messages, never its counter or what it has taken', async () => {
    // Long enough for a machine that is late now and then.
    const ageMs = 4_000;
    const { store } = await openRedisStore(redis.address, {
      retention: { messagesMax: 100, ageMs },
    });
    const writer = new Writer();
    const read = () => store.timelines.read({ timeline: writer.timeline, after: 0, limit: 10 });
    const start = performance.now();
    await writer.write(store);
    await waitUntil('some time has passed', () => performance.now() - start > ageMs * 0.7);
    await writer.write(store);
    // In use again: the first is still there when its own time is up.
    await waitUntil('its time is up', () => performance.now() - start > ageMs * 1.2);
    expect(await read()).toMatchObject({ head: 2, first: 1 });
    await waitUntil('all are gone', async () => (await read()).messages.length === 0);
    expect(performance.now() - start).toBeGreaterThan(ageMs * 1.7);
    expect(await read()).toEqual({ messages: [], head: 2, first: 3, rewound: false });
    expect(await store.timelines.append([{ ...writer.next(), sendSeq: 2 }])).toMatchObject([
      { status: 'taken', duplicates: 1, seq: 2 },
    ]);
    expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 3 });
    expect(await read()).toMatchObject({ head: 3, first: 3, messages: [{ seq: 3 }] });
  });

  test.each(['is lost', 'has gone back'])(
    'a number that %s while the log lives: the next append goes on behind the log, in one step',
    async (what) => {
      const { store } = await openRedisStore(redis.address);
      const writer = new Writer();
      for (let count = 0; count < 20; count += 1) await writer.write(store);
      if (what === 'is lost') await redis.command('DEL', keys.head(writer.timeline));
      else await redis.command('SET', keys.head(writer.timeline), '3');
      expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 21 });
      expect(await store.timelines.heads([writer.timeline])).toEqual([21]);
      expect(await writer.write(store)).toMatchObject({ status: 'taken', seq: 22 });
      expect(await writer.stored(store)).toEqual(writer.sent);
    },
  );

  test('everything that is kept for a while only has an end, also after a skip', async () => {
    const { store } = opened;
    const writer = new Writer();
    const skip = writer.conversation.append(writer.timeline, 1, []);
    const run = writer.conversation.append(writer.timeline, 2, ['text 2']);
    await store.timelines.append([skip]);
    await store.timelines.append([run]);
    const leftMs = async (key: string) => Number(await redis.command('PTTL', key));
    const source = await leftMs(keys.source(writer.timeline, writer.conversation.source));
    expect(source).toBeGreaterThan(limits.sourceStateMs - 10_000);
    expect(source).toBeLessThan(limits.sourceStateMs * 1.1);
    const log = await leftMs(keys.log(writer.timeline));
    expect(log).toBeGreaterThan(3_600_000 - 10_000);
    expect(log).toBeLessThan(3_600_000 * 1.1);
    expect(await leftMs(keys.head(writer.timeline))).toBe(-1);

    const schedule = { id: 'a', owner: nextUserId(), payload: new Uint8Array() };
    await store.schedules.create(schedule, 0);
    await store.schedules.finish([schedule]);
    const cancelled = { ...schedule, id: 'b' };
    await store.schedules.create(cancelled, 0);
    await store.schedules.cancel(cancelled);
    for (const { id, owner } of [schedule, cancelled]) {
      const sent = keys.sent(scheduleShard(owner), `${owner}.${id}`);
      expect(await leftMs(sent)).toBeGreaterThan(limits.sourceStateMs - 10_000);
    }
    const shard = scheduleShard(schedule.owner);
    expect(
      await redis.command(
        'EXISTS',
        keys.plan(schedule.owner),
        keys.due(shard),
        keys.payloads(shard),
      ),
    ).toBe('0');

    const { owner } = schedule;
    await store.requests.claim({ owner, key: 'key', fingerprint: 'f', epochHex: '00' });
    const request = await leftMs(keys.request(owner, 'key'));
    expect(request).toBeGreaterThan(limits.idempotencyKeyMs - 10_000);
    expect(request).toBeLessThanOrEqual(limits.idempotencyKeyMs);
  });

  test('an ephemeral device leaves nothing but how far it has read', async () => {
    const { store } = opened;
    const writer = new Writer();
    await writer.write(store);
    const userId = Number(writer.timeline.slice(2));
    const report = opening(userId, { ephemeral: true });
    await store.sessions.open([report]);
    await store.sessions.acknowledge([{ userId, device: report.device, seq: 1 }]);
    await store.sessions.close([report]);
    expect(await redis.command('EXISTS', keys.devices(userId))).toBe('0');
    expect(await redis.command('HGET', keys.talk(userTimeline(userId)), 'shown')).toBe('1');
    expect(await redis.command('EXISTS', keys.watchers(writer.timeline))).toBe('0');
  });
});

test('a page of large messages is cut, and goes on with the next', async () => {
  const { store } = opened;
  const writer = new Writer();
  const texts = Array.from({ length: 100 }, (_, index) =>
    `${index}`.padEnd(limits.textBytesMax, 'x'),
  );
  for (const [index, text] of texts.entries()) {
    await store.timelines.append([writer.conversation.append(writer.timeline, index + 1, [text])]);
  }
  let [after, pages] = [0, 0];
  while (after < texts.length) {
    const { messages } = await store.timelines.read({
      timeline: writer.timeline,
      after,
      limit: 100,
    });
    expect(messages[0]?.seq).toBe(after + 1);
    const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
    expect(bytes).toBeLessThan(limits.pageBytesMax + 2 * limits.textBytesMax);
    after = messages.at(-1)!.seq;
    pages += 1;
  }
  expect(pages).toBeGreaterThan(10);
});

test('a key that holds something else is a mistake for its own timeline only', async () => {
  const { store, log } = opened;
  const [broken, ...others] = Array.from({ length: 5 }, () => new Writer());
  await redis.command('SET', keys.log(broken!.timeline), 'somebody else’s');
  const answered: [index: number, status: string][] = [];
  await expect(
    store.timelines.append(
      [broken!, ...others].map((writer) => writer.next()),
      (index, { status }) => answered.push([index, status]),
    ),
  ).rejects.toMatchObject({ name: 'CimError', kind: 'internal' });
  expect(answered).toEqual([1, 2, 3, 4].map((index) => [index, 'taken']));
  expect(log).toContainEqual(
    expect.objectContaining({ level: 'error', message: 'redis refused a call' }),
  );
  await expect(
    store.timelines.read({ timeline: broken!.timeline, after: 0, limit: 1 }),
  ).rejects.toMatchObject({
    name: 'CimError',
    kind: 'internal',
  });
});

test('the keys of a user are on one node of a cluster, and no two names give one key', () => {
  const tagOf = (key: string) => /\{([^}]*)\}/.exec(key)?.[1];
  const user = [
    keys.log('u:7'),
    keys.head('u:7'),
    keys.source('u:7', 'any}{thing'),
    keys.devices(7),
    keys.account(7),
    keys.groupsOf(7),
    keys.request(7, 'any}{thing'),
  ];
  expect(new Set(user.map(tagOf))).toEqual(new Set(['u:7']));
  const group = [keys.log('g:a'), keys.group('a'), keys.members('g:a'), keys.roll('a')];
  expect(new Set(group.map(tagOf))).toEqual(new Set(['g:a']));
  const shard = scheduleShard(7);
  const schedule = [keys.due(shard), keys.payloads(shard), keys.plan(7), keys.sent(shard, '7.a}b')];
  expect(new Set(schedule.map(tagOf)).size).toBe(1);
  expect(keys.log('g:a}b')).not.toBe(keys.log('g:a'));
  expect(tagOf(keys.log('g:a}b'))).not.toBe('g:a');
  expect(keys.source('g:a', 'b}:c')).not.toBe(keys.source('g:a}:b', 'c'));
  expect(keys.log('g:%7D')).not.toBe(keys.log('g:}'));
});

/**
 * A right of the user of Redis is taken away between two commands of a script: what was asked for is done
 * as a whole or not at all. Given back, and asked again, it is as if the right had been there all the time.
 */
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { CimError } from '../../src/base/errors.ts';
import { lobby } from '../../src/codec/commands.ts';
import type { MarkMove } from '../../src/store/marks.ts';
import type { RedisStore } from '../../src/store/redis/redis-store.ts';
import { rightsNeeded } from '../../src/store/redis/scripts.ts';
import { type Append, groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { opening } from '../contract/store/users.ts';
import { Conversation } from '../support/messages.ts';
import { startRedis } from '../support/redis.ts';
import { openRedisStore } from '../support/redis-store.ts';
import { documentedUser, makeUser } from '../support/redis-user.ts';
import { onTeardown } from '../support/teardown.ts';

const password = 'of cim';
const [amy, bob, cid] = [1001, 1002, 1003];
const messagesMax = 8;
const kinds =
  'log head watch from talk counts dev group members roll standing invited removed groups acct name last-id id salt api-keys request due later plan sent marks delivered read'.split(
    ' ',
  );
const long = 'x'.repeat(3_000);

type Step = (store: RedisStore, redis: Redis) => Promise<unknown>;

/** The same conversation and numbers each time. */
function append(
  to: number | string,
  sendSeq: number,
  texts: readonly string[],
  from = amy,
): Append {
  const timeline = typeof to === 'number' ? userTimeline(to) : groupTimeline(to);
  const run = new Conversation(from, to, 'abcdefabcdefabcd').append(timeline, sendSeq, texts);
  return to === 'cooks' ? { ...run, onlyIfMember: from } : run;
}

/** To a user, with the own copy. */
function send(to: number, sendSeq: number, texts: readonly string[], from = amy): Append[] {
  const run = append(to, sendSeq, texts, from);
  return [run, { ...run, timeline: userTimeline(from) }];
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);
const sends =
  (...runs: readonly Append[]): Step =>
  async (store) => {
    for (const run of runs) await store.timelines.append([run]);
  };
const together =
  (...runs: readonly Append[]): Step =>
  (store) =>
    store.timelines.append(runs);
const all =
  (...steps: readonly Step[]): Step =>
  async (store, redis) => {
    for (const step of steps) await step(store, redis);
  };
const nothing = all();
const open =
  (userId: number, fields: Parameters<typeof opening>[1] = {}): Step =>
  (store) =>
    store.sessions.open([opening(userId, { sessionId: 7, ...fields })]);
const schedule = { id: 'tea', owner: amy, payload: Buffer.from('tea') };
const createsGroup: Step = (store) => store.groups.create('cooks', amy, 'all');
const joins =
  (userId: number): Step =>
  (store) =>
    store.groups.join('cooks', userId);
const withAmy = { peer: amy, group: '' };
const mark: Omit<MarkMove, 'group'> = {
  ...{ reader: bob, from: amy, epochHex: 'abcdefabcdefabcd', sendSeq: 1, seq: 1 },
  kind: 'read',
  isQuiet: false,
};
const pair = { publicKey: 'public', wrappedKey: 'wrapped' };
const registers: Step = (store) =>
  store.accounts.register({ name: 'Amy', userId: amy, verifier: 'first' });
const changesSecret =
  (wrappedKey: string | null): Step =>
  (store) =>
    store.accounts.replaceSecret({
      userId: amy,
      expected: 'first',
      verifier: 'second',
      wrappedKey,
    });
const offersKeys: Step = (store) => store.accounts.offerKeys(amy, pair);

const cases: Readonly<Record<string, readonly [before: Step, asked: Step]>> = {
  'a first message': [nothing, together(...send(bob, 1, ['one']))],
  'a next one': [together(...send(bob, 1, ['one'])), together(...send(bob, 2, ['two', 'three']))],
  'one of which some was taken': [
    together(...send(bob, 1, ['one'])),
    together(...send(bob, 1, ['one', 'two'])),
  ],
  'long ones': [together(...send(bob, 1, [long])), together(...send(bob, 2, [long, long]))],
  'a skip': [nothing, together(append(bob, 1, []))],
  'two timelines': [nothing, together(append(bob, 1, ['one']), append(cid, 1, ['one']))],
  'one of a stranger while room is short': [
    sends(append(bob, 1, many(4), cid)),
    together(...send(bob, 1, ['one'])),
  ],
  'another one of a stranger': [
    sends(append(bob, 1, many(4), cid), append(bob, 1, ['one'])),
    together(...send(bob, 2, ['two'])),
  ],
  'of a stranger, refused in part': [
    sends(append(bob, 1, many(4), cid)),
    together(...send(bob, 1, many(5))),
  ],
  'refused before': [
    sends(append(bob, 1, many(4), cid), append(bob, 1, many(5))),
    together(...send(bob, 5, ['five', 'six'])),
  ],
  'of somebody known while room is short': [
    sends(...send(amy, 1, ['hello'], bob), append(bob, 1, many(4), cid)),
    together(...send(bob, 1, ['one'])),
  ],
  'of a stranger once all was read': [
    all(
      sends(append(bob, 1, many(5), cid)),
      open(bob),
      (store) => store.sessions.acknowledge([{ userId: bob, device: 'phone', seq: 5 }]),
      sends(append(bob, 6, many(4), cid)),
    ),
    together(append(bob, 1, ['one'])),
  ],
  'of somebody blocked': [
    (store) => store.conversations.block(bob, amy),
    together(...send(bob, 1, ['one'])),
  ],
  'while the head is lost': [
    all(sends(append(bob, 1, many(3))), (_, redis) => redis.del('cim:head:{u:1002}')),
    together(append(bob, 4, ['four'])),
  ],
  'own copies, many': [
    sends(...Array.from({ length: 62 }, (_, at) => send(bob, at + 1, ['one'])[1] as Append)),
    all(...[63, 64, 65, 66].map((sendSeq) => together(send(bob, sendSeq, ['one'])[1] as Append))),
  ],
  'the lobby, much of it': [
    together({ ...append(lobby, 1, many(60)), isExempt: true }),
    together({ ...append(lobby, 61, many(5)), isExempt: true }),
  ],
  'the lobby, up to a share': [
    together(append(lobby, 1, many(3))),
    together(append(lobby, 4, many(3))),
  ],
  'a group': [all(createsGroup, joins(bob)), together(append('cooks', 1, many(2)))],
  'a group of others': [createsGroup, together(append('cooks', 1, many(2), bob))],
  'a group up to a share': [
    all(createsGroup, together(append('cooks', 1, many(2)))),
    together(append('cooks', 3, many(4))),
  ],
  'a connection': [sends(append(bob, 1, ['one'])), open(bob)],
  'the next connection': [open(bob), open(bob, { connectionNumber: 2, sessionId: 8 })],
  'a Java connection': [nothing, open(bob, { device: 'java', connectionNumber: 0 })],
  'a connection of one device too many': [
    async (store, redis) => {
      for (let at = 0; at < 100; at += 1)
        await redis.hset('cim:dev:{u:1002}', `+d${at}`, `1:0:${5_000_000 + at}:0`);
      await open(amy)(store, redis);
    },
    open(bob),
  ],
  ...Object.fromEntries(
    [true, false].map((ephemeral): [string, [Step, Step]] => [
      `the end of a connection${ephemeral ? ', ephemeral' : ''}`,
      [
        open(bob, { ephemeral }),
        (store) => store.sessions.close([{ userId: bob, device: 'phone', connectionNumber: 1 }]),
      ],
    ]),
  ),
  'the end of one of two': [
    all(open(bob), open(bob, { device: 'desk' })),
    (store) => store.sessions.close([{ userId: bob, device: 'phone', connectionNumber: 1 }]),
  ],
  'an acknowledgement': [
    all(open(bob), sends(append(bob, 1, ['one']))),
    (store) => store.sessions.acknowledge([{ userId: bob, device: 'phone', seq: 1 }]),
  ],
  'a block': [nothing, (store) => store.conversations.block(bob, amy)],
  'a block of somebody known': [
    sends(...send(amy, 1, ['hello'], bob)),
    (store) => store.conversations.block(bob, amy),
  ],
  'the end of a block': [
    (store) => store.conversations.block(bob, amy),
    (store) => store.conversations.unblock(bob, amy),
  ],
  'the end of a block of somebody known': [
    all(sends(...send(amy, 1, ['hello'], bob)), (store) => store.conversations.block(bob, amy)),
    (store) => store.conversations.unblock(bob, amy),
  ],
  'a flag': [nothing, (store) => store.conversations.setFlag(bob, withAmy, 'muted', true)],
  'the end of a flag': [
    (store) => store.conversations.setFlag(bob, withAmy, 'muted', true),
    (store) => store.conversations.setFlag(bob, withAmy, 'muted', false),
  ],
  'a mark of what was read': [
    together(...send(bob, 1, ['one', 'two'])),
    (store) => store.marks.move([{ ...mark, group: '' }]),
  ],
  'a new group': [nothing, createsGroup],
  'a group with a head': [(_, redis) => redis.setex('cim:head:{g:cooks}', 60, 3), createsGroup],
  'a member': [createsGroup, joins(bob)],
  'a member leaves': [all(createsGroup, joins(bob)), (store) => store.groups.leave('cooks', bob)],
  'an owner leaves': [all(createsGroup, joins(bob)), (store) => store.groups.leave('cooks', amy)],
  'the last one leaves': [
    all(createsGroup, together(append('cooks', 1, ['one']))),
    (store) => store.groups.leave('cooks', amy),
  ],
  'a group’s title': [
    createsGroup,
    (store) => store.groups.change('cooks', amy, { kind: 'set', title: 'Cooks', sharePercent: 5 }),
  ],
  'a member is removed': [
    all(createsGroup, joins(bob)),
    (store) => store.groups.change('cooks', amy, { kind: 'remove', userId: bob }),
  ],
  'a removed member is invited': [
    all(createsGroup, joins(bob), (store) =>
      store.groups.change('cooks', amy, { kind: 'remove', userId: bob }),
    ),
    (store) => store.groups.change('cooks', amy, { kind: 'invite', userId: bob }),
  ],
  'a place in a group': [
    all(createsGroup, together(append('cooks', 1, ['one']))),
    (store) => store.groups.acknowledge([{ userId: amy, group: 'cooks', seq: 1 }]),
  ],
  interest: [
    nothing,
    (store) => store.timelines.addInterest(lobby, { instance: 'one', address: 'host:1:2' }),
  ],
  'the end of interest': [
    (store) => store.timelines.addInterest(lobby, { instance: 'one', address: 'host:1:2' }),
    (store) => store.timelines.removeInterest(lobby, 'one'),
  ],
  'an account': [nothing, registers],
  'a pair of keys': [registers, offersKeys],
  'a new secret': [all(registers, offersKeys), changesSecret('wrapped anew')],
  'a new secret without the keys': [all(registers, offersKeys), changesSecret(null)],
  'a schedule': [nothing, (store) => store.schedules.create(schedule, 60_000)],
  'the end of a schedule': [
    (store) => store.schedules.create(schedule, 60_000),
    (store) => store.schedules.cancel(schedule),
  ],
  'a lease': [
    (store) => store.schedules.create(schedule, 0),
    (store) => store.schedules.lease(1, 60_000),
  ],
  'a schedule that was sent': [
    all(
      (store) => store.schedules.create(schedule, 0),
      (store) => store.schedules.lease(1, 60_000),
    ),
    (store) => store.schedules.finish([schedule]),
  ],
};

/** Takes a right away, and how it is given back. */
const losses: readonly [string, string[], string[]][] = [
  ...rightsNeeded.map((name): [string, string[], string[]] => [
    `without ${name}`,
    [`-${name}`],
    [`+${name}`],
  ]),
  ...kinds.map((kind): [string, string[], string[]] => [
    `without keys ${kind}`,
    ['resetkeys', ...kinds.filter((other) => other !== kind).map((other) => `~cim:${other}:*`)],
    ['resetkeys', '~cim:*'],
  ]),
];

async function startWorld() {
  const server = await startRedis();
  await makeUser([server], password);
  const { store } = await openRedisStore(
    `redis://${documentedUser}:${encodeURIComponent(password)}@${server.address}`,
    {
      retention: { messagesMax, ageMs: 3_600_000 },
      quotas: {
        timelineBytesMax: 16_384,
        strangersShare: 0.5,
        strangerPlacesMax: 3,
        contactPlacesMax: 3,
        lobbyShare: 0.5,
        groupShare: 0.5,
        groupShareMs: 60_000,
      },
    },
  );
  const redis = new Redis(server.port);
  onTeardown(() => redis.disconnect());
  const setRights = (rules: readonly string[]) => redis.acl('SETUSER', documentedUser, ...rules);
  return { store, redis, setRights };
}

const gone = '';

/** What is in Redis, without times; those of sources which say when these were refreshed last, or never. */
async function contents(redis: Redis): Promise<string> {
  const keys = (await redis.keys('cim:*')).toSorted();
  const lines = await Promise.all(
    keys
      // Of no account: where to look for who has left a group, and what was written as a test.
      .filter((key) => !/^cim:(groups|probe):/.test(key))
      .map(async (key) => {
        const type = await redis.type(key);
        // What was taken back is left to expire at once (take-back.lua).
        if (type === 'none') return gone;
        const value =
          type === 'string'
            ? await redis.get(key)
            : type === 'hash'
              ? Object.entries(await redis.hgetall(key)).toSorted()
              : type === 'zset'
                ? await redis.zrange(key, '0', '-1', 'WITHSCORES')
                : await redis.xrange(key, '-', '+');
        const lives = (await redis.pttl(key)) > 0 ? 'expires' : 'stays';
        return `${key} ${lives} ${JSON.stringify(value)}`;
      }),
  );
  const kept = lines.filter((line) => line !== gone);
  return kept.join('\n').replaceAll(/\d{13,}|(?<=:\d+:)0(?=:)/g, 'T');
}

test.each(Object.entries(cases))('%s', async (_, [before, asked]) => {
  const { store, redis, setRights } = await startWorld();
  const begin = async () => {
    await redis.flushall();
    await before(store, redis);
  };
  await begin();
  await asked(store, redis);
  const whole = [await contents(redis)];
  // The first time it was done, and said not to be.
  await asked(store, redis).catch(ofCim);
  whole.push(await contents(redis));

  const partly: string[] = [];
  for (const [loss, taken, given] of losses) {
    await begin();
    await setRights(taken);
    await asked(store, redis).catch(ofCim);
    await setRights(given);
    await asked(store, redis).catch(ofCim);
    const found = await contents(redis);
    if (!whole.includes(found)) partly.push(loss);
  }
  expect(partly).toEqual([]);
});

test('what was taken back in this very millisecond is as if it had never been', async () => {
  const { store, redis } = await startWorld();
  const first = together(...send(bob, 1, ['one']));
  await first(store, redis);
  const whole = await contents(redis);

  await redis.flushall();
  // What take-back.lua leaves behind.
  const sources = ['{u:1001}:1001.X.1002', '{u:1002}:1001.X.1002'];
  for (const source of sources) {
    await redis.set(`cim:from:${source.replace('X', 'abcdefabcdefabcd')}`, '0:0:0', 'PX', 60_000);
  }
  await first(store, redis);
  expect(await contents(redis)).toBe(whole);
});

function ofCim(error: unknown): void {
  expect(error).toBeInstanceOf(CimError);
}

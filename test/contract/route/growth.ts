/**
 * What each way in leaves in a store: a few hundred of each through a route, weighed before and
 * after, with names and keys as long as they may be. At the rates that hold by default one account
 * leaves no more of it than docs/reference/limits.md says.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { errorTable } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import type { Account } from '../../../src/store/accounts.ts';
import type { Store } from '../../../src/store/store.ts';
import {
  address,
  amy,
  bob,
  instance,
  RouteHarness,
  refusedSubmission,
  submission,
  testTokens,
  transientSubmission,
} from '../../support/route-harness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';

export interface WeighedStore {
  readonly store: Store;
  /** Bytes by kind: of keys in Redis, of tables in SQLite. */
  weigh(): Promise<ReadonlyMap<string, number>>;
  /** The kind of what timelines keep, which has bounds of its own. */
  readonly messages: string;
  /** For how many hours what is of a kind stays; for ever if it is not named. */
  readonly hours: Readonly<Record<string, number>>;
}

/** What one account, or address, may do of it: so many in an hour, or so many that are there at a time. */
type Allowance = { readonly perHour: number } | { readonly atMost: number };

interface Way {
  readonly leave: (index: number) => Promise<unknown>;
  /** Its row in docs/reference/limits.md. */
  readonly row: string;
  /** Absent: the document has no sum of it. */
  readonly allowed?: Allowance;
  /** What is left in timelines counts as well. */
  readonly withMessages?: boolean;
}

const things = 300;
/** What the first ones take, a key or a page, is not what each takes. */
const firstThings = 50;

// As long as they may be: characters of four bytes.
const longName = (index: number) =>
  `${'\u{20000}'.repeat(limits.nameCharactersMax - 5)}${10_000 + index}`;
const longGroup = (index: number) =>
  `${'\u{20000}'.repeat(limits.groupNameCharactersMax - 5)}${10_000 + index}`;
const longKey = (index: number) => `${index}`.padStart(limits.idempotencyKeyCharactersMax, 'k');
const longId = (index: number) => `${index}`.padStart(limits.scheduleIdCharactersMax, 's');
const device = 'd'.repeat(limits.deviceCharactersMax);
const loginKey = 'l'.repeat(43);
const pair = {
  publicKey: 'k'.repeat(43),
  wrappedKey: 'w'.repeat(limits.wrappedKeyCharactersMax),
};

const conversation = { perHour: limits.conversationsPerHourMax };
const groupChange = { perHour: limits.groupChangesPerHourMax };
const schedule = { perHour: limits.schedulesPerHourMax };
const idempotencyKey = { perHour: limits.idempotencyKeysPerHourMax };

const notAMember = Number(errorTable['not-a-member'].code);

const document = readFileSync('docs/reference/limits.md', 'utf8');

export function describeGrowth(openWeighed: () => Promise<WeighedStore>): void {
  let weighed: WeighedStore;
  let route: RouteHarness;
  let clock: VirtualClock;
  const users: Account[] = [];
  beforeAll(async () => {
    weighed = await openWeighed();
    clock = new VirtualClock();
    route = await RouteHarness.start({
      store: weighed.store,
      clock,
      authentication: { mode: 'secret', tokens: testTokens },
    });
    const { operations } = route.core;
    for (let index = 0; index < firstThings + things; index++)
      users.push(await operations.register({ name: `user ${index}`, loginKey }));
    await operations.createGroup(bob.userId, 'others');
  });

  const operations = () => route.core.operations;
  const user = (index: number) => users[index] as Account;

  /** As a device sends the first message of a conversation. */
  async function begin(to: number | string): Promise<number | undefined> {
    const epochHex = randomBytes(8).toString('hex');
    const [result] = await route.submit({ ...submission(1, 'a', to), epochHex });
    return result?.code;
  }

  async function taken(to: number | string): Promise<void> {
    expect(await begin(to)).toBe(0);
  }

  async function refused(to: number | string, error: keyof typeof errorTable): Promise<void> {
    const code = Number(errorTable[error].code);
    expect(await begin(to)).toBe(code);
    // Nor is anything kept of what may never be stored, wherever it goes.
    const epochHex = randomBytes(8).toString('hex');
    const unfit = { ...refusedSubmission(1, 'too-long', to), epochHex };
    expect(await route.submit(unfit)).toMatchObject([{ code }]);
  }

  const toBob = { from: amy.userId, to: bob.userId };
  async function later(id: string, delaySeconds = 3_600): Promise<void> {
    await operations().schedule({ ...toBob, id, text: 'a', delaySeconds });
  }

  async function open(index: number, ephemeral: boolean): Promise<void> {
    const { userId, name } = user(index);
    const session = { userId, userName: name, device, connectionNumber: index + 1, ephemeral };
    const at = { instance, address, sessionId: index + 1, generation: 1 };
    expect(await callOne(route.core.api.open, { ...session, ...at })).toMatchObject({ code: 0 });
  }

  async function close(index: number): Promise<void> {
    const { userId } = user(index);
    await callOne(route.core.api.close, { userId, device, connectionNumber: index + 1, instance });
  }

  /** What each of some hundred things has added, by kind. */
  async function grown(leave: Way['leave'], from: number): Promise<Map<string, number>> {
    for (let index = 0; index < firstThings; index++) await leave(from + index);
    const before = await weighed.weigh();
    for (let index = firstThings; index < firstThings + things; index++) await leave(from + index);
    const bytes = new Map<string, number>();
    for (const [kind, after] of await weighed.weigh()) {
      const more = after - (before.get(kind) ?? 0);
      if (more !== 0) bytes.set(kind, more / things);
    }
    return bytes;
  }

  const leaveNothing: Readonly<Record<string, Way['leave']>> = {
    'a message to an id without an account': (index) =>
      refused(1_000_000 + index, 'unknown-receiver'),
    'a message over HTTP to such an id': (index) =>
      expect(
        operations().sendPrivate({
          ...toBob,
          to: 1_000_000 + index,
          texts: ['a'],
          key: longKey(index),
        }),
      ).rejects.toMatchObject({ kind: 'unknown-receiver' }),
    'a message to a group that does not exist': (index) =>
      refused(longGroup(index), 'unknown-group'),
    'a message over HTTP to such a group': (index) =>
      expect(
        operations().sendGroup({ from: amy.userId, group: longGroup(index), text: 'a' }),
      ).rejects.toMatchObject({ kind: 'unknown-group' }),
    'a message that is not stored': async () => {
      expect(route.pass(transientSubmission('a'))).toEqual([0]);
      await operations().sendPrivate({ ...toBob, texts: ['a'], transient: true });
    },
    'entering a group that does not exist': (index) =>
      expect(operations().joinGroup(amy.userId, longGroup(index))).rejects.toMatchObject({
        kind: 'unknown-group',
      }),
    'a name, with an id that is another’s': (index) =>
      expect(
        operations().register({ name: longName(index), userId: bob.userId, loginKey }),
      ).rejects.toMatchObject({ kind: 'id-taken' }),
    'blocking an id without an account': (index) =>
      expect(operations().block(amy.userId, 1_000_000 + index)).rejects.toMatchObject({
        kind: 'unknown-receiver',
      }),
    'reading a group that does not exist': async (index) => {
      const group = longGroup(index);
      const interest = { group, instance, address, gone: false, version: 0 };
      const read = { userId: amy.userId, group, after: 0, afterIdentity: '', limit: 10 };
      const unknown = Number(errorTable['unknown-group'].code);
      // Its server may die before it withdraws.
      expect(await callOne(route.core.api.interest, interest)).toMatchObject({ code: unknown });
      expect(await callOne(route.core.api.read, read)).toMatchObject({ code: unknown });
    },
    'a device that is not kept, and is gone': async (index) => {
      await open(index, true);
      await close(index);
    },
    'history of a group that does not exist': (index) =>
      expect(
        operations().history({ userId: amy.userId, group: longGroup(index), limit: 1 }),
      ).rejects.toMatchObject({ kind: 'unknown-group' }),
  };

  test.each(Object.keys(leaveNothing))('%s leaves nothing', async (what) => {
    expect(await grown(leaveNothing[what] as Way['leave'], 0)).toEqual(new Map());
  });

  const ways: Readonly<Record<string, Way>> = {
    'a conversation with somebody': {
      row: 'conversations begun over TCP, also with the lobby and with groups that one is not in',
      allowed: conversation,
      leave: () => taken(bob.userId),
    },
    'a conversation with the lobby': {
      row: 'conversations begun over TCP, also with the lobby and with groups that one is not in',
      allowed: conversation,
      leave: () => taken('lobby'),
    },
    'a conversation with a group of others': {
      row: 'conversations begun over TCP, also with the lobby and with groups that one is not in',
      allowed: conversation,
      leave: async () => expect(await begin('others')).toBe(notAMember),
    },
    'the first message to somebody': {
      row: 'accounts to which nobody has written before',
      withMessages: true,
      leave: (index) => taken(user(index).userId),
    },
    'a message over HTTP': {
      row: 'messages over HTTP, each a conversation of its own',
      leave: () => operations().sendPrivate({ ...toBob, texts: ['a'] }),
    },
    'a message over HTTP to the lobby': {
      row: 'messages over HTTP, each a conversation of its own',
      leave: () => operations().sendGroup({ from: amy.userId, group: 'lobby', text: 'a' }),
    },
    'a message over HTTP with a key': {
      row: 'keys of HTTP requests, with what they send',
      allowed: idempotencyKey,
      leave: (index) => operations().sendPrivate({ ...toBob, texts: ['a'], key: longKey(index) }),
    },
    'a scheduled message that waits': {
      row: 'scheduled messages that wait',
      allowed: { atMost: limits.schedulesPerUserMax },
      leave: (index) => later(longId(index)),
    },
    'a scheduled message that was cancelled': {
      row: 'scheduled messages that were cancelled',
      allowed: schedule,
      leave: async (index) => {
        await later(longId(1_000 + index));
        await operations().cancelDelayed(amy.userId, longId(1_000 + index));
      },
    },
    'a scheduled message that was sent': {
      row: 'scheduled messages that were sent, with the conversation of each',
      allowed: schedule,
      leave: async (index) => {
        const id = longId(2_000 + index);
        await later(id, 0);
        await waitUntil('it is sent', async () => {
          await clock.advance(1_000);
          const { messages } = await operations().delayed(amy.userId);
          return messages.every((waiting) => waiting.id !== id);
        });
      },
    },
    'a group, made, written to and left': {
      row: 'groups made and left again',
      allowed: groupChange,
      withMessages: true,
      leave: async (index) => {
        const group = longGroup(1_000 + index);
        await operations().createGroup(amy.userId, group);
        await operations().sendGroup({ from: amy.userId, group, text: 'a' });
        await operations().leaveGroup(amy.userId, group);
      },
    },
    'a device': {
      row: 'devices',
      allowed: { atMost: 2 * limits.devicesPerUserMax },
      leave: async (index) => {
        await open(index, false);
        await close(index);
      },
    },
    'a registration': {
      row: 'an account, by the longest name',
      leave: (index) => operations().register({ name: longName(index), loginKey }),
    },
    'a pair of keys': {
      row: 'a pair of keys',
      leave: (index) => operations().publishKey(user(index).userId, pair),
    },
    'a block': {
      row: 'accounts that it has blocked',
      allowed: { atMost: limits.blockedPerUserMax },
      leave: (index) => operations().block(bob.userId, user(index).userId),
    },
  };

  test.each(Object.keys(ways))('%s', async (what) => {
    const { leave, withMessages, allowed, row } = ways[what] as Way;
    const bytes = await grown(leave, 0);
    if (!withMessages) bytes.delete(weighed.messages);
    const told = figuresOf(row);
    expect(each(bytes)).toBeGreaterThan(0);
    expect(each(bytes)).toBeLessThanOrEqual(told.each);
    if (allowed) expect(inAll(bytes, allowed)).toBeLessThanOrEqual(told.inAll);
  });

  function each(bytes: ReadonlyMap<string, number>): number {
    return [...bytes.values()].reduce((sum, more) => sum + more, 0);
  }

  function inAll(bytes: ReadonlyMap<string, number>, allowed: Allowance): number {
    if ('atMost' in allowed) return allowed.atMost * each(bytes);
    return [...bytes].reduce((sum, [kind, more]) => {
      const hours = weighed.hours[kind];
      if (hours === undefined) throw new Error(`it is not known how long ${kind} stays`);
      return sum + allowed.perHour * hours * more;
    }, 0);
  }
}

const units = { bytes: 1, KB: 1e3, MB: 1e6, GB: 1e9 };

/** Bytes that docs/reference/limits.md tells of what it calls so: of each, and in all. */
function figuresOf(row: string): { readonly each: number; readonly inAll: number } {
  const line = document.split('\n').find((candidate) => candidate.startsWith(`| ${row} |`));
  const [, , each = '', , inAll = ''] = (line ?? '').split('|').slice(1);
  return { each: bytesIn(each), inAll: bytesIn(inAll) };
}

function bytesIn(figure: string): number {
  const [, number = '', unit = ''] = /^ ([\d .]+) (bytes|KB|MB|GB)\b/.exec(figure) ?? [];
  return Number(number.replaceAll(' ', '')) * (units[unit as keyof typeof units] ?? Number.NaN);
}

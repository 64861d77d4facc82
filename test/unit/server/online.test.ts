import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { callOne } from '../../../src/api/batch-call.ts';
import type { OnlineEntry } from '../../../src/api/server-api.ts';
import { limits } from '../../../src/base/limits.ts';
import { onlineUsers } from '../../../src/route/servers/presence.ts';
import { createServerApi, type SessionTable } from '../../../src/server/server-service.ts';
import type { ClientSession } from '../../../src/server/sessions/client-session.ts';

/** A server with connections of these users. */
function serverOf(userIds: readonly number[]) {
  const connections = userIds.map(
    (userId) => ({ userId, userName: `u${userId}` }) as ClientSession,
  );
  const table: Partial<SessionTable> = { instance: 'i', sessions: () => connections };
  return createServerApi(table as SessionTable);
}

const userIds = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });

test('pages of all servers together name everybody once, by id', async () => {
  const property = fc.asyncProperty(
    fc.array(userIds, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 12 }),
    async (servers, limit) => {
      const apis = new Map(servers.map((users, index) => [`s${index}`, serverOf(users)]));
      const directory = { at: (address: string) => apis.get(address)! };
      const found: number[] = [];
      for (;;) {
        const page = { after: found.at(-1) ?? 0, limit };
        const users = await onlineUsers(
          directory as Parameters<typeof onlineUsers>[0],
          [...apis.keys()],
          page,
        );
        expect(users.every(({ userId, name }) => name === `u${userId}`)).toBe(true);
        found.push(...users.map(({ userId }) => userId));
        if (users.length < limit) break;
      }
      expect(found).toEqual([...new Set(servers.flat())].toSorted((a, b) => a - b));
    },
  );
  await fc.assert(property, { numRuns: 300 });
});

test('a page of a crowd has its bound, whatever is asked, and the first ones by id', async () => {
  const crowd = Array.from({ length: 10 * limits.onlinePageMax }, (_, index) => index + 1);
  const { online } = serverOf(crowd.toReversed());
  const ask = async (entry: OnlineEntry) => (await callOne(online, entry)).userIds;
  expect(await ask({ after: 5, limit: 3 })).toEqual([6, 7, 8]);
  expect(await ask({ after: 5, limit: 1_000_000 })).toEqual(
    crowd.slice(5, 5 + limits.onlinePageMax),
  );
  expect(await ask({ after: crowd.length, limit: 10 })).toEqual([]);
});

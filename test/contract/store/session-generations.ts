/** A session opens while its account is of the generation that the login proved, and no longer. */
import { expect, test } from '@jest/globals';
import { javaDevice, type SessionOpen } from '../../../src/store/sessions.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

export function describeSessionGenerations(fixture: StoreFixture): void {
  const sessions = () => fixture.store.sessions;
  const openOne = async (report: SessionOpen) => (await sessions().open([report]))[0];
  const revoked = { status: 'revoked' };
  const freshUser = async () => {
    const userId = nextUserId();
    await fixture.store.accounts.register({ userId, name: `Name${userId}` });
    return userId;
  };

  test('only the present one opens', async () => {
    const userId = await freshUser();
    await fixture.store.accounts.revoke(userId);
    for (const generation of [1, 3]) {
      expect(await openOne(opening(userId, { generation }))).toEqual(revoked);
    }
    expect(await sessions().of([userId])).toEqual([[]]);
    expect(await openOne(opening(userId, { generation: 2 }))).toMatchObject({ status: 'opened' });
  });

  test('0 opens whatever it is, also where there is no account', async () => {
    const userId = await freshUser();
    await fixture.store.accounts.revoke(userId);
    for (const each of [userId, nextUserId()]) {
      expect(await openOne(opening(each))).toMatchObject({ status: 'opened' });
    }
  });

  test('none opens where there is no account', async () => {
    const userId = nextUserId();
    expect(await openOne(opening(userId, { generation: 1 }))).toEqual(revoked);
    expect(await fixture.store.accounts.get([userId])).toEqual([null]);
  });

  test('a Java peer is asked for it as well', async () => {
    const userId = await freshUser();
    const report = opening(userId, { device: javaDevice, generation: 2 });
    expect(await openOne(report)).toEqual(revoked);
    expect(await openOne({ ...report, generation: 1 })).toMatchObject({
      status: 'opened',
      connectionNumber: 1,
    });
  });

  test('a session that is open is not ended, but not reported again either', async () => {
    const userId = await freshUser();
    const report = opening(userId, { generation: 1 });
    await openOne(report);
    await fixture.store.accounts.revoke(userId);
    expect(await sessions().of([userId])).toHaveLength(1);
    expect(await openOne(report)).toEqual(revoked);
    expect((await sessions().of([userId]))[0]).toMatchObject([{ device: report.device }]);
  });

  test('a refused report leaves no trace: its number is still free', async () => {
    const userId = await freshUser();
    const older = opening(userId, { connectionNumber: 1, generation: 1 });
    await openOne(older);
    const report = opening(userId, { connectionNumber: 5, generation: 7 });
    expect(await openOne(report)).toEqual(revoked);
    expect(await openOne({ ...report, connectionNumber: 4, generation: 1 })).toMatchObject({
      status: 'opened',
      replaced: { connectionNumber: 1 },
    });
  });

  test('each of a batch is asked for its own', async () => {
    const users = [await freshUser(), await freshUser(), nextUserId()];
    await fixture.store.accounts.revoke(users[1]!);
    const batch = users.map((userId) => opening(userId, { generation: 1 }));
    const anyway = opening(users[2]!);
    expect(await sessions().open([...batch, anyway])).toMatchObject([
      { status: 'opened' },
      revoked,
      revoked,
      { status: 'opened' },
    ]);
  });

  test('a replaced secret counts at once, and for whoever opens meanwhile', async () => {
    const userId = await freshUser();
    const device = (index: number) => `device ${index}`;
    const [generation, ...results] = await Promise.all([
      fixture.another.accounts.replaceSecret({
        userId,
        expected: null,
        verifier: 'v',
        wrappedKey: null,
      }),
      ...Array.from({ length: 20 }, (_, index) =>
        openOne(opening(userId, { device: device(index), generation: 1 })),
      ),
    ]);
    expect(generation).toBe(2);
    for (const result of results) expect(['opened', 'revoked']).toContain(result?.status);
    expect(await openOne(opening(userId, { device: 'late', generation: 1 }))).toEqual(revoked);
    expect(await openOne(opening(userId, { device: 'late', generation: 2 }))).toMatchObject({
      status: 'opened',
    });
  });
}

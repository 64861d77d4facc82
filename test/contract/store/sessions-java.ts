import { expect, test } from '@jest/globals';
import { javaDevice, type SessionOpen } from '../../../src/store/sessions.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

const serverA = { instance: 'instance-a', address: '10.0.0.1:9000:8081' };
const serverB = { instance: 'instance-b', address: '10.0.0.2:9000:8081' };

/** Java peers have no devices and no connection numbers of their own: the store numbers them. */
export function describeJavaSessions(fixture: StoreFixture): void {
  const sessions = () => fixture.store.sessions;
  const openJava = async (userId: number, server: typeof serverA, fields = {}) => {
    const report = opening(userId, { ...javaPeer, ...server, ...fields });
    return { report, result: (await sessions().open([report]))[0]! };
  };
  const openOf = async (userId: number) => (await sessions().of([userId]))[0]!;
  /** A moment of the store's clock that lies after everything up to now. */
  const later = async () => {
    const start = await sessions().now();
    return waitUntil('the store’s clock moves on', async () => {
      const now = await sessions().now();
      return now > start + 1 ? now : 0;
    });
  };

  test('a login at the server it was given to gets a number, its close ends it', async () => {
    const userId = nextUserId();
    await sessions().assignJava(userId, serverA.address);
    const { report, result } = await openJava(userId, serverA);
    const connectionNumber = numberOf(result);
    expect(await openOf(userId)).toEqual([sessionOf(report, connectionNumber)]);
    await sessions().close([{ userId, device: javaDevice, connectionNumber }]);
    expect(await openOf(userId)).toEqual([]);
  });

  test('a login without a /login before gets the next number', async () => {
    const userId = nextUserId();
    const first = await openJava(userId, serverA);
    const second = await openJava(userId, serverB);
    expect(numberOf(second.result)).toBeGreaterThan(numberOf(first.result));
    expect(await openOf(userId)).toEqual([sessionOf(second.report, numberOf(second.result))]);
  });

  test('a login at another server than the one given is stale', async () => {
    const userId = nextUserId();
    await sessions().assignJava(userId, serverA.address);
    expect((await openJava(userId, serverB)).result).toEqual({ status: 'stale' });
    expect((await openJava(userId, serverA)).result).toMatchObject({ status: 'opened' });
    expect((await openJava(userId, serverB)).result).toEqual({ status: 'stale' });
  });

  test('the last /login decides: a login at the server given before is stale', async () => {
    const userId = nextUserId();
    await sessions().assignJava(userId, serverA.address);
    await sessions().assignJava(userId, serverB.address);
    expect((await openJava(userId, serverA)).result).toEqual({ status: 'stale' });
    const { report, result } = await openJava(userId, serverB);
    expect(await openOf(userId)).toEqual([sessionOf(report, numberOf(result))]);
  });

  test('a /login leaves the session that is open alone until the new one opens', async () => {
    const userId = nextUserId();
    const first = await openJava(userId, serverA);
    await sessions().assignJava(userId, serverB.address);
    const open = sessionOf(first.report, numberOf(first.result));
    expect(await openOf(userId)).toEqual([open]);
    const second = await openJava(userId, serverB);
    expect(second.result).toMatchObject({ status: 'opened', replaced: open });
  });

  test('a second TCP login without a new /login replaces the first', async () => {
    const userId = nextUserId();
    await sessions().assignJava(userId, serverA.address);
    const first = await openJava(userId, serverA);
    const second = await openJava(userId, serverA);
    expect(numberOf(second.result)).toBeGreaterThan(numberOf(first.result));
    expect(second.result).toMatchObject({
      replaced: sessionOf(first.report, numberOf(first.result)),
    });
    expect(await openOf(userId)).toEqual([sessionOf(second.report, numberOf(second.result))]);
  });

  test('the close of a replaced connection does not touch its successor', async () => {
    const userId = nextUserId();
    const first = await openJava(userId, serverA);
    const second = await openJava(userId, serverA);
    const connectionNumber = numberOf(first.result);
    await sessions().close([{ userId, device: javaDevice, connectionNumber }]);
    expect(await openOf(userId)).toEqual([sessionOf(second.report, numberOf(second.result))]);
  });

  test('the same report twice is one session; after its close it is stale', async () => {
    const userId = nextUserId();
    const { report, result } = await openJava(userId, serverA);
    expect(await sessions().open([report])).toEqual([result]);
    const connectionNumber = numberOf(result);
    await sessions().close([{ userId, device: javaDevice, connectionNumber }]);
    expect(await sessions().open([report])).toEqual([{ status: 'stale' }]);
    expect(await openOf(userId)).toEqual([]);
  });

  test('the same report once more after a /login to another server is the session that is open', async () => {
    const userId = nextUserId();
    await sessions().assignJava(userId, serverA.address);
    const { report, result } = await openJava(userId, serverA);
    await sessions().assignJava(userId, serverB.address);
    expect(await sessions().open([report])).toEqual([result]);
    expect(await openOf(userId)).toEqual([sessionOf(report, numberOf(result))]);
  });

  test('the report of an earlier connection of the same server, arriving late, is stale', async () => {
    const userId = nextUserId();
    const earlier = opening(userId, { ...javaPeer, ...serverA });
    const { report, result } = await openJava(userId, serverA);
    expect(await sessions().open([earlier])).toEqual([{ status: 'stale' }]);
    expect(await openOf(userId)).toEqual([sessionOf(report, numberOf(result))]);
  });

  test('devices of cim clients are beside it', async () => {
    const userId = nextUserId();
    const phone = opening(userId, { device: 'phone', ...serverB });
    await sessions().open([phone]);
    await sessions().assignJava(userId, serverA.address);
    expect((await openJava(userId, serverA)).result).toMatchObject({
      status: 'opened',
      replaced: null,
    });
    expect(await openOf(userId)).toHaveLength(2);
  });

  test('/offLine ends the Java session and no other, and says which', async () => {
    const userId = nextUserId();
    const phone = opening(userId, { device: 'phone' });
    await sessions().open([phone]);
    const { report, result } = await openJava(userId, serverA);
    const ended = await sessions().endJava(userId, await later());
    expect(ended).toEqual(sessionOf(report, numberOf(result)));
    expect(await openOf(userId)).toEqual([sessionOf(phone, 1)]);
    expect(await sessions().endJava(userId, await later())).toBeNull();
    // What is left of the connection changes nothing any more.
    expect(await sessions().open([report])).toEqual([{ status: 'stale' }]);
  });

  test('/offLine does not end a session that was opened after the request', async () => {
    const userId = nextUserId();
    const asked = await sessions().now();
    await later();
    const { report, result } = await openJava(userId, serverA);
    expect(await sessions().endJava(userId, asked)).toBeNull();
    expect(await openOf(userId)).toEqual([sessionOf(report, numberOf(result))]);
  });

  test('after /offLine the person can log in again', async () => {
    const userId = nextUserId();
    await sessions().assignJava(userId, serverA.address);
    await openJava(userId, serverA);
    await sessions().endJava(userId, await later());
    await sessions().assignJava(userId, serverB.address);
    const { report, result } = await openJava(userId, serverB);
    expect(result).toMatchObject({ status: 'opened', replaced: null });
    expect(await openOf(userId)).toEqual([sessionOf(report, numberOf(result))]);
  });

  test('/offLine of somebody unknown is null', async () => {
    expect(await sessions().endJava(nextUserId(), await sessions().now())).toBeNull();
  });
}

const javaPeer = { device: javaDevice, connectionNumber: 0 };

function numberOf(result: { status: string; connectionNumber?: number }): number {
  if (result.connectionNumber === undefined) throw new Error(`not opened: ${result.status}`);
  return result.connectionNumber;
}

function sessionOf(
  { ephemeral: _, generation: __, ...session }: SessionOpen,
  connectionNumber: number,
) {
  return { ...session, connectionNumber };
}

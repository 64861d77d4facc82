import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import type { Session, SessionOpen } from '../../../src/store/sessions.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import { Conversation } from '../../support/messages.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

export function describeSessions(fixture: StoreFixture): void {
  const sessions = () => fixture.store.sessions;
  const openOne = async (report: SessionOpen) => (await sessions().open([report]))[0];
  const openOf = async (userId: number) => (await sessions().of([userId]))[0];
  const sendTo = async (userId: number, count: number) => {
    const texts = Array.from({ length: count }, (_, index) => `${index}`);
    const run = new Conversation(1, userId).append(userTimeline(userId), 1, texts);
    await fixture.store.timelines.append([run]);
  };

  describe('open and close', () => {
    test('an opened session is found, and is gone after its close', async () => {
      const userId = nextUserId();
      const report = opening(userId, { connectionNumber: 7 });
      expect(await openOne(report)).toEqual({
        status: 'opened',
        connectionNumber: 7,
        replaced: null,
        cursor: 0,
        head: 0,
      });
      expect(await openOf(userId)).toEqual([sessionOf(report)]);
      await sessions().close([report]);
      expect(await openOf(userId)).toEqual([]);
    });

    test('several devices of one user are open side by side', async () => {
      const userId = nextUserId();
      const phone = opening(userId, { device: 'phone' });
      const tablet = opening(userId, { device: 'tablet', instance: 'instance-b' });
      await sessions().open([phone, tablet]);
      expect(byDevice(await openOf(userId))).toEqual([sessionOf(phone), sessionOf(tablet)]);
      await sessions().close([phone]);
      expect(await openOf(userId)).toEqual([sessionOf(tablet)]);
    });

    test('a newer connection of the device replaces the older one', async () => {
      const userId = nextUserId();
      const older = opening(userId, { connectionNumber: 1 });
      const newer = opening(userId, { connectionNumber: 2, instance: 'instance-b' });
      await openOne(older);
      expect(await openOne(newer)).toMatchObject({
        status: 'opened',
        replaced: sessionOf(older),
      });
      expect(await openOf(userId)).toEqual([sessionOf(newer)]);
    });

    test('the reports of one batch are taken in their order', async () => {
      const userId = nextUserId();
      const first = opening(userId, { connectionNumber: 1 });
      const second = opening(userId, { connectionNumber: 2 });
      expect(await sessions().open([second, first])).toMatchObject([
        { status: 'opened', replaced: null },
        { status: 'stale' },
      ]);
      const third = opening(userId, { connectionNumber: 3 });
      const fourth = opening(userId, { connectionNumber: 4 });
      expect(await sessions().open([third, fourth])).toMatchObject([
        { status: 'opened', replaced: sessionOf(second) },
        { status: 'opened', replaced: sessionOf(third) },
      ]);
    });

    test('a late open does not touch a newer connection', async () => {
      const userId = nextUserId();
      const newer = opening(userId, { connectionNumber: 5 });
      await openOne(newer);
      expect(await openOne(opening(userId, { connectionNumber: 4 }))).toEqual({ status: 'stale' });
      expect(await openOf(userId)).toEqual([sessionOf(newer)]);
    });

    test('a late open stays stale after the newer connection has closed', async () => {
      const userId = nextUserId();
      const newer = opening(userId, { connectionNumber: 5 });
      await openOne(newer);
      await sessions().close([newer]);
      expect(await openOne(opening(userId, { connectionNumber: 4 }))).toEqual({ status: 'stale' });
      expect(await openOf(userId)).toEqual([]);
    });

    test('a late close does not touch a newer connection', async () => {
      const userId = nextUserId();
      const newer = opening(userId, { connectionNumber: 5 });
      await openOne(newer);
      await sessions().close([{ ...newer, connectionNumber: 4 }]);
      expect(await openOf(userId)).toEqual([sessionOf(newer)]);
    });

    test('a close of a connection that was never reported does not touch an older one', async () => {
      const userId = nextUserId();
      const older = opening(userId, { connectionNumber: 5 });
      await openOne(older);
      await sessions().close([{ ...older, connectionNumber: 6 }]);
      await sessions().close([{ ...older, device: 'tablet' }]);
      expect(await openOf(userId)).toEqual([sessionOf(older)]);
    });

    test('the same report twice is one session, and replaces nothing', async () => {
      const userId = nextUserId();
      const report = opening(userId);
      const once = await openOne(report);
      expect(await openOne(report)).toEqual(once);
      expect(await openOf(userId)).toEqual([sessionOf(report)]);
    });

    test('a report repeated after its close opens nothing, and is told from a stale one', async () => {
      const userId = nextUserId();
      const report = opening(userId);
      await openOne(report);
      await sessions().close([report]);
      expect(await openOne(report)).toEqual({ status: 'ended' });
      expect(await openOf(userId)).toEqual([]);
    });

    test('another connection under a number that is taken is stale', async () => {
      const userId = nextUserId();
      const report = opening(userId);
      await openOne(report);
      expect(await openOne(opening(userId, { instance: 'instance-b' }))).toEqual({
        status: 'stale',
      });
      expect(await openOf(userId)).toEqual([sessionOf(report)]);
    });

    test('whatever the order in which reports arrive, the newest connection decides', async () => {
      const connection = fc.record({ closes: fc.boolean(), repeats: fc.boolean() });
      const arrivals = fc
        .array(connection, { minLength: 1, maxLength: 5 })
        .chain((connections) => {
          const reports = connections.flatMap(({ closes, repeats }, index) => {
            const connectionNumber = index + 1;
            const open = { verb: 'open', connectionNumber } as const;
            const close = { verb: 'close', connectionNumber } as const;
            return [open, ...(repeats ? [open] : []), ...(closes ? [close] : [])];
          });
          const shuffled = fc.shuffledSubarray(reports, { minLength: reports.length });
          return fc.record({ connections: fc.constant(connections), reports: shuffled });
        })
        // A server closes what it has opened: its first open comes before its close.
        .filter(({ reports }) =>
          reports.every(
            (report, index) =>
              report.verb === 'open' ||
              reports.findIndex(
                ({ verb, connectionNumber }) =>
                  verb === 'open' && connectionNumber === report.connectionNumber,
              ) < index,
          ),
        );
      await fc.assert(
        fc.asyncProperty(arrivals, async ({ connections, reports }) => {
          const userId = nextUserId();
          const connectionReports = connections.map((_, index) =>
            opening(userId, { connectionNumber: index + 1 }),
          );
          for (const { verb, connectionNumber } of reports) {
            const report = connectionReports[connectionNumber - 1]!;
            if (verb === 'open') await openOne(report);
            else await sessions().close([report]);
          }
          const newest = connectionReports.at(-1)!;
          const expected = connections.at(-1)!.closes ? [] : [sessionOf(newest)];
          expect(await openOf(userId)).toEqual(expected);
        }),
        { numRuns: 50 },
      );
    });

    test('sessions come in the order of the users asked', async () => {
      const amy = opening(nextUserId());
      const bob = opening(nextUserId());
      await sessions().open([amy, bob]);
      expect(await sessions().of([bob.userId, nextUserId(), amy.userId])).toEqual([
        [sessionOf(bob)],
        [],
        [sessionOf(amy)],
      ]);
      expect(await sessions().of([])).toEqual([]);
    });

    test('empty batches are fine', async () => {
      expect(await sessions().open([])).toEqual([]);
      await sessions().close([]);
      await sessions().acknowledge([]);
    });
  });

  describe('devices', () => {
    test('an ephemeral device leaves nothing behind', async () => {
      const userId = nextUserId();
      const report = opening(userId, { ephemeral: true, connectionNumber: 9 });
      expect(await openOne(report)).toMatchObject({ status: 'opened' });
      expect(await openOf(userId)).toEqual([sessionOf(report)]);
      await sessions().close([report]);
      await sessions().acknowledge([{ userId, device: report.device, seq: 0 }]);
      expect(await openOf(userId)).toEqual([]);
      const lower = opening(userId, { ephemeral: true, connectionNumber: 1 });
      expect(await openOne(lower)).toMatchObject({ status: 'opened' });
    });

    test('a device too many is refused while all are open, and changes nothing', async () => {
      const userId = nextUserId();
      await sessions().open(devicesOf(userId, limits.devicesPerUserMax));
      const oneMore = opening(userId, { device: 'one more' });
      expect(await openOne(oneMore)).toEqual({ status: 'too-many-devices' });
      expect(await openOf(userId)).toHaveLength(limits.devicesPerUserMax);
      // One that is known is not one more.
      const known = opening(userId, { device: 'device 3', connectionNumber: 2 });
      expect(await openOne(known)).toMatchObject({ status: 'opened' });
    });

    test('a device too many makes the store forget the one that closed longest ago', async () => {
      const userId = nextUserId();
      const devices = devicesOf(userId, limits.devicesPerUserMax);
      await sendTo(userId, 3);
      await sessions().open(devices);
      await sessions().acknowledge([
        { userId, device: 'device 5', seq: 2 },
        { userId, device: 'device 2', seq: 1 },
      ]);
      await sessions().close([devices[5]!]);
      const closed = await sessions().now();
      await waitUntil('the store’s clock moves on', async () => (await sessions().now()) > closed);
      await sessions().close([devices[2]!]);
      expect(await openOne(opening(userId, { device: 'one more' }))).toMatchObject({
        status: 'opened',
      });
      // The one that closed later is still known, with its cursor; then it has to go as well.
      expect(
        await openOne(opening(userId, { device: 'device 2', connectionNumber: 2 })),
      ).toMatchObject({ status: 'opened', cursor: 1 });
      expect(await openOne(opening(userId, { device: 'device 5' }))).toEqual({
        status: 'too-many-devices',
      });
    });

    test('ephemeral devices are counted apart, and bounded too', async () => {
      const userId = nextUserId();
      const ephemeral = devicesOf(userId, limits.devicesPerUserMax).map((report) => ({
        ...report,
        device: `ephemeral ${report.device}`,
        ephemeral: true,
      }));
      const devices = devicesOf(userId, limits.devicesPerUserMax);
      await sessions().open(devices);
      await sessions().close([devices[0]!]);
      for (const result of await sessions().open(ephemeral)) {
        expect(result.status).toBe('opened');
      }
      expect(await openOne(opening(userId, { device: 'one more', ephemeral: true }))).toEqual({
        status: 'too-many-devices',
      });
      // None of the lasting ones was forgotten for them.
      expect(await openOne({ ...devices[0]!, connectionNumber: 0 })).toEqual({ status: 'stale' });
    });
  });

  describe('cursors', () => {
    test('a device starts at what it acknowledged; head is the newest message', async () => {
      const userId = nextUserId();
      await sendTo(userId, 5);
      const report = opening(userId);
      expect(await openOne(report)).toMatchObject({ cursor: 0, head: 5 });
      await sessions().acknowledge([{ userId, device: 'phone', seq: 3 }]);
      const next = opening(userId, { connectionNumber: 2 });
      expect(await openOne(next)).toMatchObject({ cursor: 3, head: 5 });
    });

    test('acknowledgements only move forward, in one batch and in several', async () => {
      const userId = nextUserId();
      await sendTo(userId, 9);
      await openOne(opening(userId));
      const acknowledge = (seq: number) => ({ userId, device: 'phone', seq });
      await sessions().acknowledge([acknowledge(2), acknowledge(6), acknowledge(4)]);
      await sessions().acknowledge([acknowledge(5)]);
      expect(await openOne(opening(userId, { connectionNumber: 2 }))).toMatchObject({ cursor: 6 });
    });

    test('a device keeps its own cursor beside others', async () => {
      const userId = nextUserId();
      await sendTo(userId, 9);
      const phone = opening(userId, { device: 'phone' });
      const tablet = opening(userId, { device: 'tablet' });
      await sessions().open([phone, tablet]);
      await sessions().acknowledge([
        { userId, device: 'phone', seq: 8 },
        { userId, device: 'tablet', seq: 2 },
      ]);
      await sessions().close([phone, tablet]);
      expect(
        await sessions().open([
          { ...tablet, connectionNumber: 2 },
          { ...phone, connectionNumber: 2 },
        ]),
      ).toMatchObject([{ cursor: 2 }, { cursor: 8 }]);
    });

    test('a device never seen starts after the last message that any device acknowledged', async () => {
      const userId = nextUserId();
      await sendTo(userId, 9);
      const phone = opening(userId, { device: 'phone' });
      const tablet = opening(userId, { device: 'tablet' });
      await sessions().open([phone, tablet]);
      await sessions().acknowledge([
        { userId, device: 'tablet', seq: 7 },
        { userId, device: 'phone', seq: 4 },
      ]);
      await sessions().close([phone, tablet]);
      const fresh = opening(userId, { device: 'watch', ephemeral: true });
      expect(await openOne(fresh)).toMatchObject({ cursor: 7 });
    });

    test('what an ephemeral device has shown is not shown again to the next one', async () => {
      const userId = nextUserId();
      await sendTo(userId, 9);
      const first = opening(userId, { device: 'script 1', ephemeral: true });
      await openOne(first);
      await sessions().acknowledge([{ userId, device: 'script 1', seq: 5 }]);
      await sessions().close([first]);
      const second = opening(userId, { device: 'script 2', ephemeral: true });
      expect(await openOne(second)).toMatchObject({ cursor: 5 });
    });

    test('an acknowledgement of what does not exist leaves the device within the timeline', async () => {
      const userId = nextUserId();
      await sendTo(userId, 3);
      await openOne(opening(userId));
      await sessions().acknowledge([{ userId, device: 'phone', seq: 100 }]);
      await sessions().acknowledge([{ userId, device: 'phone', seq: 3 }]);
      expect(await openOne(opening(userId, { connectionNumber: 2 }))).toMatchObject({ cursor: 3 });
    });
  });

  test('the clock is in milliseconds since 1970 and the same for all routes', async () => {
    const before = await sessions().now();
    const between = await fixture.another.sessions.now();
    const after = await sessions().now();
    expect(before).toBeLessThanOrEqual(between);
    expect(between).toBeLessThanOrEqual(after);
    expect(Math.abs(between - Date.now())).toBeLessThan(60_000);
  });
}

function devicesOf(userId: number, count: number): SessionOpen[] {
  return Array.from({ length: count }, (_, index) =>
    opening(userId, { device: `device ${index}` }),
  );
}

function sessionOf({ ephemeral: _, generation: __, ...session }: SessionOpen): Session {
  return session;
}

function byDevice(sessions: readonly Session[] | undefined): Session[] {
  return (sessions ?? []).toSorted((one, other) => (one.device < other.device ? -1 : 1));
}

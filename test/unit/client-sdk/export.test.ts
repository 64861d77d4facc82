/** The order of an export, its pages, what it waits for, and how it ends. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { CimError, type HistoryPage, type HistoryQuery } from '../../../src/client/sdk/index.ts';
import {
  type ExportOptions,
  type ExportRecord,
  exportData,
} from '../../../src/client/sdk/routes/export.ts';
import { groupMembership } from '../../support/group-membership.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const amy = { userId: 2, userName: 'amy' };
const message = (seq: number) => ({
  id: `m${seq}`,
  from: 2,
  fromName: 'amy',
  to: 1,
  text: 'hi',
  seq,
  at: 0,
});
const pages: Record<string, HistoryPage> = {
  newest: { messages: [message(3), message(4)], next: 'p', expired: false },
  p: { messages: [message(1), message(2)], next: null, expired: true },
};

function exporting(
  options: ExportOptions = {},
  history = async ({ before = 'newest' }: HistoryQuery) => pages[before] as HistoryPage,
) {
  const clock = new VirtualClock();
  const waiting = { id: 's', to: 2, text: 'later', dueAt: 1 };
  const client = {
    secret: async () => 'cim_secret',
    groups: async () => [groupMembership('cooks', {})],
    blocked: async () => [amy],
    delayed: async (after?: string) =>
      after === undefined
        ? { messages: [waiting], next: 'more' }
        : { messages: [{ ...waiting, id: 't' }], next: null },
    history,
  };
  const keys = async () => ({ userName: 'bob', current: 'AAAA', earlier: ['BBBB'] });
  const platform = { clock, random: { bytes: () => new Uint8Array(), fraction: () => 0.5 } };
  const sources = { userId: 1, userName: 'bob', platform, keys, client };
  return { clock, records: exportData(sources, options) };
}

async function all(records: AsyncIterable<ExportRecord>): Promise<ExportRecord[]> {
  const found: ExportRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}

test('everything comes in its order, without the secret', async () => {
  const found = await all(exporting().records);
  const hex = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(found).toEqual([
    ...[
      {
        record: 'account',
        userId: 1,
        userName: 'bob',
        hasSecret: true,
        keys: { current: hex, earlier: [hex] },
      },
    ],
    { record: 'group', ...groupMembership('cooks', {}) },
    { record: 'blocked', ...amy },
    { record: 'delayed', id: 's', to: 2, text: 'later', dueAt: 1 },
    { record: 'delayed', id: 't', to: 2, text: 'later', dueAt: 1 },
    ...[3, 4].map((seq) => ({ record: 'message', ...message(seq) })),
    { record: 'position', before: 'p' },
    ...[1, 2].map((seq) => ({ record: 'message', ...message(seq) })),
    { record: 'end', messages: 4, expired: true },
  ]);
  expect(JSON.stringify(found)).not.toContain('cim_secret');
});

test('goes on from a position', async () => {
  expect(await all(exporting({ before: 'p' }).records)).toEqual([
    ...[1, 2].map((seq) => ({ record: 'message', ...message(seq) })),
    { record: 'end', messages: 2, expired: true },
  ]);
});

test('waits as long as a route says, and asks for the same page again', async () => {
  const asked: (string | undefined)[] = [];
  const { clock, records } = exporting({ before: 'p' }, async ({ before }) => {
    asked.push(before);
    if (asked.length === 1)
      throw new CimError('too-many-requests', 'later', { retryAfterMs: 60_000 });
    return pages['p'] as HistoryPage;
  });
  const found = all(records);
  await clock.advance(59_999);
  expect(asked).toEqual(['p']);
  await clock.advance(1);
  expect(await found).toHaveLength(3);
  expect(asked).toEqual(['p', 'p']);
});

test('gives up in the end, and at once on what is for good', async () => {
  let asked = 0;
  const { clock, records } = exporting({ before: 'p' }, async () => {
    asked += 1;
    throw new CimError('busy');
  });
  const failed = all(records).catch((error: unknown) => error);
  await clock.advance(3_600_000);
  expect(await failed).toMatchObject({ kind: 'busy' });
  expect(asked).toBe(limits.patientAttemptsMax);
  const refused = exporting({ before: 'p' }, async () => {
    throw new CimError('invalid-argument');
  });
  await expect(all(refused.records)).rejects.toMatchObject({ kind: 'invalid-argument' });
});

test('ends when it is told to, also while it waits', async () => {
  const controller = new AbortController();
  const { clock, records } = exporting({ before: 'p', signal: controller.signal }, async () => {
    throw new CimError('busy');
  });
  const failed = all(records).catch((error: unknown) => error);
  await clock.advance(0);
  controller.abort(new CimError('unavailable', 'the client was closed'));
  expect(await failed).toMatchObject({ message: 'the client was closed' });
  expect(clock.timerCount).toBe(0);
});

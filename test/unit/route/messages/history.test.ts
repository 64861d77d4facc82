/**
 * History: what matches, and that paging back shows everything that is kept exactly once and says
 * when there was more.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../../src/base/limits.ts';
import { appendOrigin, encodeClientMessage } from '../../../../src/codec/message-body.ts';
import { type HistorySource, readHistory } from '../../../../src/route/messages/history.ts';
import type { HistoryPage, HistoryQuery } from '../../../../src/route/operation-shapes.ts';
import { type TimelineId, type Timelines, userTimeline } from '../../../../src/store/timelines.ts';
import { amy, bob, RouteHarness, submission } from '../../../support/route-harness.ts';

const textsOf = ({ messages }: HistoryPage) => messages.map(({ text }) => text);

/** All pages together, oldest first. */
async function pageThrough(
  ask: (before: string | null) => Promise<HistoryPage>,
): Promise<{ texts: string[]; expired: boolean; pages: number }> {
  const texts: string[] = [];
  let before: string | null = null;
  for (let pages = 1; ; pages++) {
    const page: HistoryPage = await ask(before);
    texts.unshift(...textsOf(page));
    before = page.next;
    if (before === null) return { texts, expired: page.expired, pages };
    expect(page.expired).toBe(false);
  }
}

describe('over a store', () => {
  let route: RouteHarness;
  beforeEach(async () => {
    route = await RouteHarness.start();
  });

  test('it is what one wrote and got, and the lobby, ignoring case, oldest first', async () => {
    await route.submit(
      submission(1, 'Lunch?'),
      submission(1, 'lunch, everybody', 'lobby'),
      submission(2, 'no'),
    );
    const query = { userId: amy.userId, keyword: 'lunch', limit: 10 };
    const found = await route.core.operations.history(query);
    expect(textsOf(found)).toEqual(['Lunch?', 'lunch, everybody']);
    expect(found).toMatchObject({ next: null, expired: false });
    expect(found.messages[0]).toMatchObject({
      from: amy.userId,
      fromName: 'amy',
      to: bob.userId,
      seq: 1,
      id: `1.${'01'.repeat(8)}.2.1`,
    });
  });

  test('with one person it is only what the two exchanged', async () => {
    await route.submit(
      submission(1, 'note', amy.userId),
      submission(1, 'a'),
      submission(1, 'all', 'lobby'),
      submission(2, 'b'),
    );
    const query = { userId: amy.userId, peer: bob.userId, limit: 1 };
    const newest = await route.core.operations.history(query);
    expect(textsOf(newest)).toEqual(['b']);
    const older = await route.core.operations.history({ ...query, before: newest.next ?? '' });
    expect(textsOf(older)).toEqual(['a']);
  });

  test('a message that comes while one pages is not on an older page', async () => {
    await route.submit(submission(1, 'a'), submission(2, 'b'));
    const query = { userId: amy.userId, limit: 1 };
    const newest = await route.core.operations.history(query);
    await route.submit(submission(3, 'c'), submission(1, 'first of the lobby', 'lobby'));
    const older = await route.core.operations.history({ ...query, before: newest.next ?? '' });
    expect([textsOf(newest), textsOf(older)]).toEqual([['b'], ['a']]);
    expect(older.next).toBeNull();
  });

  test('what is not kept any more is said on the last page', async () => {
    const texts = Array.from({ length: 1_200 }, (_, index) => `m${index}`);
    for (let sent = 0; sent < texts.length; sent += 100) {
      const batch = texts.slice(sent, sent + 100);
      await route.submit(...batch.map((text, index) => submission(sent + index + 1, text)));
      // Bob reads, or his mailbox would be full.
      const [seq = 0] = await route.store.timelines.heads([userTimeline(bob.userId)]);
      await route.store.sessions.acknowledge([{ userId: bob.userId, device: 'phone', seq }]);
    }
    const query = { userId: amy.userId, limit: 200 };
    const all = await pageThrough((before) =>
      route.core.operations.history(before === null ? query : { ...query, before }),
    );
    expect(all.expired).toBe(true);
    expect(all.texts.length).toBeGreaterThanOrEqual(1_000);
    expect(all.texts.length).toBeLessThan(1_200);
    expect(all.texts).toEqual(texts.slice(-all.texts.length));
  });

  test.each([
    ['nonsense', 'nonsense'],
    ['of another user', Buffer.from('[2,false,[["",5]]]').toString('base64url')],
    ['of a group that no group can be', Buffer.from('[1,false,[["#",5]]]').toString('base64url')],
    ['with a number that is none', Buffer.from('[1,false,[["",-5]]]').toString('base64url')],
    ['with more than there can be', tokenOf(1, 103)],
    ['of another shape', Buffer.from('[1,false,{"length":0}]').toString('base64url')],
  ])('a position that is %s is refused', async (_, before) => {
    await expect(
      route.core.operations.history({ userId: amy.userId, before, limit: 1 }),
    ).rejects.toThrow("before: is not a `next` of this user's history");
  });

  test('a position names no timeline that the user may not read', async () => {
    await route.submit(submission(1, 'secret', 'lobby'));
    const before = Buffer.from('[1,false,[["cooks",5]]]').toString('base64url');
    expect(await route.core.operations.history({ userId: amy.userId, before, limit: 1 })).toEqual({
      messages: [],
      next: null,
      expired: false,
      scannedBytes: 0,
    });
  });
});

/**
 * Timelines in memory, so that thousands of histories can be paged through: each has lost its
 * oldest messages up to some number, and messages share milliseconds or come from clocks that
 * disagree.
 */
describe('paging', () => {
  const timelineNames: readonly TimelineId[] = ['u:1', 'g:lobby', 'g:cooks'];

  test('shows everything that is kept once, in the order of each timeline', async () => {
    const timeline = fc.record({
      times: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 }),
      lost: fc.nat({ max: 10 }),
    });
    const histories = fc.tuple(timeline, timeline, timeline);
    const pageLimits = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(histories, pageLimits, fc.boolean(), async (kept, limit, search) => {
        const timelines = memoryTimelines(kept);
        const query: HistoryQuery = {
          userId: 1,
          limit,
          ...(search ? { keyword: 'even' } : {}),
        };
        const { texts, expired } = await pageThrough((before) =>
          readHistory(
            timelines,
            timelineNames.map(whole),
            before === null ? query : { ...query, before },
          ),
        );
        for (const [index, name] of timelineNames.entries()) {
          const own = texts.filter((text) => text.startsWith(name));
          const { times, lost } = kept[index] as (typeof kept)[number];
          const expected = times
            .map((_, position) => textAt(name, position + 1))
            .slice(lost)
            .filter((text) => !search || text.includes('even'));
          expect(own).toEqual(expected);
        }
        expect(expired).toBe(kept.some(({ times, lost }) => times.length > 0 && lost > 0));
      }),
      { numRuns: 500 },
    );
  });

  test('goes on in the next page where a search has looked through enough', async () => {
    const times = Array.from({ length: 50_000 }, (_, index) => index);
    const timelines = memoryTimelines([{ times, lost: 0 }]);
    const query = { userId: 1, limit: 10, keyword: 'u:1 1 odd' };
    const first = await readHistory(timelines, [whole('u:1')], query);
    expect(first.messages).toEqual([]);
    const all = await pageThrough((before) =>
      readHistory(timelines, [whole('u:1')], before === null ? query : { ...query, before }),
    );
    expect(all).toEqual({ texts: ['u:1 1 odd'], expired: false, pages: 3 });
  });

  test('lets others have their turn meanwhile, though the store answers at once', async () => {
    const times = Array.from({ length: 20_000 }, (_, index) => index);
    const timelines = memoryTimelines([{ times, lost: 0 }]);
    let isSearching = true;
    const query = { userId: 1, limit: 10, keyword: 'nothing like it' };
    const search = readHistory(timelines, [whole('u:1')], query).finally(() => {
      isSearching = false;
    });
    let turns = 0;
    for (; isSearching; turns++) await nextTurn();
    await search;
    // 20 000 short messages count as 256 bytes each.
    expect(turns).toBeGreaterThanOrEqual(Math.floor((20_000 * 256) / limits.historySliceBytes));
  });

  test('goes on in the next page where a search has looked through enough bytes', async () => {
    const route = await RouteHarness.start();
    const text = 'x'.repeat(limits.textBytesMax);
    const count = Math.ceil((2.5 * limits.historyScanBytesMax) / limits.textBytesMax);
    for (let sent = 1; sent <= count; sent++) await route.submit(submission(sent, text));
    const query = { userId: amy.userId, limit: 10, keyword: 'y' };
    const found = await pageThrough((before) =>
      route.core.operations.history(before === null ? query : { ...query, before }),
    );
    expect(found).toEqual({ texts: [], expired: false, pages: 3 });
  });

  test('a page of long messages has the bytes of a page, and what is left comes next', async () => {
    const route = await RouteHarness.start();
    const texts = Array.from({ length: 20 }, (_, index) =>
      `${index}`.padEnd(limits.textBytesMax, 'x'),
    );
    for (const [index, text] of texts.entries()) await route.submit(submission(index + 1, text));
    const query = { userId: amy.userId, limit: 200 };
    const sizes: number[] = [];
    const all = await pageThrough(async (before) => {
      const page = await route.core.operations.history(
        before === null ? query : { ...query, before },
      );
      sizes.push(Buffer.byteLength(textsOf(page).join('')));
      return page;
    });
    expect(all.texts).toEqual(texts);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(limits.pageBytesMax);
  });

  test('asks each of many timelines for little', async () => {
    const asked: number[] = [];
    const timelines = memoryTimelines([]);
    const counting: Timelines = {
      ...timelines,
      readBack(timeline, before, limit, bytesMax = Infinity) {
        asked.push(bytesMax);
        return timelines.readBack(timeline, before, limit, bytesMax);
      },
    };
    const many = Array.from({ length: 102 }, (_, index): TimelineId => `g:g${index}`);
    await readHistory(counting, many.map(whole), { userId: 1, limit: 20 });
    expect(asked).toHaveLength(102);
    expect(asked.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(
      2 * limits.pageBytesMax,
    );
  });
});

function tokenOf(userId: number, groups: number): string {
  const positions = Array.from({ length: groups }, (_, index) => [`g${index}`, 1]);
  return Buffer.from(JSON.stringify([userId, false, positions])).toString('base64url');
}

/** A timeline of which everything may be read. */
function whole(timeline: TimelineId): HistorySource {
  return { timeline, after: 0 };
}

function textAt(name: TimelineId, seq: number): string {
  return `${name} ${seq} ${seq % 2 === 0 ? 'even' : 'odd'}`;
}

function memoryTimelines(
  contents: readonly { times: readonly number[]; lost: number }[],
): Timelines {
  const names: readonly TimelineId[] = ['u:1', 'g:lobby', 'g:cooks'];
  const contentOf = (timeline: TimelineId) =>
    contents[names.indexOf(timeline)] ?? { times: [], lost: 0 };
  const unused = () => {
    throw new Error('history only reads back');
  };
  return {
    append: unused,
    read: unused,
    watchers: unused,
    addInterest: unused,
    removeInterest: unused,
    async heads(timelines) {
      return timelines.map((timeline) => contentOf(timeline).times.length);
    },
    async readBack(timeline, before, limit) {
      const { times, lost } = contentOf(timeline);
      const newest = before === 0 ? times.length : Math.min(before - 1, times.length);
      const page: { seq: number; body: Uint8Array }[] = [];
      for (let seq = newest; seq > lost && page.length < limit; seq--) {
        const frame = encodeClientMessage({ to: 2, sendSeq: seq, text: textAt(timeline, seq) });
        const at = times[seq - 1] ?? 0;
        const body = appendOrigin(frame, { from: 1, fromName: 'amy', epochHex: '00', at });
        page.push({ seq, body });
      }
      return page;
    },
  };
}

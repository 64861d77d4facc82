/** Bounds that contradict each other are found when they are loaded. */
import { expect, test } from '@jest/globals';
import { assertRelations, brokenRelations } from '../../../src/base/limits/relations.ts';
import { limits } from '../../../src/base/limits.ts';

test('those there are do not', () => {
  expect(brokenRelations(limits)).toEqual([]);
});

test.each([
  [{ runBytesMax: 2 * limits.linkEntryBytesMax }, 'a run, with what a route adds'],
  [{ nameCharactersMax: 1_000 }, 'a run, with what a route adds'],
  [{ pageBytesMax: 2 * limits.linkEntryBytesMax }, 'a page, with a message beyond it'],
  [{ loginFrameBytesMax: 2 * limits.frameBytesMax }, 'a login fits a frame'],
  [{ linkSharedBytesMax: 1_000 }, 'a link takes an entry'],
  [{ pagesUnderWayMax: 1_000 }, 'pages on their way'],
  [{ processBytesMin: 1024 * 1024 }, 'the least budget'],
  [{ halfReadShare: 1 / 2 }, 'the parts of the budget'],
  [{ moveMsMax: 8_000 }, 'what a server does for its people as it stops'],
  [{ groupsPerUserMax: 10_000 }, 'a login is answered with all groups'],
  [{ tokenCharactersMax: 64 * 1024 }, 'the longest token fits a login'],
  [{ jsonValuesMax: 1_000 }, 'a body has room'],
  [{ apiKeysMax: 100_000 }, 'a list without pages'],
  [{ httpAnswerBytesMax: 1024 * 1024 }, 'the largest page fits an answer'],
  [{ historyPositionCharactersMax: 1_000 }, 'a position in a history'],
  [{ readBurstSeconds: 1 }, 'who has read nothing for a while'],
  [{ storeBatchBytesMax: 1_000 }, 'fits a call of the store'],
  [{ onlinePageMax: 100_000 }, 'a page of those online'],
  [{ transientsWaitingMax: 1_000_000 }, 'transient messages that have waited'],
  [{ deletionLookMs: 60_000 }, 'every route hears of a deletion'],
])('%j does not start', (wrong, told) => {
  expect(() => assertRelations({ ...limits, ...wrong })).toThrow(told);
});

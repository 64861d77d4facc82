// Goal: the end of a comparison hides nothing. Method: outcomes, and their text.
import { expect, test } from '@jest/globals';
import { formatCollections, formatOutcome } from '../../../../bench/compare/table.ts';
import type { Verdict } from '../../../../bench/compare/targets.ts';

function verdict(what: string, ratio: number, rest: Partial<Verdict> = {}): Verdict {
  return { what, ratio, bound: 1, isLeast: false, isReached: ratio <= 1, ...rest };
}

test('all reached, and all run', () => {
  expect(formatOutcome({ verdicts: [verdict('a', 0.9)], failures: [], leftOut: 0 })).toBe(
    '\n1 of 1 targets are reached',
  );
});

test('what was not reached, not run and left out is listed', () => {
  const lone = verdict('lone', 5, { bound: 6, isReached: true, aim: 3 });
  const least = verdict('merged', 4, { bound: 5, isLeast: true, isReached: false });
  const failure = 'redis ended with SIGKILL';
  const text = formatOutcome({
    verdicts: [verdict('a', 0.9), verdict('b', 1.25), least, lone],
    failures: [{ row: 'transient-1', system: 'redis', failure }],
    leftOut: 4,
  });
  expect(text.split('\n').slice(1)).toEqual([
    '2 of 4 targets are reached; not these:',
    '  b: 1.25, at most 1 is wanted',
    '  merged: 4.00, at least 5 is wanted',
    'reached, but not what is aimed at:',
    '  lone: 5.00, at most 6 is wanted, 3 aimed at',
    'not run, and in no target:',
    '  transient-1 on redis: redis ended with SIGKILL',
    'told to end before all was measured; left out: 4',
  ]);
});

test('what garbage collections took is told of those who tell', () => {
  const { collections, ...untold } = {
    row: 'idle-15000',
    messagesPerSecond: 0,
    cpuUsPerMessage: 0,
    cpuUsOf: {},
    loadCpuUsPerMessage: 0,
    systemBusy: 0,
    loadBusy: 0,
    p50Ms: 0,
    p99Ms: 0,
    rssPerConnection: 5_000,
    missing: 0,
    collections: { count: 127, totalMs: 593, longestMs: 17.64, heapBytes: 60.3e6 },
  };
  const text = formatCollections([
    { ...untold, system: 'relay' },
    { ...untold, system: 'cim dev', collections },
  ]);
  expect(text).toBe(
    '  cim dev: 127 garbage collections, 0.59 s in all, the longest 17.6 ms; 60 MB of objects after the last\n',
  );
});

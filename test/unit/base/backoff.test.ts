import { describe, expect, test } from '@jest/globals';
import { Backoff } from '../../../src/base/backoff.ts';

describe('Backoff', () => {
  test('doubles up to its cap, and starts small again after a success', () => {
    const backoff = new Backoff({ baseMs: 100, capMs: 1_000, random: () => 1 });
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  test('is never shorter than half: a crowd spreads, and nobody hammers', () => {
    const backoff = new Backoff({ baseMs: 100, capMs: 1_000, random: () => 0 });
    expect([backoff.next(), backoff.next()]).toEqual([50, 100]);
  });
});

/** What a device remembers of others' keys, and what it forgets first. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { isSavedPins, KeyPins } from '../../../../src/client/sdk/e2ee/key-pins.ts';

describe('pins', () => {
  test('tell the first key of somebody from another one', () => {
    const pins = new KeyPins();
    expect(pins.see(1, 'a', [])).toBe('first');
    expect(pins.see(1, 'a', [])).toBe('known');
    expect(pins.see(1, 'b', ['a'])).toBe('changed');
    expect(pins.see(1, 'a', [])).toBe('changed');
    expect(pins.of(1)?.keys).toEqual(['a', 'b']);
  });

  test('believe what was before a first or a new key, and nothing that is added later', () => {
    const pins = new KeyPins();
    pins.see(1, 'c', ['b', 'a']);
    expect(pins.of(1)?.keys).toEqual(['c', 'b', 'a']);
    pins.see(1, 'c', ['x', 'b', 'a']);
    expect(pins.of(1)?.keys).toEqual(['c', 'b', 'a']);
    pins.see(1, 'e', ['d', 'c', 'b', 'a']);
    expect(pins.of(1)?.keys).toEqual(['e', 'c', 'b', 'a', 'd']);
  });

  test('keep what was verified through a change', () => {
    const pins = new KeyPins();
    pins.see(1, 'a', []);
    pins.verify(1, 'a');
    pins.see(1, 'b', ['a']);
    expect(pins.of(1)?.verified).toBe('a');
  });

  test('are saved and loaded', () => {
    const pins = new KeyPins();
    pins.see(1, 'a', []);
    pins.see(2, 'b', ['a']);
    pins.verify(2, 'b');
    const saved: unknown = JSON.parse(JSON.stringify(pins.save()));
    const restored = new KeyPins();
    if (isSavedPins(saved)) restored.restore(saved);
    expect(restored.save()).toEqual(pins.save());
  });

  test('what is no saved pin is not taken for one', () => {
    for (const value of [
      undefined,
      {},
      [1],
      [[1]],
      [['1', { keys: ['a'], verified: null }]],
      [[1, { keys: [], verified: null }]],
      [[1, { keys: [1], verified: null }]],
      [[1, { keys: ['a'], verified: 1 }]],
      [[1, { keys: ['a'], verified: null, writtenTo: 1 }]],
    ]) {
      expect(isSavedPins(value)).toBe(false);
    }
  });

  test('are bounded: of those that were not verified the longest unused goes first', () => {
    const pins = new KeyPins();
    for (let userId = 1; userId <= limits.clientPinsMax; userId++) pins.see(userId, 'a', []);
    pins.verify(1, 'a');
    // Seen first of all, and in use since: written to, and read.
    pins.see(2, 'a', []);
    pins.standingOf(3, 'a');
    const later = [1, 2, 3].map((each) => limits.clientPinsMax + each);
    for (const userId of later) pins.see(userId, 'a', []);
    expect(pins.save()).toHaveLength(limits.clientPinsMax);
    for (const userId of [1, 2, 3, 7, ...later]) expect(pins.of(userId)).toBeDefined();
    for (const userId of [4, 5, 6]) expect(pins.of(userId)).toBeUndefined();
  });

  test('never forget who was verified, whoever writes; there are only so many', () => {
    const pins = new KeyPins();
    for (let userId = 1; userId <= limits.clientVerifiedMax; userId++) {
      pins.see(userId, 'a', []);
      expect(pins.verify(userId, 'a')).toBe(true);
    }
    const crowd = limits.clientVerifiedMax + 1;
    for (let userId = crowd; userId <= crowd + limits.clientPinsMax; userId++) {
      pins.see(userId, 'a', []);
      expect(pins.of(userId)).toBeDefined();
      expect(pins.verify(userId, 'a')).toBe(false);
    }
    for (let userId = 1; userId <= limits.clientVerifiedMax; userId++)
      expect(pins.of(userId)?.verified).toBe('a');
    expect(pins.verify(1, 'b')).toBe(true);
    expect(pins.save()).toHaveLength(limits.clientPinsMax);
  });

  test('forget nobody who was written to, whoever writes; of those the last used', () => {
    const pins = new KeyPins();
    const writtenTo = Array.from(
      { length: limits.clientWrittenToMax + 2 },
      (_, index) => index + 1,
    );
    for (const userId of writtenTo) {
      pins.see(userId, 'a', []);
      expect(pins.writeTo(userId)).toBe(true);
      expect(pins.writeTo(userId)).toBe(false);
    }
    // It is still theirs with another key.
    pins.see(3, 'b', ['a']);
    const restored = new KeyPins();
    const saved: unknown = JSON.parse(JSON.stringify(pins.save()));
    if (isSavedPins(saved)) restored.restore(saved);
    for (let stranger = 1; stranger <= 2 * limits.clientPinsMax; stranger++) {
      restored.see(1_000_000 + stranger, 'a', []);
      expect(restored.of(1_000_000 + stranger)).toBeDefined();
    }
    const forgotten = writtenTo.filter((userId) => !restored.of(userId));
    expect(forgotten).toEqual([1, 2]);
    expect(restored.save()).toHaveLength(limits.clientPinsMax);
  });

  test('of nobody who was seen are none that could be written to', () => {
    const pins = new KeyPins();
    expect(pins.writeTo(1)).toBe(false);
    expect(pins.save()).toEqual([]);
  });

  test('keep the order of their use through a save', () => {
    const pins = new KeyPins();
    for (let userId = 1; userId <= limits.clientPinsMax; userId++) pins.see(userId, 'a', []);
    pins.see(1, 'a', []);
    const restored = new KeyPins();
    restored.restore(pins.save());
    restored.see(limits.clientPinsMax + 1, 'a', []);
    expect([1, 2].map((userId) => restored.of(userId) !== undefined)).toEqual([true, false]);
  });
});

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
    ]) {
      expect(isSavedPins(value)).toBe(false);
    }
  });

  test('are bounded: those that were not verified go first', () => {
    const pins = new KeyPins();
    for (let userId = 1; userId <= limits.clientPinsMax; userId++) pins.see(userId, 'a', []);
    pins.verify(1, 'a');
    for (let userId = 1; userId <= 3; userId++) pins.see(limits.clientPinsMax + userId, 'a', []);
    expect(pins.save()).toHaveLength(limits.clientPinsMax);
    expect(pins.of(1)).toBeDefined();
    expect([2, 3, 4].map((userId) => pins.of(userId))).toEqual([undefined, undefined, undefined]);
    expect(pins.of(5)).toBeDefined();
  });
});

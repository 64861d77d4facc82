// Goal: parts of the connections that no pair of clients is cut by. Method: counts of both.
import { expect, test } from '@jest/globals';
import { partsOf } from '../../../src/bench/crew.ts';

test('the parts are all connections, in order, and pairs stay together', () => {
  for (const { connections, devices, count } of [
    { connections: 100, devices: 1, count: 1 },
    { connections: 101, devices: 1, count: 3 },
    { connections: 60, devices: 3, count: 4 },
    { connections: 2, devices: 1, count: 5 },
  ]) {
    const parts = partsOf({ connections, devices }, count);
    expect(parts.length).toBe(count);
    expect([parts[0]?.from, parts.at(-1)?.to]).toEqual([0, connections]);
    for (const [index, { from, to }] of parts.entries()) {
      expect(from).toBe(parts[index - 1]?.to ?? 0);
      expect(to).toBeGreaterThanOrEqual(from);
      expect(from % (2 * devices) === 0 || from === connections).toBe(true);
    }
  }
});

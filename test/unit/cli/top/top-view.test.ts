/** Goal: what cim top shows of roles: a line each, sorted and filtered, and what is the matter; on any screen. */
import { expect, test } from '@jest/globals';
import { faults } from '../../../../src/base/process/faults.ts';
import { sortings, type TopRole, topLines } from '../../../../src/cli/top/top-view.ts';

const common = { instance: 'i', version: '0.2.0', node: '24.0.0', at: 0, startedAt: 0 };
const nothing = {
  ...{ problems: [], warnings: [], refused: [], talkers: [] },
  ...{ settings: [], failedPushes: [] },
};
const { scope, words, remedy } = faults['store-refusals'];

const route: TopRole = {
  ...{ ...common, ...nothing, role: 'route', address: '10.0.0.1:8083' },
  now: { storedPerSecond: 120.4, storeP50Ms: 0.8, storeP99Ms: 14.2, redisUp: 1, memoryBytes: 2e8 },
  problems: [{ condition: 'store-refusals', fault: scope, reason: words, remedy, since: 0 }],
  refused: [{ what: 'messages.refused.busy', description: 'for now', perMinute: 3 }],
};
const server: TopRole = {
  ...{ ...common, ...nothing, role: 'server', address: '10.0.0.2:9000' },
  now: { connections: 7, takenPerSecond: 5, memoryBytes: 1e8, cpuPercent: 12, lagP99Ms: 30 },
  refused: [{ what: 'messages.refused.busy', description: 'for now', perMinute: 2 }],
  talkers: [{ userId: 42, perMinute: 60 }],
};
const silent: TopRole = {
  ...{ role: 'server', instance: 's', version: '0.1.0', address: '10.0.0.3:9000' },
  silent: 'no answer',
};
const all = { columns: Infinity, rows: Infinity, sorting: 'role', filter: '' } as const;

test('a line for each role, and what is the matter, refused and said below', () => {
  const lines = topLines([route, server, silent], all);
  expect(lines[1]).toMatch(
    /^route +10\.0\.0\.1:8083 +store-refusals +- +120 +0\.8 +14 +191M +- +- +up +0\.2\.0$/,
  );
  expect(lines[2]).toMatch(
    /^server +10\.0\.0\.2:9000 +well +7 +5 +- +- +95M +12% +30 +- +0\.2\.0$/,
  );
  expect(lines[3]).toMatch(/^server +10\.0\.0\.3:9000 +silent .* 0\.1\.0$/);
  expect(lines.slice(4)).toEqual([
    '',
    'What is the matter',
    `  route 10.0.0.1:8083: ${words} → ${remedy}`,
    '  server 10.0.0.3:9000: no answer',
    '',
    'Refused in the last minute',
    '  5  messages.refused.busy (for now)',
    '',
    'Who sends most, messages a minute',
    '  60  user 42',
  ]);
});

test.each(sortings)('sorted by %s', (sorting) => {
  const firsts = topLines([silent, route, server], { ...all, sorting }).slice(1, 4);
  const expected = { role: silent, memory: route, messages: route }[sorting as string] ?? server;
  expect(firsts[0]).toContain(expected.address);
});

test('filtered, by what stands anywhere in the line', () => {
  const shown = (filter: string) => topLines([route, server, silent], { ...all, filter });
  expect(shown('10.0.0.2').join('\n')).not.toContain('10.0.0.1');
  expect(shown('store-refusals').join('\n')).not.toContain('10.0.0.2');
  expect(shown('nothing has this')).toHaveLength(1);
});

test('a small screen shows what fits, and nothing of others moves its cursor', () => {
  const evil = { ...silent, silent: 'no\x1b[2Janswer' };
  const lines = topLines([route, server, evil], { ...all, columns: 40, rows: 8 });
  expect(lines).toHaveLength(8);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  expect(topLines([evil], all).join('')).not.toContain('\x1b');
});

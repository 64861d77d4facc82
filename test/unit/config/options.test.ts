// Goal: the table itself is sound. Method: properties over all entries.
import { expect, test } from '@jest/globals';
import { alternativeTo, environmentName, type Role, roles } from '../../../src/config/option.ts';
import { exclusivePairs, findOption, optionEntries } from '../../../src/config/options.ts';
import { camelCase } from '../../../src/config/settings.ts';
import { parseValue } from '../../../src/config/value.ts';

test('every default is a value that could have been given', () => {
  for (const [name, option] of optionEntries) {
    for (const value of Object.values(option.defaults)) {
      if (typeof value === 'symbol' || (typeof value === 'object' && 'folder' in value)) continue;
      if (alternativeTo(value) !== undefined) continue;
      const given = parseValue(option, String(value));
      // A list is one text with commas; ZooKeeper's port is added.
      expect([name, String(given)]).toEqual([name, String(value)]);
    }
  }
});

test('names are kebab-case, and so is everything that is derived from them one to one', () => {
  const names = optionEntries.map(([name]) => name);
  for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9]*(-[a-z]+)*$/);
  expect(new Set(names.map(environmentName)).size).toBe(names.length);
  expect(environmentName('zk-session-timeout-ms')).toBe('CIM_ZK_SESSION_TIMEOUT_MS');
  expect(camelCase('zk-session-timeout-ms')).toBe('zkSessionTimeoutMs');
});

test.each<[string, Role, unknown]>([
  ['port', 'server', 9000],
  ['port', 'route', 8083],
  ['port', 'dev', 9000],
  ['http-port', 'server', 8081],
  ['route-port', 'dev', 8083],
  ['host', 'server', '::'],
  ['host', 'dev', '127.0.0.1'],
  ['zk', 'server', '127.0.0.1:2181'],
  ['redis', 'route', '127.0.0.1:6379'],
  ['redis-prefix', 'route', 'cim'],
  ['zk-session-timeout-ms', 'route', 10_000],
  ['strategy', 'route', 'consistent-hash'],
  ['log-level', 'dev', 'warn'],
])('what users rely on: --%s of cim %s is %j', (name, role, value) => {
  expect(findOption(name)?.[1].defaults[role]).toEqual(value);
});

test('what a role may be given instead is an option of the same role', () => {
  for (const [, option] of optionEntries) {
    for (const role of roles) {
      const alternative = alternativeTo(option.defaults[role]);
      if (alternative === undefined) continue;
      expect(Object.keys(findOption(alternative)?.[1].defaults ?? {})).toContain(role);
    }
  }
});

test('options that exclude each other belong to a role in common', () => {
  for (const pair of exclusivePairs) {
    const [one, other] = pair.map((name) => Object.keys(findOption(name)?.[1].defaults ?? {}));
    expect(one?.some((role) => other?.includes(role))).toBe(true);
  }
});

// Goal: every type takes exactly its values, and nothing secret comes back out. Method: tables of
// texts per type.
import { describe, expect, test } from '@jest/globals';
import { type OptionName, optionTable } from '../../../src/config/options.ts';
import { expectation, parseValue, showText, showValue } from '../../../src/config/value.ts';

function parse(name: OptionName, text: string) {
  return parseValue(optionTable[name], text);
}

describe('values that are taken', () => {
  test.each<[OptionName, string, unknown]>([
    ['port', '0', 0],
    ['port', '65535', 65_535],
    ['user-id', '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['zk-session-timeout-ms', '2000', 2_000],
    ['minutes', '5', 5],
    ['minutes', '0.25', 0.25],
    ['json', 'true', true],
    ['json', '0', false],
    ['strategy', 'round-robin', 'round-robin'],
    ['name', '007', '007'],
    ['name', '👋'.repeat(64), '👋'.repeat(64)],
    ['host', '::', '::'],
    ['host', '[::1]', '::1'],
    ['host', 'fe80::1%eth0', 'fe80::1%eth0'],
    ['host', 'cim_server-1.example', 'cim_server-1.example'],
    ['advertise', '10.0.0.1', '10.0.0.1'],
    ['advertise', 'fd00::1', 'fd00::1'],
    ['advertise', '[FD00:0::01]', 'fd00::1'],
    ['advertise', '::ffff:10.0.0.1', '10.0.0.1'],
    ['zk', 'one', 'one:2181'],
    ['zk', 'one,two:2182', 'one:2181,two:2182'],
    ['zk', '[FD00:0::1],10.0.0.1', '[fd00::1]:2181,10.0.0.1:2181'],
    ['zk', '[::1]:2182/a/b', '[::1]:2182/a/b'],
    ['redis', 'one', 'one'],
    ['redis', 'one:7000', 'one:7000'],
    ['redis', '[::1]:7000', '[::1]:7000'],
    ['redis', 'redis://[::1]', 'redis://[::1]'],
    ['redis', 'sentinel://[::1],[fd00::2]:7/main', 'sentinel://[::1],[fd00::2]:7/main'],
    ['redis', 'redis://user:pass@one:7000/2', 'redis://user:pass@one:7000/2'],
    ['redis', 'rediss://one', 'rediss://one'],
    ['redis', 'sentinels://one,two/main', 'sentinels://one,two/main'],
    [
      'redis',
      'sentinel://:pass@one:26379,two:26379/main',
      'sentinel://:pass@one:26379,two:26379/main',
    ],
    ['route', 'http://one:8083/,https://two/cim/', ['http://one:8083', 'https://two/cim']],
    ['route', 'http://[::1]:8083', ['http://[::1]:8083']],
    ['data', ':memory:', ':memory:'],
    ['trust-proxy', '10.0.0.0/8, fd00::/8,::1', ['10.0.0.0/8', 'fd00::/8', '::1']],
    ['allow-host', 'Chat.example.org, chat', ['chat.example.org', 'chat']],
    ['allow-host', '[FD00:0::1],::1,chat', ['fd00::1', '::1', 'chat']],
    [
      'allow-origin',
      'https://Chat.example.org/,http://localhost:3000',
      ['https://chat.example.org', 'http://localhost:3000'],
    ],
  ])('--%s %s', (name, text, value) => {
    expect(parse(name, text)).toEqual(value);
  });
});

describe('values that are refused', () => {
  test.each<[OptionName, string[]]>([
    ['port', ['', ' 1', '+1', '-1', '1.0', '1e3', '0x10', '65536', 'abc', 'Infinity']],
    ['trust-proxy', ['', '10.0.0.0/33', '10.0.0/8', '::1/129', '1.2.3.4/', 'a', '1.2.3.4;::1']],
    ['allow-host', ['', 'a:80', '[::1]:80', 'https://a', 'a/b', 'a,,b', '*']],
    ['allow-origin', ['', '*', 'null', 'a', 'ftp://a', 'https://a/b', 'https://a:443', 'https://']],
    ['user-id', ['0', '9007199254740992', '9007199254740993', '-1']],
    ['zk-session-timeout-ms', ['1999', '60001']],
    ['minutes', ['', '.5', '5.', '1e3', '-1', '0.01', '10081', '0x1', '1,5']],
    ['json', ['yes', '', 'TRUE', '2']],
    ['strategy', ['', 'Random', 'constructor']],
    ['name', ['', '👋'.repeat(65)]],
    ['host', ['', '1.2.3.400', '1.2', 'a b', '-a', 'a/b', '[a]', '[::', '::1]:1', '::1/64']],
    ['advertise', ['one:9000', '', '::', '0.0.0.0', '[::]', 'fe80::1', 'fe80::1%eth0', '[one]']],
    ['zk', ['', 'one,', 'one:0', 'one:x', 'one/', 'one//a', 'one/a b', 'http://one', '::1']],
    [
      'redis',
      ['', 'one:', 'one:99999', 'http://one', 'redis://', 'redis://one,two', 'a b', ':pass@one'],
    ],
    ['redis', ['sentinel://', 'sentinels://one,', 'rediss://one:x', 'redisss://one']],
    ['route', ['', 'one:8083', 'ftp://one', 'http://', 'http://one,', 'http://a b']],
    ['data', ['']],
  ])('--%s %j', (name, texts) => {
    for (const text of texts) expect([text, parse(name, text)]).toEqual([text, undefined]);
  });
});

describe('what is shown', () => {
  test('a secret is never shown, nor where it was wrong', () => {
    expect(showValue(optionTable['cluster-secret'], 'hush')).toBe('***');
    expect(showText(optionTable['cluster-secret'], 'hush')).toBe('***');
  });

  test.each([
    ['redis://user:pass@one:7000/2', 'redis://***@one:7000/2'],
    // A password that should have been escaped.
    ['redis://user:p@ss/w@one', 'redis://***@one'],
    ['sentinel://:pass@one,two/main', 'sentinel://***@one,two/main'],
    ['redis://one?db=2&password=pass', 'redis://one?db=2&password=***'],
    ['user:pass@one', '***@one'],
    ['one:7000', 'one:7000'],
  ])('credentials in %s are masked', (text, shown) => {
    expect(showValue(optionTable.redis, text)).toBe(shown);
    expect(showText(optionTable.redis, text)).toBe(`"${shown}"`);
  });

  test('credentials in a list of URLs are masked one by one', () => {
    const urls = parse('route', 'http://a:pass@one,http://two') ?? '';
    expect(showValue(optionTable.route, urls)).toBe('http://***@one,http://two');
  });

  test('a name may hold an @', () => {
    expect(showValue(optionTable.name, 'bob@home')).toBe('bob@home');
  });

  test('the bounds are part of what is expected', () => {
    expect(expectation(optionTable['zk-session-timeout-ms'])).toBe(
      'a whole number from 2000 to 60000',
    );
    expect(expectation(optionTable.strategy)).toContain('least-connections');
  });
});

describe('the public URL of WebSockets', () => {
  test.each([
    ['wss://chat.example.org', 'wss://chat.example.org/ws'],
    ['wss://Chat.Example.org:443/ws', 'wss://chat.example.org/ws'],
    ['ws://10.0.0.1:8082/cim/ws', 'ws://10.0.0.1:8082/cim/ws'],
  ])('%s is %s', (text, url) => {
    expect(parse('public-url', text)).toBe(url);
  });

  test.each([
    'https://chat.example.org',
    'chat.example.org',
    'wss://',
    'wss://user:pass@chat.example.org/ws',
    'wss://chat.example.org/ws?token=x',
    'wss://chat.example.org/ws#x',
    `wss://${'x'.repeat(600)}.org`,
  ])('%j is none', (text) => {
    expect(parse('public-url', text)).toBeUndefined();
  });
});

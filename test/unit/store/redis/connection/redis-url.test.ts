import { describe, expect, test } from '@jest/globals';
import { parseRedisUrl } from '../../../../../src/store/redis/connection/redis-url.ts';

describe('where Redis is', () => {
  test.each([
    [
      'redis.internal',
      { addresses: [{ host: 'redis.internal', port: 6379 }], database: 0, tls: false },
    ],
    ['10.0.0.1:6380', { addresses: [{ host: '10.0.0.1', port: 6380 }] }],
    ['[::1]:6380', { addresses: [{ host: '::1', port: 6380 }] }],
    ['redis://host', { addresses: [{ host: 'host', port: 6379 }] }],
    ['redis://host:1/2', { addresses: [{ host: 'host', port: 1 }], database: 2 }],
    ['redis://host/', { database: 0 }],
    ['rediss://host:6390', { addresses: [{ host: 'host', port: 6390 }], tls: true }],
    ['redis://:secret@host', { password: 'secret' }],
    ['redis://amy:secret@host', { username: 'amy', password: 'secret' }],
    ['redis://amy:a%40b%2Fc%3A%25@host/1', { username: 'amy', password: 'a@b/c:%', database: 1 }],
    ['redis://amy:a@b/c@host/1', { password: 'a@b/c', database: 1 }],
    [
      'sentinel://one,two:1/main',
      {
        addresses: [
          { host: 'one', port: 26379 },
          { host: 'two', port: 1 },
        ],
        masterName: 'main',
      },
    ],
    ['sentinel://:secret@one/main', { masterName: 'main', password: 'secret', tls: false }],
    ['sentinels://one,two/main', { masterName: 'main', tls: true }],
  ])('%s', (url, expected) => {
    expect(parseRedisUrl(url)).toMatchObject(expected);
  });

  test('no user and no password unless given', () => {
    expect(parseRedisUrl('redis://host')).not.toHaveProperty('password');
    expect(parseRedisUrl('redis://host')).not.toHaveProperty('username');
    expect(parseRedisUrl('redis://:secret@host')).not.toHaveProperty('username');
  });

  test('what people are told holds no password', () => {
    const { description } = parseRedisUrl('redis://amy:secret@host:6379/1');
    expect(description).toBe('redis://host:6379/1');
  });

  test.each([
    ['http://host', 'the scheme http://'],
    ['host:0', 'a host, or host:port, is expected'],
    ['host:65536', 'a host, or host:port, is expected'],
    ['host:name', 'a host, or host:port, is expected'],
    ['', 'a host, or host:port, is expected'],
    ['redis://amy:secret@/1', 'a host, or host:port, is expected'],
    ['redis://one,two', 'one host is expected'],
    ['redis://host/name', 'the number of a database'],
    ['redis://amy:%zz@host', 'percent-encoded'],
    ['sentinel://one', '/master-name'],
    ['sentinel://one/a/b', '/master-name'],
  ])('%p is refused', (url, reason) => {
    const parse = () => parseRedisUrl(url);
    expect(parse).toThrow(reason);
    expect(parse).not.toThrow('secret');
    expect(parse).toThrow(expect.objectContaining({ kind: 'bad-config' }));
  });
});

// Goal: whoever asks whether the store works learns why not, and not where Redis is. Method: what
// Node.js, ioredis and Redis say when they cannot go on.
import { expect, test } from '@jest/globals';
import { describeForStrangers } from '../../../../../src/store/redis/connection/redis-errors.ts';

const hosts = ['redis.internal', '10.0.0.5', 'fd00::5'];

test.each([
  ['connect ECONNREFUSED 10.0.0.5:6379', 'connect ECONNREFUSED …'],
  ['connect ECONNREFUSED 10.9.9.9:6379', 'connect ECONNREFUSED …'],
  ['connect ECONNREFUSED fd00::5:6379', 'connect ECONNREFUSED …'],
  ['connect ECONNREFUSED ::1:6379', 'connect ECONNREFUSED …'],
  ['getaddrinfo ENOTFOUND redis.internal', 'getaddrinfo ENOTFOUND'],
  ['getaddrinfo EAI_AGAIN replica.internal', 'getaddrinfo EAI_AGAIN'],
  [
    'All sentinels are unreachable. Retrying from scratch after 50ms. Last error: connect ECONNREFUSED 10.0.0.9:26379',
    'All sentinels are unreachable. Retrying from scratch after 50ms. Last error: connect ECONNREFUSED …',
  ],
  ['MOVED 866 10.0.0.7:7001', 'MOVED 866 …'],
  ['MOVED 866 node-3.internal:7001', 'MOVED 866 …'],
  ['NOAUTH Authentication required.', 'NOAUTH Authentication required.'],
  ['LOADING Redis is loading the dataset', 'LOADING Redis is loading the dataset'],
])('%s', (message, told) => {
  expect(describeForStrangers(new Error(message), hosts)).toBe(told);
});

test('of a certificate not for whom it is', () => {
  const error = Object.assign(new Error('Hostname/IP does not match'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    cert: { subjectaltname: 'DNS:redis.internal' },
  });
  expect(describeForStrangers(error, hosts)).toBe('its certificate is for another name');
});

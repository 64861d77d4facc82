import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { ClientAddresses } from '../../../src/limits/addresses.ts';
import { Crowd } from '../../../src/limits/crowd.ts';
import { httpConnections, shareDescriptors } from '../../../src/limits/descriptors.ts';

const addresses = new ClientAddresses({ trustProxy: [], limitLoopback: false });

test('an address has so many connections, then some that are told, and no more', () => {
  const crowd = new Crowd(addresses, 2);
  expect([1, 2].map(() => crowd.enter('192.0.2.1'))).toEqual(['in', 'in']);
  for (let count = 0; count < limits.connectionsOverMax; count++)
    expect(crowd.enter('192.0.2.1')).toBe('over');
  expect(crowd.enter('192.0.2.1')).toBe('far-over');
  expect(crowd.enter('192.0.2.2')).toBe('in');
  for (let count = 0; count < limits.connectionsOverMax + 1; count++) crowd.leave('192.0.2.1');
  expect(crowd.enter('192.0.2.1')).toBe('in');
});

test('a network of IPv6 is one address; this machine has as many as it likes', () => {
  const crowd = new Crowd(addresses, 1);
  expect(crowd.enter('2001:db8::1')).toBe('in');
  expect(crowd.enter('2001:db8::2')).toBe('over');
  expect([1, 2, 3].map(() => crowd.enter('::1'))).toEqual(['in', 'in', 'in']);
});

test.each([
  [256, 1, { tcp: 112, http: 16 }],
  [1_024, 1, { tcp: 784, http: 112 }],
  [1_024, 2, { tcp: 672, http: 112 }],
  [1_000_000, 1, { tcp: 998_848, http: 1_024 }],
  [100, 2, { tcp: 38, http: 6 }],
])('%d descriptors, %d HTTP ports: never all are given away', (descriptors, ports, shares) => {
  expect(shareDescriptors(descriptors, ports)).toEqual(shares);
  expect(shares.tcp + ports * shares.http).toBeLessThan(descriptors);
});

test('what an operator sets holds', () => {
  expect(shareDescriptors(1_024, 1, 5_000).tcp).toBe(5_000);
  expect(httpConnections(1_024)).toBe(896);
  expect(httpConnections(1_024, 10)).toBe(10);
});

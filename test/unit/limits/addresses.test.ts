import { describe, expect, test } from '@jest/globals';
import { ClientAddresses, groupOf } from '../../../src/limits/addresses.ts';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2::1:2', '2001:db8:1:2::/64'],
  ['::ffff:c000:207', '192.0.2.7'],
  ['0:0:0:0:0:ffff:c000:0207', '192.0.2.7'],
  ['64:ff9b::c000:207', '192.0.2.7'],
  ['64:ff9b::192.0.2.7', '192.0.2.7'],
  ['64:ff9b:1::c000:207', '64:ff9b:1:0::/64'],
  ['[2001:db8:1:2::7]', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::7]:443', '2001:db8:1:2::/64'],
  ['192.0.2.7:443', '192.0.2.7'],
  ['chat.example:443', 'unknown'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', 'unknown'],
  ['what a proxy passed on', 'unknown'],
])('%s counts as %s', (address, group) => {
  expect(groupOf(address)).toBe(group);
});

describe('with a proxy network', () => {
  const addresses = new ClientAddresses({
    trustProxy: ['10.1.0.0/16', 'fd00::/8', '192.0.2.1'],
    limitLoopback: false,
  });

  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['10.2.0.1', false],
    ['192.0.2.1', true],
    ['192.0.2.2', false],
    ['fd12::1', true],
    ['[fd12::1]:443', true],
    ['::ffff:a01:203', true],
    ['fe80::1', false],
    ['127.0.0.1', false],
    ['', false],
  ])('the word of %s is taken: %s', (address, isTrusted) => {
    expect(addresses.isTrustedProxy(address)).toBe(isTrusted);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:7f00:1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['128.0.0.1', false],
  ['not an address', false],
])('%s is on this machine: %s', (address, isExempt) => {
  const settings = { trustProxy: [] };
  expect(new ClientAddresses({ ...settings, limitLoopback: false }).isExempt(address)).toBe(
    isExempt,
  );
  expect(new ClientAddresses({ ...settings, limitLoopback: true }).isExempt(address)).toBe(false);
});

import { networkInterfaces } from 'node:os';
import { expect, test } from '@jest/globals';
import { advertisedAddress } from '../../../src/registry/advertised-address.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

const loopback = { address: '127.0.0.1', family: 'IPv4', internal: true };
const outsideIpv6 = { address: 'fd00::5', family: 'IPv6', internal: false };
const outside = { address: '192.0.2.5', family: 'IPv4', internal: false };
const atHome = { lo: [loopback], eth0: [outsideIpv6, outside] } as unknown as Interfaces;
const alone = { lo: [loopback] } as unknown as Interfaces;

const everywhere = { host: '0.0.0.0' };

test('what the user says is told, also over a specific host', async () => {
  expect(await advertisedAddress({ advertise: 'cim.example.org', host: '10.1.2.3' }, atHome)).toBe(
    'cim.example.org',
  );
});

test('a specific host is told', async () => {
  expect(await advertisedAddress({ host: '10.1.2.3', zookeeper: '127.0.0.1:2181' }, atHome)).toBe(
    '10.1.2.3',
  );
  expect(await advertisedAddress({ host: '127.0.0.1' }, atHome)).toBe('127.0.0.1');
});

test('the interface that reaches ZooKeeper is told', async () => {
  // A documentation address: nothing is sent there, the kernel only looks up the way.
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const address = await advertisedAddress({ ...everywhere, zookeeper: '198.51.100.1:2181' }, alone);
  const reachable = own.some((each) => !each.internal && each.family === 'IPv4');
  if (reachable) expect(own.map((each) => each.address)).toContain(address);
  else expect(address).toBe('127.0.0.1');
});

test('not if that is loopback: then the first outside IPv4 address, then loopback', async () => {
  const local = { ...everywhere, zookeeper: '127.0.0.1:2181,other:2181' };
  expect(await advertisedAddress(local, atHome)).toBe('192.0.2.5');
  expect(await advertisedAddress(local, alone)).toBe('127.0.0.1');
  expect(await advertisedAddress(everywhere, atHome)).toBe('192.0.2.5');
  expect(await advertisedAddress({ host: '::' }, alone)).toBe('127.0.0.1');
});

test('a ZooKeeper whose name is unknown does not matter', async () => {
  expect(
    await advertisedAddress({ ...everywhere, zookeeper: 'no-such-host.invalid:2181' }, atHome),
  ).toBe('192.0.2.5');
});

test('an IPv6 address is told like any other', async () => {
  expect(await advertisedAddress({ host: '::1' }, atHome)).toBe('::1');
  expect(await advertisedAddress({ advertise: 'fd00::5', ...everywhere })).toBe('fd00::5');
});

test('on a machine of IPv6 alone the first outside address that is good beyond its link', async () => {
  const linkLocal = { address: 'fe80::1', family: 'IPv6', internal: false };
  const ipv6 = { lo: [loopback], eth0: [linkLocal, outsideIpv6] } as unknown as Interfaces;
  expect(await advertisedAddress({ host: '::' }, ipv6)).toBe('fd00::5');
  expect(await advertisedAddress({ host: '::', zookeeper: '[::1]:2181' }, ipv6)).toBe('fd00::5');
  const loopbackIpv6 = { address: '::1', family: 'IPv6', internal: true };
  const aloneOnIpv6 = { lo: [loopbackIpv6], eth0: [linkLocal] } as unknown as Interfaces;
  expect(await advertisedAddress({ host: '::' }, aloneOnIpv6)).toBe('::1');
  // Nobody would listen there.
  expect(await advertisedAddress(everywhere, ipv6)).toBe('127.0.0.1');
});

test('a machine that has both tells its IPv4 address, which all can reach', async () => {
  expect(await advertisedAddress({ host: '::' }, atHome)).toBe('192.0.2.5');
});

test.each(['fe80::1', 'fe80::1%eth0'])('%s is told to nobody', async (host) => {
  await expect(advertisedAddress({ host }, atHome)).rejects.toMatchObject({
    kind: 'bad-config',
    message: expect.stringContaining('by --advertise'),
  });
  expect(await advertisedAddress({ host, advertise: 'cim.example' }, atHome)).toBe('cim.example');
});

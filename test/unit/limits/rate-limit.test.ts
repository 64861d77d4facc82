// Goal: so many a minute, and bounded memory. Method: Jest's clock, as the library has its own.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { AddressRate } from '../../../src/limits/address-rate.ts';
import { ClientAddresses } from '../../../src/limits/addresses.ts';
import { GuessRate } from '../../../src/limits/guess-rate.ts';
import { RateLimit } from '../../../src/limits/rate-limit.ts';

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

test('as many as allowed are taken, and more after a minute', async () => {
  const rate = new RateLimit(2);
  expect(await rate.take('amy')).toBe(0);
  jest.advanceTimersByTime(20_000);
  expect(await rate.take('amy')).toBe(0);
  expect(await rate.take('amy')).toBe(40_000);
  expect(await rate.take('bob')).toBe(0);
  jest.advanceTimersByTime(40_000);
  expect(await rate.take('amy')).toBe(0);
});

test('what is given back may be taken again', async () => {
  const rate = new RateLimit(1);
  for (let time = 0; time < 3; time++) {
    expect(await rate.take('amy')).toBe(0);
    await rate.giveBack('amy');
  }
  expect(await rate.take('amy')).toBe(0);
  expect(await rate.take('amy')).toBe(60_000);
});

test('whoever guesses from one address keeps nobody else out, and many addresses guess little', async () => {
  const addresses = new ClientAddresses({ trustProxy: [], limitLoopback: false });
  const rate = new GuessRate(addresses, 2);
  const guess = async (address: string) => (await rate.take('amy', address)) === 0;
  for (let count = 0; count < 5; count++) expect(await guess('192.0.2.1')).toBe(count < 2);
  expect(await rate.take('bob', '192.0.2.1')).toBe(0);
  let guessed = 2;
  for (let index = 2; index < 100; index++) if (await guess(`192.0.2.${index}`)) guessed += 1;
  expect(guessed).toBe(2 * limits.failedLoginAddressesMax);
});

test('an owner who logs in guesses nothing', async () => {
  const addresses = new ClientAddresses({ trustProxy: [], limitLoopback: false });
  const rate = new GuessRate(addresses, 1);
  for (let time = 0; time < 50; time++) {
    expect(await rate.take('amy', '192.0.2.1')).toBe(0);
    await rate.giveBack('amy', '192.0.2.1');
  }
});

test('a crowd of names takes bounded memory: who was there least recently starts anew', async () => {
  const rate = new RateLimit(1);
  await rate.take('first');
  await rate.take('last');
  const timersBefore = jest.getTimerCount();
  for (let index = 0; index < limits.rateNamesMax; index++) {
    await rate.take(`name ${index}`);
    if (index === limits.rateNamesMax / 2) await rate.take('last');
  }
  expect(jest.getTimerCount()).toBeLessThanOrEqual(timersBefore + limits.rateNamesMax - 2);
  expect(await rate.take('first')).toBe(0);
  expect(await rate.take('last')).toBeGreaterThan(0);
});

test('an IPv6 network is one address, and this machine is none', async () => {
  const addresses = new ClientAddresses({ trustProxy: [], limitLoopback: false });
  const rate = new AddressRate(addresses, 1);
  expect(await rate.take('2001:db8::1')).toBe(0);
  expect(await rate.take('2001:db8::2')).toBeGreaterThan(0);
  expect(await rate.take('2001:db8:0:1::2')).toBe(0);
  for (let time = 0; time < 3; time++) expect(await rate.take('127.0.0.1')).toBe(0);
});

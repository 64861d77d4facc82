// Goal: so many a minute, and bounded memory. Method: Jest's clock, as the library has its own.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
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

describe('a secret', () => {
  const rateOf = (perMinute: number) =>
    new GuessRate(new ClientAddresses({ trustProxy: [], limitLoopback: false }), perMinute);
  const isHeard = async (rate: GuessRate, address: string, secret = 'amy', isRight = false) =>
    !('waitMs' in (await rate.run(secret, address, () => isRight)));

  test('is guessed little from one address, which keeps nobody else out, and little from many', async () => {
    const rate = rateOf(2);
    const guess = (address: string) => isHeard(rate, address);
    for (let count = 0; count < 5; count++) expect(await guess('192.0.2.1')).toBe(count < 2);
    expect(await isHeard(rate, '192.0.2.1', 'bob')).toBe(true);
    let guessed = 2;
    for (let index = 2; index < 100; index++) if (await guess(`192.0.2.${index}`)) guessed += 1;
    expect(guessed).toBe(2 * limits.failedLoginAddressesMax);
  });

  test('is not compared once there were too many guesses', async () => {
    const rate = rateOf(1);
    await isHeard(rate, '192.0.2.1');
    const isRight = jest.fn(() => true);
    expect(await rate.run('amy', '192.0.2.1', isRight)).toEqual({ waitMs: 60_000 });
    expect(isRight).not.toHaveBeenCalled();
  });

  test('costs an owner nothing', async () => {
    const rate = rateOf(1);
    for (let time = 0; time < 50; time++)
      expect(await isHeard(rate, '192.0.2.1', 'amy', true)).toBe(true);
  });

  test('lets an owner in from where it was right before, whoever guesses elsewhere', async () => {
    const rate = rateOf(1);
    expect(await isHeard(rate, '2001:db8::1', 'amy', true)).toBe(true);
    for (let index = 0; index < 50; index++) await isHeard(rate, `192.0.2.${index}`);
    expect(await isHeard(rate, '2001:db8::2', 'amy', true)).toBe(true);
    expect(await isHeard(rate, '198.51.100.1', 'amy', true)).toBe(false);
    // From there too it is guessed no more often than from anywhere.
    expect(await isHeard(rate, '2001:db8::1')).toBe(true);
    expect(await isHeard(rate, '2001:db8::1')).toBe(false);
  });
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

// Goal: so many a minute, and bounded memory. Method: Jest's clock, as the library has its own.
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { AddressRate } from '../../../src/limits/address-rate.ts';
import { ClientAddresses } from '../../../src/limits/addresses.ts';
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

test('asking how it stands counts nothing', async () => {
  const rate = new RateLimit(1);
  for (let time = 0; time < 3; time++) expect(await rate.waitMs('amy')).toBe(0);
  await rate.take('amy');
  expect(await rate.waitMs('amy')).toBe(60_000);
  jest.advanceTimersByTime(60_000);
  expect(await rate.waitMs('amy')).toBe(0);
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
  expect(await rate.waitMs('first')).toBe(0);
  expect(await rate.waitMs('last')).toBeGreaterThan(0);
});

test('an IPv6 network is one address, and this machine is none', async () => {
  const addresses = new ClientAddresses({ trustProxy: [], limitLoopback: false });
  const rate = new AddressRate(addresses, 1);
  expect(await rate.take('2001:db8::1')).toBe(0);
  expect(await rate.take('2001:db8::2')).toBeGreaterThan(0);
  expect(await rate.take('2001:db8:0:1::2')).toBe(0);
  for (let time = 0; time < 3; time++) expect(await rate.take('127.0.0.1')).toBe(0);
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import { type SendRate, SendRates } from '../../../src/limits/send-rates.ts';

const perSecond = 30;
const burst = perSecond * limits.sendBurstSeconds;
const bytesPerSecond = 1024 * 1024;
const burstBytes = bytesPerSecond * limits.sendBurstSeconds;
const conversationsPerHour = 90;
let now: number;
let rates: SendRates;

beforeEach(() => {
  now = 1_000;
  rates = new SendRates({ perSecond, bytesPerSecond, conversationsPerHour, monotonic: () => now });
});

function sendAll(rate: SendRate): number {
  let sent = 0;
  while (rate.take(1)) sent += 1;
  return sent;
}

describe('a user', () => {
  test('may send a burst, and then as many as time brings', () => {
    const rate = rates.hold(1);
    expect(sendAll(rate)).toBe(burst);
    now += 1_000;
    expect(sendAll(rate)).toBe(perSecond);
    expect(sendAll(rate)).toBe(0);
  });

  test('loses no part of a message between two looks', () => {
    const rate = rates.hold(1);
    sendAll(rate);
    let sent = 0;
    for (let step = 0; step < 1_000; step++) {
      now += 10;
      sent += sendAll(rate);
    }
    expect(sent).toBe(10 * perSecond);
  });

  test('who was silent for long may send no more than a burst', () => {
    const rate = rates.hold(1);
    sendAll(rate);
    now += 3_600_000;
    expect(sendAll(rate)).toBe(burst);
    now += 1_000;
    expect(sendAll(rate)).toBe(perSecond);
  });

  test('sends several at once, or none of them', () => {
    const rate = rates.hold(1);
    expect(rate.take(1, burst + 1)).toBe(false);
    expect(rate.take(1, burst)).toBe(true);
    expect(rate.take(1)).toBe(false);
  });

  test('may send so many bytes, whatever the number of messages', () => {
    const rate = rates.hold(1);
    expect(rate.take(burstBytes - 10)).toBe(true);
    expect(rate.take(11)).toBe(false);
    expect(rate.take(10)).toBe(true);
    expect(rate.take(1)).toBe(false);
    now += 1_000;
    expect(rate.take(bytesPerSecond + 1)).toBe(false);
    // What was refused cost nothing of either.
    expect(rate.take(bytesPerSecond, perSecond)).toBe(true);
  });

  test('may send the largest message now and then, however low the rate', () => {
    rates = new SendRates({
      perSecond,
      bytesPerSecond: 1_024,
      conversationsPerHour,
      monotonic: () => now,
    });
    const rate = rates.hold(1);
    expect(rate.take(limits.sealedBytesMax)).toBe(true);
    expect(rates.takeOnce(2, { count: 1, bytes: 2 * limits.frameBytesMax })).toBe(true);
    expect(rates.takeOnce(2, { count: 1, bytes: 1 })).toBe(false);
  });

  test('begins so many conversations in an hour, also when it comes back', () => {
    const rate = rates.hold(1);
    const begin = () => Array.from({ length: 1_000 }, () => rate.begin()).filter(Boolean).length;
    expect(begin()).toBe(conversationsPerHour);
    rates.release(rate);
    now += 20 * 60_000;
    rates.sweep();
    expect(rates.hold(1)).toBe(rate);
    expect(begin()).toBe(conversationsPerHour / 3);
  });

  test('has one rate for all connections, also for one that comes back', () => {
    const phone = rates.hold(1);
    sendAll(phone);
    expect(sendAll(rates.hold(1))).toBe(0);
    rates.release(phone);
    rates.release(phone);
    rates.sweep();
    expect(sendAll(rates.hold(1))).toBe(0);
    expect(sendAll(rates.hold(2))).toBe(burst);
  });
});

test('nobody is remembered for longer than it takes to fill up', () => {
  const used = rates.hold(1);
  const unused = rates.hold(2);
  const held = rates.hold(3);
  sendAll(used);
  rates.release(used);
  rates.release(unused);
  rates.sweep();
  expect(rates.size).toBe(2);
  now += limits.sendBurstSeconds * 1_000;
  rates.sweep();
  expect(rates.size).toBe(1);
  rates.release(held);
  rates.sweep();
  expect(rates.size).toBe(0);
});

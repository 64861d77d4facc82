/** What stopping does when a part of it fails, or takes too long. */
import { expect, test } from '@jest/globals';
import type { Logger } from '../../../../src/base/log.ts';
import { Lifecycle } from '../../../../src/base/process/lifecycle.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

function start(ms?: number) {
  const told: unknown[] = [];
  const log = { error: (facts: unknown, text: string) => told.push([facts, text]) };
  const clock = new VirtualClock();
  const deadline = ms === undefined ? undefined : { clock, ms };
  return { clock, told, lifecycle: new Lifecycle(log as unknown as Logger, deadline) };
}

test('steps run backwards, whether or not one fails', async () => {
  const { told, lifecycle } = start();
  const ran: string[] = [];
  lifecycle.onStop('first', () => void ran.push('first'));
  lifecycle.onStop('second', () => {
    throw new Error('broken');
  });
  lifecycle.onStop('third', async () => void ran.push('third'));
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(ran).toEqual(['third', 'first']);
  expect(told).toEqual([[{ step: 'second', error: 'broken' }, 'a step of stopping failed']]);
});

test('one deadline is for all steps: those that come after it are begun, and not waited for', async () => {
  const { clock, told, lifecycle } = start(1_000);
  const begun: string[] = [];
  const step = (name: string, ms: number) =>
    lifecycle.onStop(name, () => {
      begun.push(name);
      return new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    });
  step('store', 10);
  step('registry', 60_000);
  step('links', 600);
  step('connections', 600);
  let isOver = false;
  const stopped = lifecycle.stop().finally(() => {
    isOver = true;
  });
  const refused = expect(stopped).rejects.toThrow('stopping was cut off by its deadline');
  await clock.advance(999);
  expect([begun, isOver]).toEqual([['connections', 'links'], false]);
  await clock.advance(1);
  await refused;
  expect(begun).toEqual(['connections', 'links', 'registry', 'store']);
  expect(told).toEqual([
    [{ step: 'links', ms: 1_000 }, 'stopping takes too long: the rest is not waited for'],
  ]);
});

test('steps that end in time are all done', async () => {
  const { clock, told, lifecycle } = start(1_000);
  lifecycle.onStop('quick', async () => {});
  await lifecycle.stop();
  expect([told, clock.timerCount]).toEqual([[], 0]);
});

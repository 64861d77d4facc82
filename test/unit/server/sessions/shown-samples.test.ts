import { expect, test } from '@jest/globals';
import { Counters } from '../../../../src/base/process/counters.ts';
import { appendOrigin } from '../../../../src/codec/message-body.ts';
import { runOf } from '../../../../src/codec/run.ts';
import { ShownSamples } from '../../../../src/server/sessions/shown-samples.ts';

const nothing = new Uint8Array();
const accepted = 1_700_000_000_000;

function runAt(...times: number[]) {
  const origin = { from: 1, fromName: 'bob', epochHex: '0'.repeat(16) };
  return runOf(times.map((at) => appendOrigin(nothing, { ...origin, at })));
}

function setUp() {
  const counters = new Counters();
  const clock = { now: accepted };
  const samples = new ShownSamples(counters, () => clock.now);
  const told = () => {
    const { samples: all = [] } =
      counters.families().find(({ type }) => type === 'histogram') ?? {};
    const value = (suffix: string) => all.find((each) => each.suffix === suffix)?.value;
    return { count: value('_count'), sum: value('_sum') };
  };
  return { clock, samples, told };
}

test('from the newest message of a run until it is acknowledged, however that comes', () => {
  const { clock, samples, told } = setUp();
  const [early, late] = [{}, {}];
  samples.pushed(early, runAt(accepted - 5_000, accepted), 8);
  samples.pushed(late, runAt(accepted), 3);
  samples.acknowledged(early, 7);
  expect(told()).toEqual({ count: 0, sum: 0 });
  clock.now += 250;
  samples.acknowledged(early, 8);
  clock.now += 250;
  samples.acknowledged(late, 12);
  samples.acknowledged(late, 13);
  expect(told()).toEqual({ count: 2, sum: 0.75 });
});

test('who leaves is not told of; who never acknowledges is, as what it has taken at least', () => {
  const { clock, samples, told } = setUp();
  const [gone, frozen] = [{}, {}];
  samples.pushed(gone, runAt(accepted), 1);
  samples.pushed(frozen, runAt(accepted), 1);
  samples.forget(gone);
  clock.now += 59_999;
  samples.sweep();
  expect(told().count).toBe(0);
  clock.now += 1;
  samples.sweep();
  expect(told()).toEqual({ count: 1, sum: 60 });
});

test('there are never more under way than 64', () => {
  const { samples, told } = setUp();
  const sessions = Array.from({ length: 100 }, () => ({}));
  for (const session of sessions) samples.pushed(session, runAt(accepted), 1);
  for (const session of sessions) samples.acknowledged(session, 1);
  expect(told().count).toBe(64);
});

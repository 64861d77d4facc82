/** Parts of the SDK that are loaded late: once, again after a failure, and what is done with them in order. */
import { describe, expect, test } from '@jest/globals';
import { Patience } from '../../../src/client/sdk/e2ee/patience.ts';
import { OnDemand } from '../../../src/client/sdk/on-demand.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

/** Fails so often, and then gives a part that notes what is done with it. */
function partAfter(failures: number) {
  const clock = new VirtualClock();
  const random = { bytes: (count: number) => new Uint8Array(count), fraction: () => 0 };
  const patience = new Patience({ clock, random });
  const attempts: number[] = [];
  const load = async () => {
    attempts.push(clock.monotonic());
    if (attempts.length <= failures) throw new TypeError('Failed to fetch a module');
    return { done: [] as string[] };
  };
  return { onDemand: new OnDemand(load, patience), patience, clock, attempts };
}

describe('a part that is loaded on demand', () => {
  test('is loaded once, when it is asked for first', async () => {
    const { onDemand, attempts } = partAfter(0);
    onDemand.runIfWanted(({ done }) => done.push('nobody wants it'));
    expect([onDemand.isWanted, attempts.length]).toEqual([false, 0]);
    const [one, other] = await Promise.all([onDemand.get(true), onDemand.get(false)]);
    expect(one).toBe(other);
    expect(await onDemand.get(false)).toBe(one);
    expect(onDemand.part).toBe(one);
    expect([attempts.length, one.done]).toEqual([1, []]);
  });

  test('does what was asked of it in order, and at once when it is there', async () => {
    const { onDemand } = partAfter(0);
    onDemand.run(({ done }) => done.push('first'));
    onDemand.runIfWanted(({ done }) => done.push('second'));
    const { done } = await onDemand.get(true);
    onDemand.run((part) => part.done.push('third'));
    expect(done).toEqual(['first', 'second', 'third']);
  });

  test('is asked for again after a failure, which those are told of who do not wait', async () => {
    const { onDemand, clock, attempts } = partAfter(2);
    onDemand.run(({ done }) => done.push('all the same'));
    await expect(onDemand.get(false)).rejects.toMatchObject({ kind: 'unavailable' });
    const patient = onDemand.get(true);
    while (!onDemand.part) await clock.advance(100);
    expect((await patient).done).toEqual(['all the same']);
    expect(attempts).toHaveLength(3);
  });

  test('does nothing any more when the client is closed', async () => {
    const { onDemand, patience, clock, attempts } = partAfter(1);
    onDemand.run(({ done }) => done.push('too late'));
    const waiting = expect(onDemand.get(true)).rejects.toMatchObject({ kind: 'unavailable' });
    await clock.advance(1);
    patience.stop();
    onDemand.stop();
    await waiting;
    expect((await onDemand.get(false)).done).toEqual([]);
    expect(attempts).toHaveLength(2);
  });
});

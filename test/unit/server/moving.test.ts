/** How a gateway that stops, or is drained, lets its people go. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { cimLogin, GatewayHarness, message, type Peer } from './support/gateway-harness.ts';

const moving = 200;
let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** So many logged-in cim clients, which end their connection when they are told why it closes. */
function crowd(count: number, from = 1): Promise<Peer[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const peer = await harness.cim(from + index);
      peer.stream.on('end', () => peer.stream.end());
      return peer;
    }),
  );
}

/** Lets time pass until the promise is kept; how much it took. */
async function timeUntil(kept: Promise<unknown>): Promise<number> {
  let isKept = false;
  void kept.then(() => {
    isKept = true;
  });
  let passedMs = 0;
  await waitUntil('it is done', async () => {
    if (isKept) return true;
    await harness.clock.advance(100);
    passedMs += 100;
    return isKept;
  });
  return passedMs;
}

function told(peers: readonly Peer[]): number {
  return peers.filter((peer) => peer.received(command.close).some(({ code }) => code === moving))
    .length;
}

describe('stopping', () => {
  test('tells a few at once to go elsewhere, and ends when they have gone and the routes know', async () => {
    const peers = await crowd(limits.moveAtOnceMax);
    const stopped = harness.gateway.stop();
    await waitUntil('all are told', () => told(peers) === peers.length);
    expect(await timeUntil(stopped)).toBeLessThan(limits.moveLingerMsMax);
    expect(harness.closes.entries).toHaveLength(peers.length);
    expect(harness.gateway.connectionCount).toBe(0);
  });

  test('lets many go at a pace, Java peers last', async () => {
    const peers = await crowd(250);
    const java = await harness.java(1000);
    await waitUntil('all are logged in', () => [...harness.gateway.sessions()].length === 251);
    const stopped = harness.gateway.stop();
    for (const count of [100, 200]) {
      await waitUntil('some are told', () => told(peers) >= count);
      expect([told(peers), java.ended]).toEqual([count, false]);
      await harness.clock.advance(limits.moveStepMs);
    }
    await waitUntil('all are told', () => told(peers) === 250 && java.ended);
    await timeUntil(stopped);
  });

  test('waits for the answers to what was sent, which come before the close', async () => {
    const [amy] = (await crowd(1)) as [Peer];
    harness.submits.hold();
    amy.write(message(1));
    await waitUntil('it is on its way', () => harness.submits.heldCount === 1);
    const stopped = harness.gateway.stop();
    await harness.clock.advance(limits.moveAnswerMsMax / 2);
    amy.write(message(2));
    expect(amy.received(command.close)).toEqual([]);
    harness.submits.release();
    await amy.when(({ cmd }) => cmd === command.close);
    expect(amy.frames.map(({ cmd }) => cmd)).toEqual([command.welcome, command.ack, command.close]);
    expect(harness.submits.entries).toHaveLength(1);
    await timeUntil(stopped);
  });

  test('does not wait for answers that do not come', async () => {
    const [amy] = (await crowd(1)) as [Peer];
    harness.submits.hold();
    amy.write(message(1));
    await waitUntil('it is on its way', () => harness.submits.heldCount === 1);
    const stopped = harness.gateway.stop();
    expect(await timeUntil(stopped)).toBeLessThanOrEqual(
      limits.moveAnswerMsMax + limits.moveLingerMsMax,
    );
    expect(told([amy])).toBe(1);
  });

  test('cuts off who does not go', async () => {
    const [frozen] = [await harness.cim(1)];
    frozen.stream.pause();
    // The other end of the pair stays open whatever is said to it.
    frozen.stream.end = () => frozen.stream;
    const stopped = harness.gateway.stop();
    expect(await timeUntil(stopped)).toBeLessThanOrEqual(2 * limits.moveLingerMsMax);
    expect(harness.gateway.connectionCount).toBe(0);
  });
});

describe('draining', () => {
  function drain(instance = 'me') {
    return callOne(harness.gateway.api.drain, { instance });
  }

  test('takes the server out of choice and sends everybody elsewhere; it lives on', async () => {
    const peers = await crowd(3);
    expect(await drain()).toEqual({ code: 0 });
    expect(harness.isWithdrawn).toBe(true);
    await waitUntil('all have gone', () => harness.gateway.connectionCount === 0);
    expect(told(peers)).toBe(3);
    await waitUntil('the end is reported', async () => {
      await harness.clock.advance(100);
      return harness.closes.entries.length === 3;
    });
    expect(await callOne(harness.gateway.api.online, { after: 0, limit: 10 })).toMatchObject({
      userIds: [],
    });
    expect(await timeUntil(harness.gateway.stop())).toBeLessThanOrEqual(100);
  });

  test('ends Java peers too, and those whose messages nobody answers', async () => {
    const [amy, java] = [await harness.cim(1), await harness.java(2)];
    harness.submits.hold();
    amy.write(message(1));
    await waitUntil('it is on its way', () => harness.submits.heldCount === 1);
    await drain();
    await waitUntil('both have ended', async () => {
      await harness.clock.advance(100);
      return java.ended && amy.ended;
    });
    expect(harness.clock.monotonic()).toBeLessThanOrEqual(limits.moveAnswerMsMax + 500);
  });

  test('answers logins that still come', async () => {
    await drain();
    const late = harness.connect();
    late.write(cimLogin(7));
    expect(await late.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: moving });
    expect(harness.opens.entries).toEqual([]);
  });

  test('ends a login that is under way, and undoes what the route has recorded', async () => {
    harness.opens.hold();
    const late = harness.connect();
    late.write(cimLogin(7));
    await waitUntil('it is asked for', () => harness.opens.heldCount === 1);
    await drain();
    expect(await late.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: moving });
    harness.opens.release();
    await waitUntil('it is undone', async () => {
      await harness.clock.advance(100);
      return harness.closes.entries.length === 1;
    });
  });

  test('of another process that was at this address does nothing here', async () => {
    const [amy] = (await crowd(1)) as [Peer];
    expect(await drain('my predecessor')).toEqual({ code: 3404 });
    await amy.settled();
    expect(told([amy])).toBe(0);
    expect(harness.isWithdrawn).toBe(false);
  });
});

/**
 * What a server asks for by itself, for very many connections at a time: it goes to routes in slices,
 * so that it never takes the place of messages.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { CloseEntry } from '../../../src/api/route-api.ts';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { GroupTable } from '../../../src/server/groups/group-table.ts';
import { CloseReporter } from '../../../src/server/sessions/close-reporter.ts';
import { SessionChecks } from '../../../src/server/sessions/session-checks.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { cimLogin, GatewayHarness } from './support/gateway-harness.ts';

const { callsUnderWayMax } = limits;
const many = 2 * callsUnderWayMax + 100;

/** A call whose answers are held; `widest`: how many were under way at the same time. */
class Held<Result> {
  widest = 0;
  asked = 0;
  #held: (() => void)[] = [];
  readonly #result: Result;

  constructor(result: Result) {
    this.#result = result;
  }

  readonly call = (
    entries: readonly unknown[],
    answer: (index: number, result: Result) => void,
  ): void => {
    this.asked += entries.length;
    for (const index of entries.keys()) this.#held.push(() => answer(index, this.#result));
    this.widest = Math.max(this.widest, this.#held.length);
  };

  /** Answers until so many were asked, and all of them are answered. */
  async answerAll(count: number): Promise<void> {
    await waitUntil('all are asked', () => {
      for (const answer of this.#held.splice(0)) answer();
      return this.asked === count;
    });
    for (const answer of this.#held.splice(0)) answer();
  }
}

describe('of very many', () => {
  test('ends of connections are told in slices, and all of them', async () => {
    const closes = new Held({ code: 0 });
    const reporter = new CloseReporter({ close: closes.call }, new VirtualClock());
    for (let userId = 1; userId <= many; userId++) reporter.report({ userId } as CloseEntry);
    await waitUntil('the first are told', () => closes.asked > 0);
    expect(closes.asked).toBe(callsUnderWayMax);
    await closes.answerAll(many);
    expect(closes.widest).toBe(callsUnderWayMax);
  });

  test('checks of connections are made in slices', async () => {
    const checks = new Held({ code: 0, known: true, head: 0, marksVersion: 0 });
    const unknown: unknown[] = [];
    const sessions = new SessionChecks({
      routes: { check: checks.call },
      instance: 'me',
      onUnknown: (connection) => unknown.push(connection),
    });
    // All of them have their turn at the same time.
    const turns = limits.checkMs / limits.sweepMs;
    const connections = Array.from({ length: many }, () => ({
      sessionId: turns + 1,
      ready: true,
      marks: { version: 0 },
      retryMarks: () => {},
    }));
    sessions.sweep(connections as never);
    await waitUntil('the first are asked', () => checks.asked > 0);
    expect(checks.asked).toBe(callsUnderWayMax);
    await checks.answerAll(many);
    expect(checks.widest).toBe(callsUnderWayMax);
  });

  test('groups are said to be followed, and withdrawn at the end, in slices', async () => {
    const interests = new Held({ code: 0, head: 0 });
    const groups = new GroupTable({
      routes: { interest: interests.call },
      clock: new VirtualClock(),
      instance: 'me',
      address: () => 'here',
      onMissed: () => {},
      onFacts: () => {},
    });
    let registered = 0;
    for (let index = 0; index < many; index++)
      groups.whenRegistered(groups.at(`group ${index}`), () => {
        registered += 1;
      });
    await interests.answerAll(many);
    expect(registered).toBe(many);
    const stopped = groups.stop();
    await interests.answerAll(2 * many);
    await stopped;
    expect(interests.widest).toBe(callsUnderWayMax);
  });
});

describe('of the connections of a gateway', () => {
  let harness: GatewayHarness;

  beforeEach(() => {
    harness = new GatewayHarness();
  });

  test('those that have waited for a route log in in slices', async () => {
    harness.interests.hold();
    harness.opens.hold();
    const peers = Array.from({ length: callsUnderWayMax + 50 }, (_, index) => {
      const peer = harness.connect();
      peer.write(cimLogin(index + 1));
      return peer;
    });
    await waitUntil('the lobby is asked for', () => harness.interests.heldCount > 0);
    await waitUntil('all have said who they are', () =>
      [...peers].every(({ server }) => server.readableLength === 0),
    );
    harness.interests.release();
    await waitUntil('some log in', () => harness.opens.heldCount > 0);
    expect(harness.opens.heldCount).toBeLessThanOrEqual(callsUnderWayMax);
    harness.opens.release();
    for (const peer of peers) await peer.when(({ cmd }) => cmd === command.welcome);
  });

  test('places are told in slices', async () => {
    const peers = await Promise.all(
      Array.from({ length: callsUnderWayMax + 50 }, (_, index) => harness.cim(index + 1)),
    );
    harness.acknowledgements.hold();
    for (const peer of peers) peer.write(encodeRequest({ cmd: command.ack, after: 1 }));
    await Promise.all(peers.map((peer) => peer.settled()));
    expect(harness.acknowledgements.heldCount).toBe(callsUnderWayMax);
    harness.acknowledgements.release();
    await waitUntil(
      'the others follow',
      () => harness.acknowledgements.answered === callsUnderWayMax + 50,
    );
  });
});

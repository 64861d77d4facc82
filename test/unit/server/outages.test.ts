/** A gateway that cannot reach any route holds its people, refuses what is retryable, and recovers. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { routeMethods } from '../../../src/api/route-api.ts';
import { command } from '../../../src/codec/commands.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { body, cimLogin, GatewayHarness, message, readOf } from './support/gateway-harness.ts';

let harness: GatewayHarness;
let restore: () => void;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** From now on every call is answered as the pool answers without a route. */
function loseRoutes(): void {
  const { opens, submits, reads, acknowledgements, interests, checks, transients } = harness;
  const answers = [opens, submits, reads, acknowledgements, interests, checks, transients].map(
    (asked) => [asked, asked.answer] as const,
  );
  opens.answer = () => routeMethods.open.unanswered;
  submits.answer = () => routeMethods.submit.unanswered;
  reads.answer = () => routeMethods.read.unanswered;
  acknowledgements.answer = () => routeMethods.acknowledge.unanswered;
  interests.answer = () => routeMethods.interest.unanswered;
  checks.answer = () => routeMethods.check.unanswered;
  transients.answer = () => routeMethods.transient.unanswered;
  restore = () => {
    for (const [asked, answer] of answers) Object.assign(asked, { answer });
  };
}

describe('without any route', () => {
  test('people stay, and what they ask for is refused as retryable, until a route is back', async () => {
    const amy = await harness.cim(1);
    amy.write(readOf('chess'));
    await amy.when(({ cmd }) => cmd === command.read);
    loseRoutes();
    amy.write(Buffer.concat([message(1), readOf(''), readOf('go')]));
    const refused = () =>
      amy.frames.filter(({ cmd, code }) => cmd !== command.close && code === 8100);
    await waitUntil('all three are refused', () => refused().length === 3);
    for (let seconds = 0; seconds < 120; seconds += 20) {
      await harness.clock.advance(20_000);
      await amy.settled();
    }
    restore();
    amy.write(Buffer.concat([message(1), readOf('go')]));
    await amy.when(({ cmd, code }) => cmd === command.ack && code === 0);
    await harness.pushGroup('chess', 3, body(9, 'still a member', 'chess'));
    await amy.when(({ resMsg }) => resMsg === 'still a member');
    expect(amy.received(command.close)).toEqual([]);
  });

  test('nobody is let in before routes know of the server; who came before has waited', async () => {
    const starting = new GatewayHarness({ isBegun: false });
    const early = starting.connect();
    early.write(cimLogin(1));
    await early.settled();
    await starting.clock.advance(3_000);
    expect(early.received(command.welcome)).toEqual([]);
    expect([early.ended, starting.opens.entries]).toEqual([false, []]);
    starting.gateway.begin();
    await early.when(({ cmd }) => cmd === command.welcome);
    const late = await starting.cim(2);
    expect(late.ended).toBe(false);
  });

  test('a login is told to come back; one at the start of the server waits for a route', async () => {
    loseRoutes();
    const early = harness.connect();
    early.write(cimLogin(1));
    await harness.clock.advance(3_000);
    expect([early.frames, early.ended]).toEqual([[], false]);
    restore();
    await waitUntil('it is logged in', async () => {
      await harness.clock.advance(500);
      return early.received(command.welcome).length === 1;
    });
    loseRoutes();
    const late = harness.connect();
    late.write(cimLogin(3));
    expect(await late.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 103 });
    expect(early.ended).toBe(false);
  });

  test('the end of a session is reported when a route is back', async () => {
    const amy = await harness.cim(1);
    harness.closes.answer = () => routeMethods.close.unanswered;
    amy.stream.end();
    await waitUntil('it has gone', () => harness.gateway.connectionCount === 0);
    await harness.clock.advance(5_000);
    const inVain = harness.closes.entries.length;
    harness.closes.answer = () => ({ code: 0 });
    await harness.clock.advance(1_000);
    const told = harness.closes.entries.length;
    expect(told).toBe(inVain + 1);
    await harness.clock.advance(5_000);
    expect(harness.closes.entries).toHaveLength(told);
    expect(harness.closes.entries.at(-1)).toMatchObject({ userId: 1 });
  });
});

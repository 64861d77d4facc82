/** The life of a connection at the gateway: login, silence, end. */
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { limits } from '../../../src/base/limits.ts';
import { command } from '../../../src/codec/commands.ts';
import { runOf } from '../../../src/codec/run.ts';
import { encodeRequest } from '../../../src/codec/sdk-frame.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { body, cimLogin, GatewayHarness, opened } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

describe('a login', () => {
  test('counts when the route took it, and its end is reported with the number that the route gave', async () => {
    const peer = await harness.cim();
    expect(harness.opens.entries[0]).toMatchObject({
      userId: 1,
      device: 'phone',
      connectionNumber: 5,
      instance: 'me',
      address: '10.0.0.1:9000:8081',
    });
    expect([...harness.gateway.sessions()]).toHaveLength(1);
    peer.stream.end();
    await waitUntil('the end is reported', async () => {
      await harness.clock.advance(1);
      return harness.closes.entries.length === 1;
    });
    expect(harness.closes.entries[0]).toEqual({
      userId: 1,
      device: 'phone',
      connectionNumber: 7,
      instance: 'me',
    });
  });

  test('that the route refuses ends with its code and reason', async () => {
    const refusal = { code: 301, reason: 'no such account', connectionNumber: 0 };
    harness.opens.answer = () => ({ ...opened, ...refusal });
    const peer = harness.connect();
    peer.write(
      encodeRequest({
        requestId: 1,
        reqMsg: 'x',
        protocolVersion: 1,
        device: 'phone',
        connectionNumber: 5,
        epoch: new Uint8Array(8),
      }),
    );
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({
      code: 301,
      reason: 'no such account',
    });
    await peer.whenEnded();
    expect(harness.closes.entries).toEqual([]);
  });

  test('that failed when its session was on record is reported as ended, until a route has taken that', async () => {
    harness.opens.answer = () => ({ ...opened, code: 503, reason: 'try again' });
    harness.closes.answer = (_entry, answered) => ({ code: answered === 0 ? 8100 : 0 });
    const peer = harness.connect();
    peer.write(cimLogin(1));
    await peer.whenEnded();
    const report = { userId: 1, device: 'phone', connectionNumber: 7, instance: 'me' };
    await waitUntil('the end is reported twice', async () => {
      await harness.clock.advance(100);
      return harness.closes.entries.length === 2;
    });
    expect(harness.closes.entries).toEqual([report, report]);
  });

  test('that does not come within 10 s ends the connection, and not before', async () => {
    const peer = harness.connect();
    await harness.clock.advance(limits.loginMsMax);
    expect(peer.ended).toBe(false);
    await harness.clock.advance(2 * limits.sweepMs);
    await peer.whenEnded();
  });

  test('of a version that is not spoken here is told so', async () => {
    const peer = harness.connect();
    peer.write(encodeRequest({ requestId: 1, reqMsg: 'x', protocolVersion: 99 }));
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 305 });
  });

  test('with a device id that is none is told so', async () => {
    const peer = harness.connect();
    peer.write(encodeRequest({ requestId: 1, reqMsg: 'x', protocolVersion: 1, device: 'a b' }));
    expect(await peer.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 302 });
  });

  test('while something is said in the lobby learns of it', async () => {
    harness.opens.answer = () => {
      const said = {
        group: 'lobby',
        instance: 'me',
        seq: 6,
        ...runOf([body(9, 'early', 'lobby')]),
      };
      void callOne(harness.gateway.api.pushGroup, said);
      return { ...opened, groupHead: 5 };
    };
    const peer = await harness.cim();
    expect(await peer.when(({ cmd }) => cmd === command.hint)).toMatchObject({
      group: 'lobby',
      head: 6,
    });
    expect(peer.frames[0]).toMatchObject({ cmd: command.welcome, groupHead: 5 });
  });

  test('of a connection that has gone before a route could be asked is never asked for', async () => {
    let isRefused = true;
    harness.interests.answer = () => ({ code: isRefused ? 8100 : 0, head: 0 });
    const gone = harness.connect();
    gone.write(encodeRequest({ requestId: 1, reqMsg: 'x' }));
    gone.stream.end();
    await waitUntil('it has gone', () => harness.gateway.connectionCount === 0);
    isRefused = false;
    const stayed = harness.connect();
    stayed.write(encodeRequest({ requestId: 2, reqMsg: 'y' }));
    await waitUntil('a login is asked for', async () => {
      await harness.clock.advance(500);
      return harness.opens.entries.length > 0;
    });
    expect(harness.opens.entries.map(({ userId }) => userId)).toEqual([2]);
  });

  test('pushed to before its answer has arrived is not denied, and learns that there is something to read', async () => {
    harness.opens.answer = ({ sessionId }) => {
      void callOne(harness.gateway.api.push, {
        sessionIds: [sessionId],
        instance: 'me',
        seq: 4,
        ...runOf([body(9, 'early')]),
      }).then(({ missing }) => expect(missing).toEqual([]));
      return opened;
    };
    const peer = await harness.cim();
    expect(peer.frames[0]).toMatchObject({ cmd: command.welcome, head: 4 });
  });
});

describe('a mistake of ours', () => {
  test('ends the connection that brought it out, and no other', async () => {
    const [unlucky, other] = [await harness.cim(1), await harness.cim(3)];
    const bug = jest.spyOn(harness.gateway, 'acknowledge').mockImplementationOnce(() => {
      throw new TypeError('a bug');
    });
    unlucky.write(encodeRequest({ cmd: command.ack, after: 1 }));
    expect(await unlucky.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 104 });
    expect(bug).toHaveBeenCalledTimes(1);
    other.write(encodeRequest({ cmd: command.ping, reqMsg: 'ping' }));
    await other.when(({ cmd }) => cmd === command.ping);
  });
});

describe('silence', () => {
  test('of 33 s ends a connection; a ping within that time keeps it', async () => {
    const [silent, pinging] = [await harness.cim(1), await harness.cim(3)];
    for (let second = 0; second < 33; second += 11) {
      await harness.clock.advance(11_000);
      pinging.write(encodeRequest({ cmd: command.ping, reqMsg: 'ping' }));
      const pongs = second / 11 + 1;
      await waitUntil(
        'a pong',
        () => pinging.frames.filter(({ cmd }) => cmd === command.ping).length === pongs,
      );
    }
    expect(silent.ended).toBe(false);
    await harness.clock.advance(2_000);
    expect(await silent.when(({ cmd }) => cmd === command.close)).toMatchObject({ code: 101 });
    expect(pinging.ended).toBe(false);
    expect(harness.count('connections.closed.silent')).toBe(1);
  });
});

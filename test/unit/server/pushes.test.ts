/** What routes push to connections of the gateway. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import type { OpenEntry } from '../../../src/api/route-api.ts';
import { command } from '../../../src/codec/commands.ts';
import { runOf, skipOf } from '../../../src/codec/run.ts';
import { bytes, golden } from '../codec/golden-frames.ts';
import { body, GatewayHarness, opened } from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

describe('pushes', () => {
  test('reach the named sessions; unknown ones and those of another process are reported missing', async () => {
    const peer = await harness.cim();
    const { sessionId } = harness.opens.entries[0] as OpenEntry;
    const push = {
      sessionIds: [sessionId, 999],
      instance: 'me',
      seq: 5,
      ...runOf([body(9, 'a'), body(9, 'b')]),
    };
    expect(await callOne(harness.gateway.api.push, push)).toEqual({ missing: [999] });
    await peer.when(({ seq }) => seq === 6);
    expect(
      peer.frames
        .filter(({ cmd }) => cmd === command.message)
        .map(({ resMsg, seq }) => [resMsg, seq]),
    ).toEqual([
      ['a', 5],
      ['b', 6],
    ]);
    expect(
      await callOne(harness.gateway.api.push, { ...push, instance: 'my predecessor' }),
    ).toEqual({
      missing: [sessionId, 999],
    });
  });

  test('of a group reach everybody but the connection that sent it; a Java peer gets properties', async () => {
    harness.opens.answer = () => ({ ...opened, groupHead: 7 });
    const [sender, other, java] = [
      await harness.cim(1),
      await harness.cim(3),
      await harness.java(2),
    ];
    await callOne(harness.gateway.api.pushGroup, {
      group: 'lobby',
      instance: 'me',
      seq: 8,
      ...runOf([body(1, 'all', 'lobby')]),
    });
    expect(await other.when(({ cmd }) => cmd === command.message)).toMatchObject({
      resMsg: 'all',
      group: 'lobby',
      seq: 8,
      from: 1,
    });
    const got = await java.when(({ cmd }) => cmd === command.message);
    expect(got.properties).toEqual({ sendUserId: '1', sendUserName: 'user-1', receiveUserId: '2' });
    expect(got).toMatchObject({ resMsg: 'all', responseId: 2, seq: 0, from: 0 });
    expect(sender.frames.filter(({ cmd }) => cmd === command.message)).toEqual([]);
  });

  test('of a group without a body are a hint for everybody who can read on, and nothing for a Java peer', async () => {
    harness.opens.answer = () => ({ ...opened, groupHead: 8 });
    const [one, java] = [await harness.cim(1), await harness.java(2)];
    await callOne(harness.gateway.api.pushGroup, {
      group: 'lobby',
      instance: 'me',
      seq: 8,
      ...skipOf(0),
    });
    expect(await one.when(({ cmd }) => cmd === command.hint)).toMatchObject({
      group: 'lobby',
      head: 8,
    });
    java.write(bytes(golden.ping));
    await java.when(({ cmd }) => cmd === command.ping);
    expect(java.frames).toHaveLength(1);
  });
});

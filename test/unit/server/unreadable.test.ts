// Goal: one body that cannot be read, from wherever it came, is harmless to everybody else. Method: a
// gateway, to which a route pushes such bodies among others; what each kind of client is written.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { command } from '../../../src/codec/commands.ts';
import { settle } from '../../support/virtual-clock.ts';
import { waitUntil } from '../../support/wait-until.ts';
import {
  body,
  emptyPage,
  GatewayHarness,
  message,
  opened,
  readOf,
} from './support/gateway-harness.ts';

let harness: GatewayHarness;

beforeEach(() => {
  harness = new GatewayHarness();
});

/** A text that is longer than its body. */
const broken = Uint8Array.of(0x0a, 0x7f, 0x68, 0x69);
/** A text that is none. */
const noText = (() => {
  const bytes = Buffer.from(body(9, 'aaaa'));
  bytes[2] = 0xff;
  return bytes;
})();

describe('a body that cannot be read', () => {
  test('among those that wait for a Java client is passed over, and counted', async () => {
    harness.opens.answer = () => ({ ...opened, head: 3 });
    harness.reads.answer = () => ({
      ...emptyPage,
      head: 3,
      seqs: [1, 2, 3],
      bodies: [body(9, 'one'), broken, body(9, 'three')],
    });
    const java = await harness.java();
    await waitUntil('the cursor moved', async () => {
      await harness.clock.advance(1);
      return harness.acknowledgements.entries.at(-1)?.seq === 3;
    });
    expect(java.received(command.offline).map(({ batchResMsg }) => batchResMsg)).toEqual([
      ['one', 'three'],
    ]);
    expect(harness.count('messages.unreadable')).toBe(1);
  });

  test('pushed to a Java client moves its cursor, and the next is shown', async () => {
    const java = await harness.java();
    await harness.push(2, 1, broken);
    await harness.push(2, 2, noText);
    await harness.push(2, 3, body(9, 'next'));
    await waitUntil('the cursor moved', () => harness.acknowledgements.entries.at(-1)?.seq === 3);
    expect(java.received(command.message).map(({ resMsg }) => resMsg)).toEqual([
      '[message that cannot be read]',
      'next',
    ]);
  });

  test('in the lobby is written to whoever waits for its number, and stops nobody', async () => {
    harness.opens.answer = () => ({ ...opened, groupHead: 6 });
    const [java, cim] = [await harness.java(2), await harness.cim(1)];
    const pushed: Buffer[] = cim.raw;
    pushed.length = 0;
    cim.stream.removeAllListeners('data');
    cim.stream.on('data', (chunk: Buffer) => pushed.push(chunk));
    await harness.pushGroup('lobby', 7, broken, body(9, 'next', 'lobby'));
    await java.when(({ resMsg }) => resMsg === 'next');
    await settle();
    // The bytes as they are, and the number behind them.
    expect(Buffer.concat(pushed).includes(Buffer.of(...broken, 0xe0, 0x02, 7))).toBe(true);
    expect(Buffer.concat(pushed).includes('next')).toBe(true);
    expect(harness.count('messages.unreadable')).toBe(1);
  });

  test('that is not stored is written to nobody', async () => {
    const [java, cim] = [await harness.java(2), await harness.cim(1)];
    const transient = (entry: { sessionIds: number[]; group: string; body: Uint8Array }) =>
      callOne(harness.gateway.api.transient, { instance: 'me', ...entry });
    const sessionIds = [harness.sessionOf(1), harness.sessionOf(2)];
    await transient({ sessionIds, group: '', body: broken });
    await transient({ sessionIds: [], group: 'lobby', body: broken });
    await transient({ sessionIds: [], group: 'lobby', body: body(9, 'next', 'lobby') });
    await java.when(({ resMsg }) => resMsg === 'next');
    await cim.when(({ resMsg }) => resMsg === 'next');
    expect(cim.received(command.message)).toHaveLength(1);
    expect(harness.count('messages.unreadable')).toBe(3);
  });
});

describe('a group of another form than its own', () => {
  test.each(['\ufefflobby', 'Cooks', 'cafe\u0301', 'a\u200bb', '\uff43ooks'])(
    '%j has no page: no route is asked for it',
    async (group) => {
      const peer = await harness.cim();
      peer.write(readOf(group));
      const end = await peer.when(({ cmd }) => cmd === command.read);
      expect(end).toMatchObject({ group, code: 7301 });
      peer.write(message(1));
      await peer.when(({ cmd }) => cmd === command.ack);
      expect(harness.reads.entries).toEqual([]);
      expect(harness.interests.entries.map((entry) => entry.group)).toEqual(['lobby']);
    },
  );
});

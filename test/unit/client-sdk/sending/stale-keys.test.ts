/** What was sealed with a key that a group has no more: it is sealed anew, and sent again in order. */
import { describe, expect, test } from '@jest/globals';
import { type CimError, errorTable } from '../../../../src/base/errors.ts';
import {
  Outgoing,
  type OutgoingMessage,
  type UnpreparedMessage,
} from '../../../../src/client/sdk/sending/outgoing.ts';

const group = 'team';
const stale = Number(errorTable['stale-key'].code);
const outOfOrder = Number(errorTable['out-of-order'].code);

function sender() {
  const written: OutgoingMessage[] = [];
  const unprepared: UnpreparedMessage[] = [];
  const ends: string[] = [];
  const told: string[] = [];
  let now = 0;
  const outgoing = new Outgoing({
    random: () => 0.5,
    date: () => now,
    prepare: (message) => {
      unprepared.push(message);
      return undefined;
    },
    write: (message) => written.push(message),
    onStale: (name) => told.push(name),
  });
  outgoing.connected(0);
  return {
    ends,
    told,
    reconnect() {
      outgoing.disconnected();
      outgoing.connected(now);
    },
    add(...texts: string[]) {
      for (const text of texts)
        outgoing.add(
          { to: 0, group },
          { text },
          {
            stored: (sendSeq) => ends.push(`${text} stored as ${sendSeq}`),
            refused: (error: CimError) => ends.push(`${text} ${error.kind}`),
          },
          now,
        );
    },
    /** All that wait to be sealed, under this epoch. */
    seal(keyEpoch: number) {
      for (const message of unprepared.splice(0)) {
        const sealed = new TextEncoder().encode(message.draft.text);
        outgoing.prepared(message, { sealed, keyEpoch }, now);
      }
    },
    take: () =>
      written.splice(0).map(({ sendSeq, sendable }) => `${sendSeq} of ${sendable.keyEpoch}`),
    ack(sendSeq: number, code = 0, expected = 0) {
      const ack = { to: 0, group, sendSeq, code, seq: code === 0 ? sendSeq : 0, expected };
      outgoing.acknowledged(ack, now);
    },
    /** Lets the time pass until something is to be done: how much it is. */
    wake() {
      const before = now;
      now = outgoing.wakeAt;
      outgoing.advance(now);
      return now - before;
    },
  };
}

describe('messages whose key is stale', () => {
  test('are sealed anew, all of them, and sent again in order', () => {
    const device = sender();
    device.add('a', 'b', 'c');
    device.seal(1);
    expect(device.take()).toEqual(['1 of 1', '2 of 1', '3 of 1']);
    device.ack(1);
    device.ack(2, stale);
    device.ack(3, stale);
    expect(device.told).toEqual([group]);
    expect(device.take()).toEqual([]);
    device.wake();
    expect(device.take()).toEqual([]);
    device.seal(2);
    expect(device.take()).toEqual(['2 of 2', '3 of 2']);
    device.ack(2);
    device.ack(3);
    expect(device.ends).toEqual(['a stored as 1', 'b stored as 2', 'c stored as 3']);
  });

  test('are not sent as they were sealed before, even if that is done late', () => {
    const device = sender();
    device.add('a', 'b');
    device.seal(1);
    device.take();
    device.ack(1, stale);
    // It is out of order behind the one that was not taken.
    device.ack(2, outOfOrder, 1);
    device.add('c');
    device.wake();
    device.seal(2);
    expect(device.take()).toEqual(['1 of 2', '2 of 2', '3 of 2']);
  });

  test('wait longer each time that it happens again', () => {
    const device = sender();
    device.add('a');
    const waits: number[] = [];
    for (let epoch = 1; epoch < 5; epoch++) {
      device.seal(epoch);
      device.take();
      device.ack(1, stale);
      waits.push(device.wake());
    }
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0]).toBeLessThan(waits[3] ?? 0);
    expect(device.ends).toEqual([]);
  });

  test('are sealed anew after a lost connection, too', () => {
    const device = sender();
    device.add('a', 'b');
    device.seal(1);
    device.take();
    device.ack(1, stale);
    device.reconnect();
    expect(device.take()).toEqual([]);
    device.seal(2);
    expect(device.take()).toEqual(['1 of 2', '2 of 2']);
  });
});

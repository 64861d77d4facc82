/**
 * Numbers, windows and answers, played by hand: what is written, in which order, and how each
 * message ends.
 */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import {
  Outgoing,
  type OutgoingMessage,
  type UnpreparedMessage,
} from '../../../../src/client/sdk/sending/outgoing.ts';

const busy = 8100;
const outOfOrder = 8200;

/** `isSealing`: what is to be written is made by the test. */
function sender({ online = true, isSealing = false } = {}) {
  const unprepared: UnpreparedMessage[] = [];
  const written: OutgoingMessage[] = [];
  const ends: string[] = [];
  /** Groups whose key was said to be another one. */
  const stale: string[] = [];
  const device = {
    written,
    ends,
    /** Those that are to be prepared. */
    unprepared,
    now: 0,
    /** What the clock on the wall is ahead by. */
    dateAhead: 0,
    outgoing: new Outgoing({
      random: () => 0.5,
      date: (): number => 1_000 + device.now + device.dateAhead,
      prepare: (message) => {
        if (!isSealing) return message.draft;
        unprepared.push(message);
        return undefined;
      },
      write: (message) => written.push(message),
      onStale: (group) => stale.push(group),
    }),
    stale,
    /** "stored <text> <seq>" or "<kind> <text>" will be in `ends`. */
    add(text: string, to = 2, group = '') {
      const outcome = {
        stored: (sendSeq: number, seq: number) =>
          ends.push(`stored ${text} as ${sendSeq} at ${seq}`),
        refused: (error: CimError) => ends.push(`${error.kind} ${text}`),
      };
      device.outgoing.add({ to, group }, { text }, outcome, device.now);
    },
    ack(
      sendSeq: number,
      answer: { code?: number; seq?: number; expected?: number; to?: number; group?: string } = {},
    ) {
      const ack = { to: 2, group: '', sendSeq, code: 0, seq: 0, expected: 0, ...answer };
      device.outgoing.acknowledged(ack, device.now);
    },
    prepare(sendSeq: number) {
      const sealed = Uint8Array.of(sendSeq);
      const message = unprepared.find((each) => each.sendSeq === sendSeq);
      if (message) device.outgoing.prepared(message, { sealed }, device.now);
    },
    /** Numbers written since the last time; `!` = with restart. */
    take() {
      return written.splice(0).map(({ sendSeq, restart }) => `${sendSeq}${restart ? '!' : ''}`);
    },
    /** Lets the time pass until something is to be done. */
    wake() {
      device.now = device.outgoing.wakeAt;
      device.outgoing.advance(device.now);
    },
    reconnect() {
      device.outgoing.disconnected();
      device.outgoing.connected(device.now);
    },
  };
  if (online) device.outgoing.connected(0);
  return device;
}

describe('numbers', () => {
  test('are contiguous from 1 in each conversation', () => {
    const device = sender();
    device.add('a');
    device.add('b', 3);
    device.add('c');
    device.add('d', 0, 'lobby');
    expect(device.written).toEqual([
      { to: 2, group: '', sendSeq: 1, sendable: { text: 'a' }, restart: false },
      { to: 3, group: '', sendSeq: 1, sendable: { text: 'b' }, restart: false },
      { to: 2, group: '', sendSeq: 2, sendable: { text: 'c' }, restart: false },
      { to: 0, group: 'lobby', sendSeq: 1, sendable: { text: 'd' }, restart: false },
    ]);
    device.ack(1, { to: 0, group: 'lobby', seq: 5 });
    device.ack(2, { seq: 6 });
    expect(device.ends).toEqual(['stored d as 1 at 5', 'stored c as 2 at 6']);
    expect(device.outgoing.unansweredCount).toBe(2);
  });

  test('wait for the login', () => {
    const device = sender({ online: false });
    device.add('a');
    device.add('b');
    expect(device.take()).toEqual([]);
    device.outgoing.connected(0);
    expect(device.take()).toEqual(['1', '2']);
  });

  test('in flight are bounded per conversation; the rest follows as answers come', () => {
    const device = sender();
    for (let index = 0; index < limits.clientInFlightMax + 2; index++) device.add(`text ${index}`);
    device.add('another', 3);
    expect(device.take()).toHaveLength(limits.clientInFlightMax + 1);
    device.ack(1);
    expect(device.take()).toEqual([String(limits.clientInFlightMax + 1)]);
    device.ack(2);
    expect(device.take()).toEqual([String(limits.clientInFlightMax + 2)]);
  });

  test('are not given to what is too much', () => {
    const device = sender({ online: false });
    for (let index = 0; index < limits.clientQueueMessagesMax; index++) device.add('a');
    expect(() => device.add('b')).toThrow(expect.objectContaining({ kind: 'busy' }));
    const large = sender({ online: false });
    large.add('x'.repeat(limits.clientQueueCharactersMax));
    expect(() => large.add('y')).toThrow(expect.objectContaining({ kind: 'busy' }));
  });
});

describe('refusals for now', () => {
  test('busy: everything from there is sent again in order, after a while, once all is answered', () => {
    const device = sender();
    for (const text of ['a', 'b', 'c', 'd']) device.add(text);
    device.take();
    device.ack(1, { seq: 1 });
    device.ack(2, { code: busy });
    device.ack(3, { code: outOfOrder, expected: 2 });
    device.add('e');
    expect(device.take()).toEqual([]);
    expect(device.outgoing.wakeAt).toBe(Infinity);
    device.ack(4, { code: outOfOrder, expected: 2 });
    expect(device.take()).toEqual([]);
    expect(device.outgoing.wakeAt).toBeGreaterThan(device.now);
    device.wake();
    expect(device.take()).toEqual(['2', '3', '4', '5']);
    for (const sendSeq of [2, 3, 4, 5]) device.ack(sendSeq, { seq: sendSeq });
    expect(device.ends).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map(
        (text, index) => `stored ${text} as ${index + 1} at ${index + 1}`,
      ),
    );
  });

  test('it is known since when the first is refused, until something is stored, or the connection is lost', () => {
    const device = sender();
    expect(device.outgoing.refusedSince).toBe(Infinity);
    device.add('a');
    device.add('b');
    device.now = 10;
    device.ack(1, { code: busy });
    expect(device.outgoing.refusedSince).toBe(Infinity);
    device.ack(2, { code: outOfOrder, expected: 1 });
    expect(device.outgoing.refusedSince).toBe(10);
    device.wake();
    for (const sendSeq of [1, 2]) device.ack(sendSeq, { code: busy });
    expect(device.outgoing.refusedSince).toBe(10);
    device.reconnect();
    expect(device.outgoing.refusedSince).toBe(Infinity);
    const since = device.now;
    for (const sendSeq of [1, 2]) device.ack(sendSeq, { code: busy });
    expect(device.outgoing.refusedSince).toBe(since);
    device.wake();
    device.ack(1, { seq: 1 });
    expect(device.outgoing.refusedSince).toBe(Infinity);
  });

  test('busy again and again: the wait grows', () => {
    const device = sender();
    device.add('a');
    const waits: number[] = [];
    for (let round = 0; round < 4; round++) {
      device.ack(1, { code: busy });
      waits.push(device.outgoing.wakeAt - device.now);
      device.wake();
    }
    expect(waits).toEqual([75, 150, 300, 600]);
    device.ack(1);
    device.add('b');
    device.ack(2, { code: busy });
    expect(device.outgoing.wakeAt - device.now).toBe(75);
  });

  test('of one conversation do not hold another', () => {
    const device = sender();
    device.add('a');
    device.ack(1, { code: busy });
    device.add('b', 3);
    expect(device.take()).toEqual(['1', '1']);
  });

  test('out of order behind a busy one that has been taken meanwhile: at once', () => {
    const device = sender();
    for (const text of ['a', 'b', 'c']) device.add(text);
    device.take();
    device.ack(3, { code: outOfOrder, expected: 1 });
    device.ack(1, { seq: 1 });
    expect(device.take()).toEqual([]);
    device.ack(2, { seq: 2 });
    expect(device.take()).toEqual(['3']);
  });

  test('a timeline that has forgotten the conversation is told where it goes on', () => {
    const device = sender();
    for (const text of ['a', 'b', 'c', 'd']) device.add(text);
    device.ack(1);
    device.ack(2);
    device.reconnect();
    device.take();
    device.ack(3, { code: outOfOrder, expected: 1 });
    device.ack(4, { code: outOfOrder, expected: 1 });
    device.wake();
    expect(device.take()).toEqual(['3!', '4']);
  });

  test('a gap that is our own needs no restart', () => {
    const device = sender();
    device.add('a');
    device.add('b');
    device.take();
    device.ack(2, { code: outOfOrder, expected: 1 });
    device.ack(1, { code: busy });
    device.wake();
    expect(device.take()).toEqual(['1', '2']);
  });
});

describe('the end of a message', () => {
  test('a final refusal concerns that message alone', () => {
    const device = sender();
    device.add('a');
    device.add('b');
    device.ack(1, { code: 7300 });
    device.ack(2, { seq: 1 });
    expect(device.ends).toEqual(['unknown-receiver a', 'stored b as 2 at 1']);
  });

  test('a refusal nobody knows is final, too', () => {
    const device = sender();
    device.add('a');
    device.ack(1, { code: 1234 });
    expect(device.ends).toEqual(['internal a']);
  });

  test('comes once, whatever is answered later', () => {
    const device = sender();
    device.add('a');
    device.outgoing.confirmed(2, '', 1, 7);
    device.ack(1, { seq: 7 });
    device.outgoing.confirmed(2, '', 1, 7);
    expect(device.ends).toEqual(['stored a as 1 at 7']);
    expect(device.outgoing.unansweredCount).toBe(0);
  });

  test('a message seen in a timeline is not sent again', () => {
    const device = sender();
    device.add('a');
    device.add('b');
    device.outgoing.confirmed(2, '', 1, 7);
    device.take();
    device.reconnect();
    expect(device.take()).toEqual(['2']);
  });

  test('nothing is waited for when the last of what was refused is seen in a timeline', () => {
    const device = sender();
    device.add('a');
    device.ack(1, { code: busy });
    expect(device.outgoing.wakeAt).toBeLessThan(Infinity);
    device.outgoing.confirmed(2, '', 1, 7);
    expect(device.outgoing.wakeAt).toBe(Infinity);
    device.take();
    device.add('b');
    expect(device.take()).toEqual(['2']);
    device.outgoing.confirmed(2, '', 2, 8);
    device.ack(2, { code: busy });
    expect(device.outgoing.wakeAt).toBe(Infinity);
    device.take();
    device.add('c');
    expect(device.take()).toEqual(['3']);
  });

  test('is unconfirmed rather than written again, when timelines may have forgotten it', () => {
    const device = sender();
    const hour = 3_600_000;
    device.add('a');
    device.add('b');
    device.take();
    device.now = limits.sourceStateMs - hour;
    device.reconnect();
    expect(device.take()).toEqual(['1', '2']);
    device.now += 1;
    device.add('c');
    device.reconnect();
    expect(device.ends).toEqual(['unconfirmed a', 'unconfirmed b']);
    expect(device.take()).toEqual(['3', '3']);
    // The timeline has taken neither, or has forgotten it.
    device.ack(3, { code: outOfOrder, expected: 1 });
    expect(device.take()).toEqual(['3!']);
    device.ack(3, { seq: 9 });
    expect(device.ends.at(-1)).toBe('stored c as 3 at 9');
    expect(device.outgoing.unansweredCount).toBe(0);
  });

  test('is so, too, when the machine has slept for as long', () => {
    const device = sender();
    device.add('a');
    device.dateAhead = limits.sourceStateMs;
    device.reconnect();
    expect(device.ends).toEqual(['unconfirmed a']);
  });

  test('what was never written waits for as long as it takes', () => {
    const device = sender({ online: false });
    device.add('a');
    device.now = 2 * limits.sourceStateMs;
    device.outgoing.connected(device.now);
    expect(device.take()).toEqual(['1']);
  });

  test('given up, what was written is unconfirmed, the rest was never sent', () => {
    const device = sender();
    device.add('a');
    device.outgoing.disconnected();
    device.add('b');
    device.outgoing.abandon();
    expect(device.ends).toEqual(['unconfirmed a', 'unavailable b']);
    expect(device.outgoing.unansweredCount).toBe(0);
  });
});

describe('after a lost connection', () => {
  test('everything unanswered is sent again in order, new ones behind', () => {
    const device = sender();
    for (const text of ['a', 'b', 'c']) device.add(text);
    device.ack(2);
    device.take();
    device.outgoing.disconnected();
    device.add('d');
    expect(device.take()).toEqual([]);
    device.outgoing.connected(0);
    expect(device.take()).toEqual(['1', '3', '4']);
  });

  test('no backoff is left, and answers that did not come are not waited for', () => {
    const device = sender();
    device.add('a');
    device.add('b');
    device.add('c', 3);
    device.ack(1, { code: busy });
    device.outgoing.confirmed(3, '', 1, 4);
    device.ack(2, { code: outOfOrder, expected: 1 });
    device.take();
    expect(device.outgoing.wakeAt).toBeLessThan(Infinity);
    device.outgoing.disconnected();
    expect(device.outgoing.wakeAt).toBe(Infinity);
    device.outgoing.connected(device.now);
    expect(device.take()).toEqual(['1', '2']);
    expect(device.outgoing.wakeAt).toBe(Infinity);
    device.add('d', 3);
    device.ack(2, { to: 3, code: busy });
    device.take();
    device.wake();
    expect(device.take()).toEqual(['2']);
  });
});

test('says since when the oldest is unanswered', () => {
  const device = sender();
  expect(device.outgoing.waitingSince).toBe(Infinity);
  device.now = 10;
  device.add('a');
  device.now = 20;
  device.add('b');
  expect(device.outgoing.waitingSince).toBe(10);
  device.ack(1);
  expect(device.outgoing.waitingSince).toBe(20);
  device.outgoing.disconnected();
  expect(device.outgoing.waitingSince).toBe(Infinity);
});

describe('a message that has to be made', () => {
  test('is written when it and all before it are', () => {
    const device = sender({ isSealing: true });
    for (const text of ['a', 'b', 'c']) device.add(text);
    device.prepare(2);
    expect(device.take()).toEqual([]);
    device.prepare(1);
    expect(device.take()).toEqual(['1', '2']);
    device.prepare(3);
    expect(device.take()).toEqual(['3']);
  });

  test('does not hold up another conversation', () => {
    const device = sender({ isSealing: true });
    device.add('a');
    device.add('b', 3);
    const other = device.unprepared.find(({ to }) => to === 3);
    if (other) device.outgoing.prepared(other, { text: 'b' }, 0);
    expect(device.written.map(({ to }) => to)).toEqual([3]);
  });

  test('is made when it may soon be written, once, and is the same every time', () => {
    const device = sender({ isSealing: true, online: false });
    for (let count = 0; count <= limits.clientInFlightMax; count++) device.add(`${count}`);
    expect(device.unprepared).toEqual([]);
    device.outgoing.connected(0);
    expect(device.unprepared).toHaveLength(limits.clientInFlightMax);
    device.prepare(1);
    expect(device.unprepared).toHaveLength(limits.clientInFlightMax + 1);
    device.reconnect();
    expect(device.unprepared).toHaveLength(limits.clientInFlightMax + 1);
    const [first, again] = device.written;
    expect(again?.sendSeq).toBe(1);
    expect(again?.sendable).toBe(first?.sendable);
  });

  test('that is made while there is no connection is written with the next', () => {
    const device = sender({ isSealing: true });
    device.add('a');
    device.outgoing.disconnected();
    device.prepare(1);
    expect(device.take()).toEqual([]);
    device.outgoing.connected(0);
    expect(device.take()).toEqual(['1']);
  });

  test('and cannot be is refused; the next takes its place', () => {
    const device = sender({ isSealing: true });
    for (const text of ['a', 'b', 'c']) device.add(text);
    device.prepare(1);
    const [, second] = device.unprepared;
    if (second) device.outgoing.unsendable(second, new CimError('no-key'), 0);
    device.prepare(3);
    expect(device.take()).toEqual(['1', '3']);
    expect(device.ends).toEqual(['no-key b']);
    device.ack(1);
    device.ack(3, { code: outOfOrder, expected: 2 });
    expect(device.take()).toEqual(['3!']);
  });

  test('is not sent when the client is closed before', () => {
    const device = sender({ isSealing: true });
    device.add('a');
    device.outgoing.abandon();
    device.prepare(1);
    expect(device.ends).toEqual(['unavailable a']);
    expect(device.take()).toEqual([]);
  });
});

describe('in another store', () => {
  test('what is unanswered is sealed anew; what was made for the one before does not count', () => {
    const device = sender({ isSealing: true });
    device.add('a');
    device.add('b');
    device.prepare(1);
    expect(device.take()).toEqual(['1']);
    const [, late] = device.unprepared.splice(0);
    device.outgoing.disconnected();
    device.outgoing.prepareAnew();
    device.outgoing.connected(0);
    expect(device.take()).toEqual([]);
    expect(device.unprepared.map(({ sendSeq, draft }) => [sendSeq, draft.text])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    if (!late) throw new Error('the second was to be made');
    device.outgoing.prepared(late, { sealed: Uint8Array.of(9) }, 0);
    device.outgoing.unsendable(late, new CimError('no-key'), 0);
    expect(device.ends).toEqual([]);
    device.prepare(1);
    device.prepare(2);
    expect(device.written.map(({ sendable }) => sendable.sealed?.[0])).toEqual([1, 2]);
    device.ack(1, { seq: 1 });
    device.ack(2, { seq: 2 });
    expect(device.ends).toEqual(['stored a as 1 at 1', 'stored b as 2 at 2']);
  });
});

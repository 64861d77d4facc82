/** The checkers on ledgers written by hand: what they accept, and each thing that they must not. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { check } from '../../src/witness/checker.ts';
import {
  type DeviceRecord,
  Ledger,
  type Outcome,
  type SentRecord,
} from '../../src/witness/ledger.ts';
import { checkStored } from './checker.ts';
import { StoreRecord, textOf } from './store-record.ts';

const amy = 1;
const bob = 2;
let ledger: Ledger;
let store: StoreRecord;
let amys: DeviceRecord;
let bobs: DeviceRecord;

beforeEach(() => {
  ledger = new Ledger();
  store = new StoreRecord();
  ledger.losses = store;
  amys = newDevice('amy', amy);
  bobs = newDevice('bob', bob);
});

function newDevice(name: string, userId: number): DeviceRecord {
  const device = ledger.addDevice(name, userId);
  ledger.ready(ledger.began(device));
  return device;
}

/** Amy has sent it to Bob, or to a group. */
function sent(
  outcome: Exclude<Outcome, 'waiting'> = 'stored',
  target: SentRecord['target'] = { to: bob },
  seq = 0,
): SentRecord {
  const message = ledger.sending(amys, target, 0);
  const id = outcome === 'stored' ? `1.e.2.${message.number}` : '';
  ledger.answered(message, outcome, { id, seq });
  return message;
}

function said(): SentRecord {
  return sent('stored', { group: 'lobby' });
}

function shown(device: DeviceRecord, { number, id }: SentRecord, seq: number, as = id) {
  return ledger.showed(device, { number, seq, id: as, isFaithful: true });
}

/** What the store holds: in both timelines, or in the group's. */
function stored(...messages: SentRecord[]): void {
  const entries = messages.map(({ number }, index) => ({ seq: index + 1, text: textOf(number) }));
  const isGroup = messages.some(({ target }) => 'group' in target);
  for (const timeline of isGroup
    ? [groupTimeline('lobby')]
    : [userTimeline(amy), userTimeline(bob)])
    store.stored.set(timeline, entries);
}

function end(device: DeviceRecord, how: 'closed' | 'crashed' | 'failed'): void {
  Object.assign(device.lives.at(-1) ?? {}, { end: how });
}

/** `lost m1 at bob` is a message that was lost, and where. */
function violations(): string[] {
  const { breaches } = check(ledger);
  return [
    ...breaches.map(({ kind, number, device }) => `${kind} ${textOf(number)} at ${device}`),
    ...checkStored(ledger, store),
  ];
}

test('what was stored and shown in order is right', () => {
  const [one, two] = [sent(), sent()];
  stored(one, two);
  shown(bobs, one, 1);
  shown(bobs, two, 2);
  expect(violations()).toEqual([]);
});

describe('a message that was acknowledged', () => {
  test('must be stored', () => {
    shown(bobs, sent(), 1);
    expect(violations()).toEqual([
      'u:2 does not hold m1, which was acknowledged',
      'u:1 does not hold m1, which was acknowledged',
    ]);
  });

  test('must be shown', () => {
    stored(sent());
    expect(violations()).toEqual(['lost m1 at bob']);
  });

  test('must be shown on every device, also on the other ones of the sender', () => {
    newDevice('bob too', bob);
    newDevice('amy too', amy);
    const one = sent();
    stored(one);
    shown(bobs, one, 1);
    expect(violations()).toEqual(['lost m1 at bob too', 'lost m1 at amy too']);
  });

  test('need not be shown where nobody is any more', () => {
    stored(sent());
    end(bobs, 'closed');
    expect(violations()).toEqual([]);
  });

  test('was shown if an earlier life of the device has shown it', () => {
    const one = sent();
    stored(one);
    shown(bobs, one, 1);
    end(bobs, 'crashed');
    ledger.ready(ledger.began(bobs));
    expect(violations()).toEqual([]);
  });

  test('is owed to a device that came later, unless another has shown it', () => {
    const [one, two] = [sent(), sent()];
    stored(one, two);
    shown(bobs, one, 1);
    newDevice('bob too', bob);
    shown(bobs, two, 2);
    expect(violations()).toEqual(['lost m2 at bob too']);
  });

  test('in the lobby is owed to whoever was there', () => {
    const early = said();
    newDevice('bob too', bob);
    const late = said();
    stored(early, late);
    shown(bobs, early, 1);
    shown(bobs, late, 2);
    expect(violations()).toEqual(['lost m2 at bob too']);
  });

  test('in a named group is owed to whoever has joined and stayed', () => {
    const bobsOther = newDevice('bob too', bob);
    ledger.entered('team', amys);
    ledger.entered('team', bobs);
    ledger.ready(bobsOther.lives[0] as DeviceRecord['lives'][number]);
    sent('stored', { group: 'team' });
    store.stored.set(groupTimeline('team'), [{ seq: 1, text: 'm1' }]);
    expect(violations()).toEqual(['lost m1 at bob', 'lost m1 at bob too']);
    ledger.left('team', bob);
    expect(violations()).toEqual([]);
  });

  test('may be missing after a failover that took it, and not if it came back', () => {
    const [one, two] = [sent(), sent()];
    const lost = [{ seq: 1, text: textOf(one.number) }];
    store.addLost(userTimeline(amy), lost);
    store.addLost(userTimeline(bob), lost);
    stored(two);
    expect(violations()).toEqual([]);
    stored(two, one);
    expect(violations()).toEqual(['lost m1 at bob']);
  });
});

describe('nothing is', () => {
  test('shown twice', () => {
    const one = sent();
    stored(one);
    shown(bobs, one, 1);
    shown(bobs, one, 2);
    expect(violations()).toEqual(['doubled m1 at bob']);
  });

  test('shown again after the device was closed, as it may be after a crash', () => {
    const one = sent();
    stored(one);
    shown(bobs, one, 1);
    end(bobs, 'crashed');
    ledger.began(bobs);
    shown(bobs, one, 1);
    expect(violations()).toEqual([]);
    Object.assign(bobs.lives[0] ?? {}, { end: 'closed' });
    expect(violations()).toEqual(['doubled m1 at bob']);
  });

  test('taken, and shown again; what was not taken may be', () => {
    const one = sent();
    stored(one);
    const first = shown(bobs, one, 1);
    end(bobs, 'closed');
    ledger.began(bobs);
    shown(bobs, one, 1);
    expect(violations()).toEqual(['doubled m1 at bob']);
    first.isTaken = false;
    expect(violations()).toEqual([]);
  });

  test('shown before an earlier one of the sender, or of the timeline', () => {
    const [one, two] = [sent(), sent()];
    stored(one, two);
    shown(bobs, two, 1);
    shown(bobs, one, 2);
    expect(violations()).toEqual(['disordered m1 at bob']);
    const other = newDevice('amy too', amy);
    shown(other, one, 2);
    shown(other, two, 1);
    expect(violations()).toEqual(['disordered m1 at bob', 'disordered m2 at amy too']);
  });

  test('stored twice', () => {
    const one = sent();
    shown(bobs, one, 1);
    stored(one, one);
    expect(violations()).toEqual(['u:1 holds m1 twice', 'u:2 holds m1 twice']);
  });

  test('shown or stored that was refused', () => {
    const one = sent('refused');
    stored(one);
    shown(bobs, one, 1, '1.e.2.1');
    expect(violations()).toEqual([
      'refused m1 at bob',
      'u:1 holds m1, which was refused',
      'u:2 holds m1, which was refused',
    ]);
  });

  test('shown that was not sent, or not so, or by the instance itself', () => {
    const one = sent();
    stored(one);
    ledger.showed(bobs, { number: 9, seq: 1, isFaithful: false });
    ledger.showed(bobs, { number: one.number, seq: 2, isFaithful: false });
    shown(amys, one, 1);
    expect(violations()).toEqual(['astray m1 at amy', 'altered m9 at bob', 'altered m1 at bob']);
  });

  test('shown under another identity than it was acknowledged with', () => {
    const one = sent();
    stored(one);
    shown(bobs, one, 1, '1.e.2.7');
    expect(violations()).toEqual(['altered m1 at bob']);
  });

  test('left unanswered, and no client gives up by itself', () => {
    ledger.sending(amys, { to: bob }, 0);
    end(bobs, 'failed');
    Object.assign(bobs.lives[0] ?? {}, { reason: 'no reason' });
    expect(violations()).toEqual(['bob gave up: no reason', 'm1 is never answered']);
  });
});

test('a transient message may be shown, once, and must not be stored', () => {
  const one = sent('transient');
  shown(bobs, one, 0, '1.e.2.~1');
  expect(violations()).toEqual([]);
  stored(one);
  shown(bobs, one, 0, '1.e.2.~1');
  expect(violations()).toEqual([
    'doubled m1 at bob',
    'u:1 holds m1, which is transient',
    'u:2 holds m1, which is transient',
  ]);
});

test('what may or may not have been stored may be shown, once', () => {
  const one = sent('unconfirmed');
  shown(bobs, one, 1, '1.e.2.1');
  expect(violations()).toEqual([]);
  shown(bobs, one, 2, '1.e.2.1');
  expect(violations()).toEqual(['doubled m1 at bob']);
});

describe('where a timeline keeps ten messages, and twenty came after', () => {
  beforeEach(() => {
    store.messagesMax = 10;
    for (const user of [amy, bob]) store.heads.set(userTimeline(user), 21);
  });

  test('what was shown may be gone, and so may the own copy', () => {
    shown(bobs, sent('stored', { to: bob }, 1), 1);
    expect(violations()).toEqual([]);
  });

  test('what is unread may not', () => {
    sent('stored', { to: bob }, 1);
    expect(violations()).toEqual([
      'lost m1 at bob',
      'u:2 does not hold m1, which was acknowledged',
    ]);
  });
});

/** The checker on ledgers written by hand: what it accepts, and each thing that it must not. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { groupTimeline, userTimeline } from '../../src/store/timelines.ts';
import { check } from './checker.ts';
import { Ledger, type Life, type Sent } from './ledger.ts';

const amy = 1;
const bob = 2;
let ledger: Ledger;
let amys: Life;
let bobs: Life;

beforeEach(() => {
  ledger = new Ledger();
  amys = newLife('amy', amy);
  bobs = newLife('bob', bob);
});

function newLife(name: string, userId: number): Life {
  const life = ledger.addLife(ledger.addDevice(name, userId, false));
  ledger.ready(life);
  return life;
}

/** Amy has sent this to Bob; `as`: its number in the conversation. */
function sent(text: string, as: number, outcome: Sent['outcome'] = 'stored'): Sent {
  const message = ledger.addSent(amy, { to: bob, group: '' }, text, amys);
  message.outcome = outcome;
  message.id = outcome === 'stored' ? `1.e.2.${as}` : '';
  return message;
}

function said(text: string, as: number): Sent {
  const message = ledger.addSent(amy, { to: 0, group: 'lobby' }, text, amys);
  message.outcome = 'stored';
  message.id = `1.e.#lobby.${as}`;
  return message;
}

function shown(life: Life, { text, from, to, group, id }: Sent, seq: number, as = id): void {
  ledger.addShown(life, { text, from, to, group, id: as, seq }).taken = true;
}

/** What the store holds: in both timelines, or in the group's. */
function stored(...messages: Sent[]): void {
  const entries = messages.map(({ text, id }, index) => ({ seq: index + 1, id, text }));
  const isGroup = messages.some(({ group }) => group !== '');
  for (const timeline of isGroup
    ? [groupTimeline('lobby')]
    : [userTimeline(amy), userTimeline(bob)])
    ledger.stored.set(timeline, entries);
}

test('what was stored and shown in order is right', () => {
  const [one, two] = [sent('one', 1), sent('two', 2)];
  stored(one, two);
  shown(bobs, one, 1);
  shown(bobs, two, 2);
  expect(check(ledger)).toEqual([]);
});

describe('a message that was acknowledged', () => {
  test('must be stored', () => {
    shown(bobs, sent('one', 1), 1);
    expect(check(ledger)).toEqual([
      'u:2 does not hold one, which was acknowledged',
      'u:1 does not hold one, which was acknowledged',
    ]);
  });

  test('must be shown', () => {
    stored(sent('one', 1));
    expect(check(ledger)).toEqual(['bob never shows one (1.e.2.1)']);
  });

  test('must be shown on every device, also on the other ones of the sender', () => {
    newLife('bob too', bob);
    newLife('amy too', amy);
    const one = sent('one', 1);
    stored(one);
    shown(bobs, one, 1);
    expect(check(ledger)).toEqual([
      'bob too never shows one (1.e.2.1)',
      'amy too never shows one (1.e.2.1)',
    ]);
  });

  test('need not be shown where nobody is any more', () => {
    stored(sent('one', 1));
    bobs.end = 'closed';
    expect(check(ledger)).toEqual([]);
  });

  test('was shown if an earlier life of the device has shown it', () => {
    const one = sent('one', 1);
    stored(one);
    shown(bobs, one, 1);
    bobs.end = 'killed';
    ledger.ready(ledger.addLife(bobs.device));
    expect(check(ledger)).toEqual([]);
  });

  test('is owed to a device that came later, unless another has shown it', () => {
    const [one, two] = [sent('one', 1), sent('two', 2)];
    stored(one, two);
    shown(bobs, one, 1);
    newLife('bob too', bob);
    shown(bobs, two, 2);
    expect(check(ledger)).toEqual(['bob too never shows two (1.e.2.2)']);
  });

  test('in the lobby is owed to whoever was there', () => {
    const early = said('early', 1);
    newLife('bob too', bob);
    const late = said('late', 2);
    stored(early, late);
    shown(bobs, early, 1);
    shown(bobs, late, 2);
    expect(check(ledger)).toEqual(['bob too never shows late (1.e.#lobby.2)']);
  });

  test('in a named group is owed to whoever has joined and stayed', () => {
    const bobsOther = newLife('bob too', bob);
    ledger.joined(amys.device, 'team');
    ledger.joined(bobs.device, 'team');
    ledger.ready(bobsOther);
    const one = ledger.addSent(amy, { to: 0, group: 'team' }, 'one', amys);
    one.outcome = 'stored';
    one.id = '1.e.#team.1';
    ledger.stored.set(groupTimeline('team'), [{ seq: 1, id: one.id, text: 'one' }]);
    const missing = (life: string) => `${life} never shows one (1.e.#team.1)`;
    expect(check(ledger)).toEqual([missing('bob'), missing('bob too')]);
    ledger.left(bob, 'team');
    expect(check(ledger)).toEqual([]);
  });

  test('may be missing after a failover that took it, and not if it came back', () => {
    const [one, two] = [sent('one', 1), sent('two', 2)];
    const lost = [{ seq: 1, id: one.id, text: 'one' }];
    ledger.addLost(userTimeline(amy), lost);
    ledger.addLost(userTimeline(bob), lost);
    stored(two);
    expect(check(ledger)).toEqual([]);
    stored(two, one);
    expect(check(ledger)).toEqual(['bob never shows one (1.e.2.1)']);
  });
});

describe('nothing is', () => {
  test('shown twice', () => {
    const one = sent('one', 1);
    stored(one);
    shown(bobs, one, 1);
    shown(bobs, one, 2);
    expect(check(ledger)).toContain('bob shows one twice');
  });

  test('shown again after the device was closed, as it may be after a crash', () => {
    const one = sent('one', 1);
    stored(one);
    shown(bobs, one, 1);
    bobs.end = 'killed';
    const next = ledger.addLife(bobs.device);
    shown(next, one, 1);
    expect(check(ledger)).toEqual([]);
    bobs.end = 'closed';
    expect(check(ledger)).toEqual(['bob shows one again']);
  });

  test('shown before an earlier one', () => {
    const [one, two] = [sent('one', 1), sent('two', 2)];
    stored(one, two);
    shown(bobs, two, 2);
    shown(bobs, one, 1);
    expect(check(ledger)).toEqual([
      'bob shows one (1.e.2.1) after a later one',
      'bob shows one (number 1) out of turn',
    ]);
  });

  test('stored twice', () => {
    const one = sent('one', 1);
    shown(bobs, one, 1);
    stored(one, one);
    expect(check(ledger)).toEqual(['u:1 holds one twice', 'u:2 holds one twice']);
  });

  test('shown or stored that was refused', () => {
    const one = sent('one', 1, 'refused');
    stored(one);
    shown(bobs, one, 1, '1.e.2.1');
    expect(check(ledger)).toEqual([
      'bob shows one, which was refused',
      'u:1 holds one, which was refused',
      'u:2 holds one, which was refused',
    ]);
  });

  test('shown that was not sent, or not so, or by the device itself', () => {
    const one = sent('one', 1);
    stored(one);
    shown(bobs, { ...one, text: 'other' }, 1);
    shown(bobs, { ...one, from: 3 }, 2, '1.e.2.2');
    shown(amys, one, 1);
    expect(check(ledger)).toEqual([
      'amy shows one, which it has sent itself',
      'bob shows other, which nobody has sent',
      'bob shows one as from 3 to 2',
    ]);
  });

  test('shown under another identity than it was acknowledged with', () => {
    const one = sent('one', 1);
    stored(one);
    shown(bobs, one, 1, '1.e.2.7');
    expect(check(ledger)).toEqual(['bob shows one as 1.e.2.7, which was acknowledged as 1.e.2.1']);
  });

  test('left unanswered, and no client gives up by itself', () => {
    sent('one', 1, 'open');
    bobs.end = 'failed';
    bobs.reason = 'no reason';
    expect(check(ledger)).toEqual(['bob gave up: no reason', 'one is never answered']);
  });
});

test('a transient message may be shown, once, and must not be stored', () => {
  const one = sent('one', 1, 'transient');
  shown(bobs, one, 0, '1.e.2.~1');
  expect(check(ledger)).toEqual([]);
  stored(one);
  shown(bobs, one, 0, '1.e.2.~1');
  expect(check(ledger)).toEqual([
    'bob shows one twice',
    'u:1 holds one, which is transient',
    'u:2 holds one, which is transient',
  ]);
});

test('what may or may not have been stored may be shown, once', () => {
  const one = sent('one', 1, 'unknown');
  shown(bobs, one, 1, '1.e.2.1');
  expect(check(ledger)).toEqual([]);
  shown(bobs, one, 2, '1.e.2.1');
  expect(check(ledger)).toContain('bob shows one twice');
});

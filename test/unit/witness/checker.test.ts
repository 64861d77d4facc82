// Goal: the checker sees every kind of broken promise, and nothing in what is allowed. Method:
// ledgers of a good run, each doctored in one way.
import { describe, expect, test } from '@jest/globals';
import { lobby } from '../../../src/client/sdk/index.ts';
import type { Breach } from '../../../src/witness/breach.ts';
import { check } from '../../../src/witness/checker.ts';
import {
  type DeviceRecord,
  Ledger,
  type LifeRecord,
  type Outcome,
  type SentRecord,
} from '../../../src/witness/ledger.ts';

const amyId = 1;
const bobId = 2;

/** Amy has two devices, bob has two; all are logged in. */
function scene() {
  const ledger = new Ledger([
    { name: 'cooks', userIds: [amyId, bobId] },
    { name: 'smiths', userIds: [amyId] },
  ]);
  const enter = (device: string, userId: number) => {
    const record = ledger.addDevice(device, userId);
    begin(record);
    return record;
  };
  const begin = (record: DeviceRecord): LifeRecord => {
    const life = ledger.began(record);
    ledger.ready(life);
    return life;
  };
  const amy = enter('amy', amyId);
  const amyToo = enter('amy-too', amyId);
  const bob = enter('bob', bobId);
  const bobToo = enter('bob-too', bobId);
  const say = (
    from: DeviceRecord,
    target: SentRecord['target'],
    outcome: Exclude<Outcome, 'waiting'> = 'stored',
    seq = 0,
  ) => {
    const sent = ledger.sending(from, target, 0);
    ledger.answered(sent, outcome, { seq });
    return sent.number;
  };
  const show = (number: number, seq: number, ...devices: DeviceRecord[]) => {
    for (const device of devices) ledger.showed(device, { number, seq, isFaithful: true });
  };
  const end = (
    device: DeviceRecord,
    how: 'closed' | 'crashed',
    saved: Readonly<Record<string, number>> = {},
  ) => {
    const life = device.lives.at(-1);
    if (life) Object.assign(life, { end: how, savedSeqs: new Map(Object.entries(saved)) });
  };
  const breaches = () => check(ledger).breaches;
  return { ledger, amy, amyToo, bob, bobToo, begin, say, show, end, breaches };
}

function breach(kind: Breach['kind'], number: number, device: string): Breach {
  return { kind, number, device };
}

describe('private messages', () => {
  test('shown once on every device but the sending one: kept', () => {
    const { amy, amyToo, bob, bobToo, say, show, breaches } = scene();
    const first = say(amy, { to: bobId });
    const second = say(amy, { to: bobId });
    show(first, 1, amyToo, bob, bobToo);
    show(second, 2, amyToo, bob, bobToo);
    expect(breaches()).toEqual([]);
  });

  test('acknowledged and not shown on one device of the receiver, or of the sender: lost', () => {
    const { amy, bob, say, show, breaches } = scene();
    const number = say(amy, { to: bobId });
    show(number, 1, bob);
    expect(breaches()).toEqual([
      breach('lost', number, 'bob-too'),
      breach('lost', number, 'amy-too'),
    ]);
  });

  test('to oneself: owed to the other devices', () => {
    const { amy, say, breaches } = scene();
    const number = say(amy, { to: amyId });
    expect(breaches()).toEqual([breach('lost', number, 'amy-too')]);
  });

  test('shown twice in one life: doubled', () => {
    const { amy, amyToo, bob, bobToo, say, show, breaches } = scene();
    const number = say(amy, { to: bobId });
    show(number, 1, amyToo, bob, bobToo, bob);
    expect(breaches()).toEqual([breach('doubled', number, 'bob')]);
  });

  test('shown twice on the sending device, which need not show it: doubled', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const number = say(amy, { to: bobId });
    show(number, 1, amyToo, bob, bobToo);
    end(amy, 'crashed');
    begin(amy);
    show(number, 1, amy);
    expect(breaches()).toEqual([]);
    show(number, 1, amy);
    expect(breaches()).toEqual([breach('doubled', number, 'amy')]);
  });

  test('shown again after a restart in good order: doubled', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const number = say(amy, { to: bobId });
    show(number, 1, amyToo, bob, bobToo);
    end(bob, 'closed');
    begin(bob);
    show(number, 1, bob);
    expect(breaches()).toEqual([breach('doubled', number, 'bob')]);
  });

  test('shown again after a crash: allowed once, and only what was not saved', () => {
    const { ledger, amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const saved = say(amy, { to: bobId });
    const unsaved = say(amy, { to: bobId });
    show(saved, 1, amyToo, bob, bobToo);
    show(unsaved, 2, amyToo, bob, bobToo);
    end(bob, 'crashed', { '': 1, cooks: 9 });
    begin(bob);
    show(unsaved, 2, bob);
    expect(check(ledger)).toMatchObject({ breaches: [], shownAgain: 1 });
    show(unsaved, 2, bob);
    show(saved, 1, bob);
    expect(breaches()).toEqual([
      breach('doubled', unsaved, 'bob'),
      breach('doubled', saved, 'bob'),
    ]);
  });

  test('a later one of the conversation first: disordered', () => {
    const { amy, amyToo, bob, bobToo, say, show, breaches } = scene();
    const [first, second] = [say(amy, { to: bobId }), say(amy, { to: bobId })];
    show(first, 1, amyToo, bob);
    show(second, 2, amyToo, bob, bobToo);
    show(first, 1, bobToo);
    expect(breaches()).toEqual([breach('disordered', first, 'bob-too')]);
  });

  test('numbers of the timeline that were given out anew: a store that has lost them may do so', () => {
    const { amy, amyToo, bob, bobToo, say, show, breaches } = scene();
    const [first, second] = [say(amy, { to: bobId }), say(amy, { to: bobId })];
    show(first, 7, amyToo, bob, bobToo);
    show(second, 1, amyToo, bob, bobToo);
    expect(breaches()).toEqual([]);
  });

  test('a later one first across a restart of the reader: disordered', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const [first, second] = [say(amy, { to: bobId }), say(amy, { to: bobId })];
    show(first, 1, amyToo, bob);
    show(second, 2, amyToo, bob, bobToo);
    end(bobToo, 'closed');
    begin(bobToo);
    show(first, 1, bobToo);
    expect(breaches()).toEqual([breach('disordered', first, 'bob-too')]);
  });

  test('other conversations, and other lives of the sender, have an order of their own', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const byAmy = say(amy, { to: bobId });
    const byAmyToo = say(amyToo, { to: bobId });
    show(byAmyToo, 1, amy, bob, bobToo);
    show(byAmy, 2, amyToo, bob, bobToo);
    const before = say(amy, { to: bobId });
    end(amy, 'crashed');
    begin(amy);
    const after = say(amy, { to: bobId });
    show(after, 3, amyToo, bob, bobToo);
    show(before, 4, amyToo, bob, bobToo);
    expect(breaches()).toEqual([]);
  });

  test('unconfirmed: shown nowhere is allowed, shown here and not there is lost', () => {
    const { amy, bob, say, show, breaches } = scene();
    say(amy, { to: bobId }, 'unconfirmed');
    expect(breaches()).toEqual([]);
    const number = say(amy, { to: bobId }, 'unconfirmed');
    show(number, 1, bob);
    // The sender's own timeline may never have got it: its device has died over it.
    expect(breaches()).toEqual([breach('lost', number, 'bob-too')]);
  });

  test('refused for good and shown', () => {
    const { amy, bob, say, show, breaches } = scene();
    const number = say(amy, { to: bobId }, 'refused');
    expect(breaches()).toEqual([]);
    show(number, 1, bob);
    expect(breaches()).toEqual([breach('refused', number, 'bob')]);
  });

  test('shown to somebody else', () => {
    const { amy, amyToo, bob, say, show, breaches } = scene();
    const number = say(amy, { to: amyId });
    show(number, 1, amyToo, bob);
    expect(breaches()).toEqual([breach('astray', number, 'bob')]);
  });

  test('with another text, or never sent at all: altered', () => {
    const { ledger, amy, amyToo, bob, bobToo, say, show, breaches } = scene();
    const number = say(amy, { to: bobId });
    show(number, 1, amyToo, bob);
    ledger.showed(bobToo, { number, seq: 1, isFaithful: false });
    ledger.showed(bobToo, { number: 99, seq: 2, isFaithful: false });
    expect(breaches()).toEqual([
      breach('altered', number, 'bob-too'),
      breach('altered', 99, 'bob-too'),
    ]);
  });
});

describe('a named group', () => {
  const target = { group: 'cooks' };

  test('owed to every device of every member but the sending one', () => {
    const { amy, amyToo, bob, say, show, breaches } = scene();
    const number = say(amy, target);
    show(number, 1, amyToo, bob);
    expect(breaches()).toEqual([breach('lost', number, 'bob-too')]);
  });

  test('owed to those who were away, too', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    end(bobToo, 'closed');
    const number = say(amy, target);
    begin(bobToo);
    show(number, 1, amyToo, bob);
    expect(breaches()).toEqual([breach('lost', number, 'bob-too')]);
  });

  test('shown to somebody who is no member', () => {
    const { amy, amyToo, bob, say, show, breaches } = scene();
    const number = say(amy, { group: 'smiths' });
    show(number, 1, amyToo, bob);
    expect(breaches()).toEqual([breach('astray', number, 'bob')]);
  });

  test('sent by somebody removed, or shown to them', () => {
    const { ledger, amy, amyToo, bob, bobToo, say, show, breaches } = scene();
    const before = say(amy, target);
    show(before, 1, amyToo, bob, bobToo);
    ledger.removing('cooks', bobId);
    const meanwhile = say(bob, target);
    show(meanwhile, 2, amy, amyToo, bobToo);
    ledger.removed('cooks', bobId);
    const overheard = say(amy, target);
    const intruding = say(bob, target);
    say(bob, target, 'refused');
    show(overheard, 3, amyToo, bob);
    show(intruding, 4, amy, amyToo);
    expect(breaches()).toEqual([
      breach('overheard', overheard, 'bob'),
      breach('intruding', intruding, 'bob'),
    ]);
  });

  test.each<[string, (ledger: Ledger) => void]>([
    ['is about to be invited', (ledger) => ledger.inviting('cooks', bobId)],
    ['may have a group without members before them', (ledger) => ledger.left('cooks', amyId)],
  ])('somebody removed who %s', (_, may) => {
    const { ledger, amy, bob, bobToo, say, show, breaches } = scene();
    ledger.removing('cooks', bobId);
    ledger.removed('cooks', bobId);
    may(ledger);
    ledger.removed('cooks', bobId);
    const number = say(bob, { group: 'cooks' });
    show(number, 1, amy, bobToo);
    const lost = breaches().filter(({ kind }) => kind !== 'lost');
    expect(lost).toEqual([]);
  });

  test('an invitation that is answered allows another removal', () => {
    const { ledger, amy, bob, say, show, breaches } = scene();
    ledger.inviting('cooks', bobId);
    ledger.invited('cooks', bobId);
    ledger.removing('cooks', bobId);
    ledger.removed('cooks', bobId);
    const number = say(amy, target);
    show(number, 1, bob);
    expect(breaches()).toContainEqual(breach('overheard', number, 'bob'));
  });

  test('shown again after a crash: allowed for what was not saved of this group', () => {
    const { ledger, amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const saved = say(amy, target);
    const unsaved = say(amy, target);
    show(saved, 1, amyToo, bob, bobToo);
    show(unsaved, 2, amyToo, bob, bobToo);
    end(bob, 'crashed', { '': 9, cooks: 1 });
    begin(bob);
    show(unsaved, 2, bob);
    expect(check(ledger)).toMatchObject({ breaches: [], shownAgain: 1 });
    show(saved, 1, bob);
    expect(breaches()).toEqual([breach('doubled', saved, 'bob')]);
  });
});

describe('the lobby', () => {
  const target = { group: lobby };

  test('owed to every life that was logged in when it was sent, but to the sending one', () => {
    const { amy, amyToo, bob, say, show, breaches } = scene();
    const number = say(amy, target, 'stored', 1);
    show(number, 1, amyToo, bob);
    expect(breaches()).toEqual([breach('lost', number, 'bob-too')]);
  });

  test('not owed to a life that began later, nor to one that ended before it came', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const first = say(amy, target, 'stored', 1);
    show(first, 1, amyToo, bob, bobToo);
    end(bobToo, 'closed');
    const whileAway = say(amy, target, 'stored', 2);
    show(whileAway, 2, amyToo, bob);
    begin(bobToo);
    expect(breaches()).toEqual([]);
  });

  test('missed before one that was shown, in a life that has ended: lost', () => {
    const { amy, amyToo, bob, bobToo, say, show, end, breaches } = scene();
    const first = say(amy, target, 'stored', 1);
    const second = say(amy, target, 'stored', 2);
    const third = say(amy, target, 'stored', 3);
    for (const [index, number] of [first, second, third].entries())
      show(number, index + 1, amyToo, bob);
    show(second, 2, bobToo);
    end(bobToo, 'closed');
    expect(breaches()).toEqual([breach('lost', first, 'bob-too')]);
  });

  test('shown again after a crash: doubled, a new instance starts at the newest', () => {
    const { amy, amyToo, bob, bobToo, say, show, begin, end, breaches } = scene();
    const number = say(amy, target, 'stored', 1);
    show(number, 1, amyToo, bob, bobToo);
    end(bob, 'crashed');
    begin(bob);
    show(number, 1, bob);
    expect(breaches()).toEqual([breach('doubled', number, 'bob')]);
  });
});

// Goal: the checker sees each way in which what people made of messages is not what devices read back
// in the end, and nothing in what is allowed. Method: ledgers of a good run, each doctored in one way.
import { describe, expect, test } from '@jest/globals';
import { lobby, type Message } from '../../../src/client/sdk/index.ts';
import { check } from '../../../src/witness/checker.ts';
import { describeBreach } from '../../../src/witness/describe-breach.ts';
import { type ChangeKind, type DeviceRecord, Ledger } from '../../../src/witness/ledger.ts';
import { aspectsOf, reactionsValue, retraction } from '../../../src/witness/pictures.ts';

const [amyId, bobId] = [1, 2];
const id = '1.0123456789abcdef.2.1';

/** Amy, who has two devices, has sent one message to bob or to the lobby; all were shown it. */
function scene(target: { to: number } | { group: string } = { to: bobId }) {
  const ledger = new Ledger([]);
  const enter = (device: string, userId: number) => {
    const record = ledger.addDevice(device, userId);
    ledger.ready(ledger.began(record));
    return record;
  };
  const [amy, amyToo, bob] = [enter('amy', amyId), enter('amy-too', amyId), enter('bob', bobId)];
  const devices = [amy, amyToo, bob];
  const { number } = ledger.sending(amy, target, 0);
  ledger.answered(ledger.sent.get(number)!, 'stored', { seq: 1, id });
  for (const device of [amyToo, bob])
    ledger.showed(device, { number, seq: 1, id, isFaithful: true });

  const change = (
    by: DeviceRecord,
    kind: ChangeKind,
    value: string,
    outcome: 'stored' | 'refused' | 'unconfirmed' = 'stored',
  ) => ledger.changed(ledger.changing(by, kind, id, value), outcome);
  const message: Message = {
    id,
    from: amyId,
    fromName: 'amy',
    text: 'first',
    seq: 1,
    at: 0,
    ...target,
  };
  const read = (device: DeviceRecord, picture: Partial<Message>, isFaithful = true) => {
    const history = device.history ?? ledger.readsBack(device);
    const timeline = 'group' in target ? target.group : device.userId;
    const aspects = aspectsOf({ ...message, ...picture });
    ledger.readBack(history, { id, from: amyId, timeline, seq: 1, aspects, isFaithful });
  };
  const readAll = (picture: Partial<Message>) => {
    for (const device of devices) read(device, picture);
  };
  const breaches = () => check(ledger).breaches.map(({ kind, device }) => `${kind} ${device}`);
  return { ledger, amy, amyToo, bob, change, read, readAll, breaches };
}

const edited = (text: string) => ({ text, edited: 1 });
const retracted = { text: '', retracted: true } as const;
const reacted = (from: number, ...emoji: string[]) => ({ reactions: [{ from, emoji }] });
const all = (kind: string) => ['amy', 'amy-too', 'bob'].map((device) => `${kind} ${device}`);

describe.each([[{ to: bobId }], [{ group: lobby }]])('a message to %j', (target) => {
  test('that was edited, reacted to and read so by all: kept', () => {
    const { amy, amyToo, bob, change, readAll, breaches } = scene(target);
    change(amy, 'edit', 'second');
    change(amyToo, 'react', '👍');
    change(bob, 'react', '👍 😀');
    readAll({
      ...edited('second'),
      reactions: [
        { from: amyId, emoji: ['👍'] },
        { from: bobId, emoji: ['👍', '😀'] },
      ],
    });
    expect(breaches()).toEqual([]);
  });

  test('that was retracted, whatever else was done to it: kept', () => {
    const { amy, bob, change, readAll, breaches } = scene(target);
    change(amy, 'edit', 'second');
    change(bob, 'react', '👍');
    change(amy, 'retract', retraction);
    readAll(retracted);
    expect(breaches()).toEqual([]);
  });

  test.each<[ChangeKind, string]>([
    ['edit', 'second'],
    ['retract', retraction],
    ['react', '👍'],
  ])('of which nobody reads an acknowledged %s', (kind, value) => {
    const { amy, change, readAll, breaches } = scene(target);
    change(amy, kind, value);
    readAll({});
    expect(breaches()).toEqual(all('undone'));
  });

  test('of which one device reads an edit that the same person has overtaken', () => {
    const { amy, bob, change, read, readAll, breaches } = scene(target);
    change(amy, 'edit', 'second');
    change(amy, 'edit', 'third');
    readAll(edited('third'));
    read(bob, edited('second'));
    expect(breaches().sort()).toEqual(['differing bob', 'undone bob']);
  });

  test('that two devices have edited: either counts, but the same for all', () => {
    const { amy, amyToo, bob, change, read, readAll, breaches } = scene(target);
    change(amy, 'edit', 'second');
    change(amyToo, 'edit', 'third');
    readAll(edited('second'));
    expect(breaches()).toEqual([]);
    read(bob, edited('third'));
    expect(breaches()).toEqual(['differing bob']);
  });

  test('of which a reaction was taken back: it is gone, and is not to come again', () => {
    const { bob, change, readAll, breaches } = scene(target);
    change(bob, 'react', '👍');
    change(bob, 'react', reactionsValue([]));
    readAll({});
    expect(breaches()).toEqual([]);
    readAll(reacted(bobId, '👍'));
    expect(breaches()).toEqual(all('undone'));
  });

  test.each<[string, Partial<Message>]>([
    ['an edit', edited('hers')],
    ['a retraction', retracted],
  ])('that has %s of somebody else', (_, picture) => {
    const { bob, change, readAll, breaches } = scene(target);
    change(bob, 'edit', 'hers', 'unconfirmed');
    change(bob, 'retract', retraction, 'unconfirmed');
    readAll(picture);
    expect(breaches()).toEqual(all('forged'));
  });

  test.each<[ChangeKind, string, Partial<Message>]>([
    ['edit', 'second', edited('second')],
    ['retract', retraction, retracted],
    ['react', '👍', reacted(amyId, '👍')],
  ])('that has a refused %s', (kind, value, picture) => {
    const { amy, change, readAll, breaches } = scene(target);
    change(amy, kind, value, 'refused');
    readAll(picture);
    expect(breaches()).toEqual(all('forged'));
  });

  test('that has another text than it was sent with', () => {
    const { bob, change, read, readAll, breaches } = scene(target);
    change(bob, 'react', '👍');
    readAll(reacted(bobId, '👍'));
    read(bob, reacted(bobId, '👍'), false);
    expect(breaches()).toEqual(['altered bob']);
  });

  test('that one device does not read back any more, though what is older is there', () => {
    const { ledger, amy, bob, change, readAll, breaches } = scene(target);
    change(amy, 'edit', 'second');
    readAll(edited('second'));
    const history = ledger.readsBack(bob);
    expect(breaches()).toEqual([]);
    history.oldestSeqs.set('group' in target ? target.group : bobId, 1);
    expect(breaches()).toEqual(['missing bob']);
  });
});

test('an unconfirmed change may be in one of the two timelines of a private message alone', () => {
  const { amy, bob, change, read, readAll, breaches } = scene();
  change(amy, 'edit', 'second', 'unconfirmed');
  readAll({});
  read(bob, edited('second'));
  expect(breaches()).toEqual([]);
  read(amy, edited('second'));
  expect(breaches()).toEqual(['differing amy-too']);
});

test('an unconfirmed change of a message to a group is there for all or for nobody', () => {
  const { amy, bob, change, read, readAll, breaches } = scene({ group: lobby });
  change(amy, 'edit', 'second', 'unconfirmed');
  readAll({});
  expect(breaches()).toEqual([]);
  read(bob, edited('second'));
  expect(breaches()).toEqual(['differing bob']);
});

test('a breach is told with what was read', () => {
  const { ledger, amy, bob, change, readAll } = scene();
  change(amy, 'edit', 'second');
  change(bob, 'react', '👍');
  readAll(reacted(bobId, '👍'));
  const words = check(ledger).breaches.map((breach) => describeBreach(breach, ledger));
  expect(words[0]).toContain('undone: message 1 of device amy');
  expect(words[0]).toContain('read back reactions of 2 "👍"');
});

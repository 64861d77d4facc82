/** What senders are told of how far others have got: what is accepted of it, and what is not. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { checkMarks } from '../../../src/witness/check-marks.ts';
import { type DeviceRecord, Ledger, type SentRecord } from '../../../src/witness/ledger.ts';

const [amy, bob, carl] = [1, 2, 3];
let ledger: Ledger;
let amys: DeviceRecord;
let bobs: DeviceRecord;

function newDevice(name: string, userId: number): DeviceRecord {
  const device = ledger.addDevice(name, userId);
  ledger.ready(ledger.began(device));
  return device;
}

beforeEach(() => {
  ledger = new Ledger([{ name: 'team', userIds: [amy, bob] }]);
  amys = newDevice('amy', amy);
  bobs = newDevice('bob', bob);
});

const epoch = '0a'.repeat(8);
const idOf = (sendSeq: number, target = '2') => `1.${epoch}.${target}.${sendSeq}`;

/** Amy has sent it; its place in her source is its number. */
function sent(target: SentRecord['target'] = { to: bob }): SentRecord {
  const message = ledger.sending(amys, target, 0);
  const { number } = message;
  const id = idOf(number, 'group' in target ? `#${target.group}` : `${target.to}`);
  ledger.answered(message, 'stored', { id, seq: 10 + number });
  return message;
}

function got(device: DeviceRecord, kind: 'delivered' | 'read', { number, id, seq }: SentRecord) {
  ledger.showed(device, { number, id, seq, isFaithful: true });
  ledger.marks.gets(device, kind, { number, id, seq });
}

function breaches(): string[] {
  return [...checkMarks(ledger)].map(({ kind, number, device }) => `${kind} ${number} ${device}`);
}

describe('a mark', () => {
  test('says as much as the reader has got', () => {
    const [first, second] = [sent(), sent()];
    got(bobs, 'delivered', second);
    got(bobs, 'read', first);
    ledger.marks.hears(amys, 'delivered', { by: bob, upTo: second.id });
    ledger.marks.hears(amys, 'read', { by: bob, upTo: first.id });
    expect(breaches()).toEqual([]);
    ledger.marks.hears(amys, 'read', { by: bob, upTo: second.id });
    expect(breaches()).toEqual(['ahead 2 amy']);
  });

  test('is not told before the reader has got it', () => {
    const message = sent();
    ledger.marks.hears(amys, 'delivered', { by: bob, upTo: message.id });
    got(bobs, 'delivered', message);
    expect(breaches()).toEqual(['ahead 1 amy']);
  });

  test('is of the one whom it is told of, and for the sender', () => {
    const message = sent();
    got(bobs, 'read', message);
    ledger.marks.hears(amys, 'read', { by: bob, upTo: message.id });
    const carls = newDevice('carl', carl);
    ledger.marks.hears(carls, 'read', { by: bob, upTo: message.id });
    ledger.marks.hears(amys, 'read', { by: carl, upTo: message.id });
    expect(breaches()).toEqual(['ahead 1 carl', 'ahead 1 amy']);
  });

  test('beyond the last message is that of a change of it', () => {
    const message = sent();
    got(bobs, 'delivered', message);
    ledger.marks.hears(amys, 'delivered', { by: bob, upTo: idOf(7) });
    expect(breaches()).toEqual([]);
  });

  test('of a group means all that is older there, and nothing to who has joined since', () => {
    const message = sent({ group: 'team' });
    const later = { ...message, number: 9, id: `3.${epoch}.#team.1`, seq: 30 };
    got(bobs, 'read', later);
    ledger.marks.hears(amys, 'read', { by: bob, upTo: message.id });
    const carls = newDevice('carl', carl);
    ledger.entered('team', carls);
    ledger.marks.hears(amys, 'read', { by: carl, upTo: message.id });
    expect(breaches()).toEqual([]);
  });
});

describe('what a reader has got', () => {
  test('is told in the end to the instance that has sent it', () => {
    const [first, second] = [sent(), sent()];
    got(bobs, 'read', second);
    expect(breaches()).toEqual(['untold 2 amy']);
    ledger.marks.hears(amys, 'read', { by: bob, upTo: first.id });
    expect(breaches()).toEqual(['untold 2 amy']);
    ledger.marks.hears(amys, 'read', { by: bob, upTo: second.id });
    expect(breaches()).toEqual([]);
  });

  test.each(['reader', 'sender'])('may go with the %s', (who) => {
    got(bobs, 'delivered', sent());
    const [life] = (who === 'reader' ? bobs : amys).lives;
    if (life) life.end = 'crashed';
    expect(breaches()).toEqual([]);
  });

  test('may come before the sender hears that it is stored', () => {
    const early = ledger.sending(amys, { to: bob }, 0);
    got(bobs, 'delivered', { ...early, id: idOf(1), seq: 1 });
    ledger.answered(early, 'stored', { id: idOf(1), seq: 1 });
    expect(breaches()).toHaveLength(1);
  });

  test('may go with a failover', () => {
    got(bobs, 'delivered', sent());
    expect(breaches()).toHaveLength(1);
    ledger.marks.setBack.add(amy);
    expect(breaches()).toEqual([]);
  });
});

test('what is unread is what came after what was read, by living devices for sure', () => {
  const tablet = newDevice('tablet', bob);
  const [first, second, third] = [sent(), sent(), sent()];
  got(bobs, 'read', first);
  got(tablet, 'read', second);
  ledger.showed(bobs, { number: third.number, seq: third.seq, isFaithful: true });
  const unread = (count: number) => {
    ledger.marks.counts(bobs, [{ peer: amy, unread: count }]);
    return breaches().filter((each) => each.startsWith('miscounted'));
  };
  expect([0, 1, 2].map((count) => unread(count).length)).toEqual([1, 0, 1]);
  const [life] = tablet.lives;
  if (life) life.end = 'crashed';
  expect([0, 1, 2, 3].map((count) => unread(count).length)).toEqual([1, 0, 0, 1]);
});

import { expect, test } from '@jest/globals';
import {
  Histories,
  parseReplication,
  type Replication,
} from '../../../../../src/store/redis/connection/histories.ts';

function master(fields: Partial<Replication> = {}): Replication {
  const before = { historyBefore: '0'.repeat(40), offsetBefore: -1 };
  return { isMaster: true, history: 'A', offset: 1_000, ...before, replicas: [], ...fields };
}

/** A replica that took over, and had history A up to this number. */
function promoted(upTo: number): Replication {
  return master({
    ...{ history: 'B', offset: upTo + 50 },
    ...{ historyBefore: 'A', offsetBefore: upTo + 1 },
  });
}

function acknowledged(offset: number): Histories {
  const histories = new Histories();
  histories.acknowledge(master({ offset }), 0);
  return histories;
}

test('a failover to a replica that had everything loses nothing', () => {
  expect(acknowledged(1_000).lostBytes(promoted(1_000))).toBe(0);
  expect(acknowledged(1_000).lostBytes(promoted(1_200))).toBe(0);
});

test('one to a replica that was behind is told once, with how much was lost', () => {
  const histories = acknowledged(1_000);
  expect(histories.lostBytes(promoted(940))).toBe(60);
  expect(histories.lostBytes(promoted(940))).toBe(0);
});

test('what the new master has acknowledged counts in the next failover', () => {
  const histories = acknowledged(1_000);
  histories.lostBytes(promoted(1_000));
  histories.acknowledge(master({ history: 'B', offset: 1_500 }), 0);
  const next = { historyBefore: 'B', offsetBefore: 1_401 };
  expect(histories.lostBytes(master({ history: 'C', offset: 1_402, ...next }))).toBe(100);
});

test('of a replica, and of a history that nobody has seen, nothing is said', () => {
  expect(acknowledged(1_000).lostBytes({ ...promoted(900), isMaster: false })).toBe(0);
  expect(acknowledged(1_000).lostBytes(master({ history: 'X', offset: 5 }))).toBe(0);
});

test('what is acknowledged late does not go back', () => {
  const histories = acknowledged(1_000);
  histories.acknowledge(master({ offset: 900 }), 0);
  expect(histories.lostBytes(promoted(950))).toBe(50);
});

test('with replicas to confirm it counts what so many of them have', () => {
  const histories = new Histories();
  histories.acknowledge(master({ replicas: [990, 950] }), 2);
  expect(histories.lostBytes(promoted(950))).toBe(0);
  const one = new Histories();
  one.acknowledge(master({ replicas: [990, 950] }), 1);
  expect(one.lostBytes(promoted(950))).toBe(40);
  const none = new Histories();
  none.acknowledge(master(), 1);
  expect(none.lostBytes(promoted(5))).toBe(0);
});

test('INFO is read as Redis writes it', () => {
  const info = [
    '# Replication',
    'role:master',
    'slave0:ip=127.0.0.1,port=6380,state=online,offset=70,lag=0',
    'slave1:ip=127.0.0.1,port=6381,state=wait_bgsave,offset=0,lag=0',
    'slave2:ip=127.0.0.1,port=6382,state=online,offset=75,lag=1',
    'master_replid:8b2',
    'master_replid2:0a1',
    'master_repl_offset:77',
    'second_repl_offset:42',
  ].join('\r\n');
  expect(parseReplication(info)).toEqual({
    ...{ isMaster: true, history: '8b2', offset: 77 },
    ...{ historyBefore: '0a1', offsetBefore: 42 },
    replicas: [75, 70],
  });
});

/** Goal: a trace in plain words. */
import { expect, test } from '@jest/globals';
import { linesOfTrace } from '../../../../src/cli/trace/run-trace.ts';

const epoch = '0123456789abcdef';
const at = Date.UTC(2026, 0, 2, 3, 4, 5);

test('a private message that is stored, pushed, delivered', () => {
  const lines = linesOfTrace({
    id: `2.${epoch}.7.1`,
    copies: [
      { timeline: 'u:7', seq: 4, at, searched: 1 },
      { timeline: 'u:2', seq: null, at: null, searched: 200 },
    ],
    pushes: [
      {
        ...{ timeline: 'u:7', seq: 4, count: 1, instance: 'ab', sessions: 2, at },
        outcome: 'handed over',
      },
    ],
    sessions: [{ device: 'phone', server: 'ab' }],
    delivered: 1,
    read: 0,
    obstacles: [],
  });
  expect(lines).toEqual([
    'stored for the receiver (u:7) as number 4, accepted 2026-01-02T03:04:05.000Z',
    "not stored for the sender's own copy (u:2): not among its newest 200 messages",
    'pushed 2026-01-02T03:04:05.000Z to 2 sessions at server ab: handed over',
    'delivered, not read yet',
    'connected: device phone at server ab',
  ]);
});

test('a message of a group that is not there', () => {
  const lines = linesOfTrace({
    id: `2.${epoch}.#team.1`,
    copies: [{ timeline: 'g:team', seq: null, at: null, searched: 0 }],
    ...{ pushes: [], sessions: [], delivered: 0, read: 0 },
    obstacles: ['its disk is full'],
  });
  expect(lines).toEqual([
    'not stored for the group (g:team): not among its newest 0 messages',
    'no push of it is remembered: a device reads it when it connects',
    'delivered to 0 members, read by 0',
    'in its way: its disk is full',
    'nobody is connected to take it now: it waits in the store',
  ]);
});

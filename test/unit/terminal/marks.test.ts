/** What people and scripts see of how far others have got, and how they say how far they have. */
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { GroupMarks, Message } from '../../../src/client/sdk/index.ts';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const message: Message = {
  id: '1.0101010101010101.2.1',
  from: 1,
  fromName: 'bob',
  to: 2,
  text: 'hi\nthere',
  seq: 3,
  at: 0,
};

test('scripts are told who has which message', () => {
  const output = new PassThrough();
  const view = new JsonView(new Output(output), new Output(new PassThrough().resume()));
  view.marked('delivered', { by: 2, upTo: message.id });
  view.marked('read', { by: 2, upTo: 'G', group: 'builds' });
  const lines = String(output.read()).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { event: 'delivered', by: 2, upTo: message.id },
    { event: 'read', by: 2, upTo: 'G', group: 'builds' },
  ]);
});

function person(marks?: Omit<GroupMarks, 'group' | 'seq'>) {
  const output = new PassThrough();
  const [people, recent, clock] = [new People(), new RecentMessages(), new VirtualClock()];
  const client = new FakeMessenger();
  if (marks) client.marks.set('builds', marks);
  people.learn(2, 'amy');
  const screen = new PlainScreen(new Output(output));
  const view = new HumanView({ screen, people, recent, userId: 1, clock, client });
  const shown = async () => {
    await clock.advance(1_000);
    return String(output.read() ?? '')
      .split('\n')
      .slice(0, -1);
  };
  return { view, recent, client, shown };
}

const later = { ...message, id: '1.0101010101010101.2.2', text: 'bye', seq: 4, at: 1 };

test('people see two ticks, at a message of theirs that was shown', async () => {
  const { view, recent, shown } = person();
  recent.add(message);
  recent.add({ ...message, id: 'amys', from: 2 });
  view.marked('delivered', { by: 2, upTo: message.id });
  expect(await shown()).toEqual(['  ✓✓ (2) amy has hi']);
  view.marked('read', { by: 2, upTo: message.id });
  expect(await shown()).toEqual(['  ✓✓ (2) amy has read hi']);
  // Read on another device, and of something long gone.
  view.marked('read', { by: 1, upTo: 'amys' });
  view.marked('read', { by: 2, upTo: 'unknown' });
  expect(await shown()).toEqual([]);
});

test('of marks in quick succession the newest are shown, and nothing after the end', async () => {
  const { view, recent, shown } = person();
  recent.add(message);
  recent.add(later);
  for (const { id } of [message, later]) {
    view.marked('delivered', { by: 2, upTo: id });
    view.marked('read', { by: 2, upTo: id });
  }
  expect(await shown()).toEqual(['  ✓✓ (2) amy has read bye']);
  view.marked('delivered', { by: 3, upTo: later.id });
  view.marked('read', { by: 3, upTo: message.id });
  expect(await shown()).toEqual(['  ✓✓ (3) has read hi', '  ✓✓ (3) has bye']);
  view.marked('read', { by: 3, upTo: later.id });
  await view.closed('left', true);
  expect(await shown()).toEqual(['· bye']);
});

/** How far users 2, 3, … have got in a group in which user 1 has got nowhere. */
function groupMarks(...numbers: readonly (readonly [delivered: number, read: number])[]) {
  const named = numbers.map(([delivered, read], index) => ({ userId: index + 2, delivered, read }));
  const author = { userId: 1, delivered: 0, read: 0 };
  return { members: named.length + 1, delivered: 0, read: 0, named: [author, ...named] };
}

test('of a group people see who was first, and when all have it and have read it', async () => {
  const { view, recent, client, shown } = person(groupMarks([3, 3], [3, 0], [2, 0]));
  const inGroup = { ...message, group: 'builds' };
  recent.add(inGroup);
  recent.add({ ...inGroup, id: 'next', text: 'bye', seq: 5, at: 1 });
  const mark = (by: number, upTo = message.id) =>
    view.marked('read', { by, upTo, group: 'builds' });
  mark(2);
  expect(await shown()).toEqual(['  ✓✓ (2) amy has read hi']);
  client.marks.set('builds', groupMarks([3, 3], [3, 3], [4, 0]));
  mark(3);
  expect(await shown()).toEqual(['  ✓✓ all 3 have hi']);
  client.marks.set('builds', groupMarks([5, 5], [5, 5], [5, 3]));
  mark(4);
  expect(await shown()).toEqual([
    '  ✓✓ all 3 have read hi',
    '  ✓✓ all 3 have bye',
    '  ✓✓ 2 have read bye',
  ]);
  mark(2, 'next');
  expect(await shown()).toEqual([]);
  // No route answers; and too large to be told who has read what.
  client.marks.delete('builds');
  mark(4, 'next');
  expect(await shown()).toEqual([]);
  client.marks.set('builds', { ...groupMarks([5, 5]), named: null });
  mark(4, 'next');
  expect(await shown()).toEqual([]);
});

test('who is alone with somebody in a group is told of them by name', async () => {
  const { view, recent, shown } = person(groupMarks([3, 3]));
  recent.add({ ...message, group: 'builds' });
  view.marked('read', { by: 2, upTo: message.id, group: 'builds' });
  expect(await shown()).toEqual(['  ✓✓ (2) amy has read hi']);
});

test('`:read` names one message', () => {
  expect(parseInput(':read 2.ab.1.1')).toEqual({ kind: 'read', message: '2.ab.1.1' });
  expect(parseInput(':read ^')).toEqual({ kind: 'read', message: '^' });
  for (const wrong of [':read', ':read one two'])
    expect(parseInput(wrong)).toMatchObject({ kind: 'refusal', code: 'bad-command' });
});

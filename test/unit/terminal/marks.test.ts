/** What people and scripts see of how far others have got, and how they say how far they have. */
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Message } from '../../../src/client/sdk/index.ts';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';

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

test('people see two ticks, at a message of theirs that was shown', () => {
  const output = new PassThrough();
  const [people, recent] = [new People(), new RecentMessages()];
  people.learn(2, 'amy');
  const screen = new PlainScreen(new Output(output));
  const view = new HumanView({ screen, people, recent, userId: 1, clock: { now: () => 0 } });
  recent.add(message);
  recent.add({ ...message, id: 'amys', from: 2 });
  view.marked('delivered', { by: 2, upTo: message.id });
  view.marked('read', { by: 2, upTo: message.id });
  // Read on another device, and of something long gone.
  view.marked('read', { by: 1, upTo: 'amys' });
  view.marked('read', { by: 2, upTo: 'unknown' });
  expect(String(output.read())).toBe('  ✓✓ (2) amy has hi\n  ✓✓ (2) amy has read hi\n');
});

test('`:read` names one message', () => {
  expect(parseInput(':read 2.ab.1.1')).toEqual({ kind: 'read', message: '2.ab.1.1' });
  expect(parseInput(':read ^')).toEqual({ kind: 'read', message: '^' });
  for (const wrong of [':read', ':read one two'])
    expect(parseInput(wrong)).toMatchObject({ kind: 'refusal', code: 'bad-command' });
});

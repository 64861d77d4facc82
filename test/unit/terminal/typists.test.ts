// Goal: one line says who is typing, however many do.
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { Typists } from '../../../src/client/terminal/view/typists.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

test('each where they type, and only the number of those beyond three', () => {
  const typists = new Typists({ nameOf: (id) => (id === 2 ? 'amy' : undefined) });
  typists.heard({ from: 2 });
  expect(typists.text).toBe('(2) amy is typing…');
  typists.heard({ from: 3, group: 'cooks' });
  expect(typists.text).toBe('(2) amy, (3) in #cooks are typing…');
  for (const from of [4, 5, 6]) typists.heard({ from });
  expect(typists.text).toBe('(2) amy, (3) in #cooks, (4), 2 more are typing…');
  for (const from of [2, 4, 5, 6]) typists.heard({ from, ended: true });
  typists.heard({ from: 3, group: 'cooks', ended: true });
  expect(typists.text).toBe('');
});

test('whoever is not known is asked for, and called by name from then on', async () => {
  const client = new FakeMessenger();
  client.accounts = [{ userId: 3, userName: 'ida' }];
  const statuses: string[] = [];
  const screen = Object.assign(new PlainScreen(new Output(new PassThrough())), {
    showStatus: (status: string) => statuses.push(status),
  });
  const [people, recent, clock] = [new People(), new RecentMessages(), new VirtualClock(0)];
  const view = new HumanView({ screen, people, recent, userId: 1, clock, client });
  view.typing({ from: 3 });
  await setImmediate();
  expect(statuses).toEqual(['(3) is typing…', '(3) ida is typing…']);
});

/** `:conversations`, `:mute`, `:pin` and `:readby`, as people and scripts see them. */
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { Conversation, Message } from '../../../src/client/sdk/index.ts';
import { Answers } from '../../../src/client/terminal/answers.ts';
import type { Query } from '../../../src/client/terminal/input/action.ts';
import { parseInput } from '../../../src/client/terminal/input/input.ts';
import { People } from '../../../src/client/terminal/people.ts';
import { RecentMessages } from '../../../src/client/terminal/recent-messages.ts';
import { Output } from '../../../src/client/terminal/screen/output.ts';
import { PlainScreen } from '../../../src/client/terminal/screen/plain-screen.ts';
import { HumanView } from '../../../src/client/terminal/view/human-view.ts';
import { JsonView } from '../../../src/client/terminal/view/json-view.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { FakeMessenger } from './support/fake-messenger.ts';

const at = new Date(2026, 0, 31, 10, 5).getTime();
const last: Message = {
  id: 'm',
  from: 7,
  fromName: 'amy',
  to: 1,
  text: 'hi \u001b[31m\nsecond line',
  seq: 3,
  at,
};
const plain = { at, unread: 0, muted: false, pinned: false };
const talks: readonly Conversation[] = [
  { ...plain, peer: 7, unread: 2, last },
  { ...plain, group: 'builds', muted: true, pinned: true, last: { ...last, from: 1 } },
  { ...plain, peer: 123, last: { ...last, text: 'x'.repeat(100) } },
];

function open() {
  const [people, recent, client] = [new People(), new RecentMessages(), new FakeMessenger()];
  client.talks = [...talks];
  client.accounts = [{ userId: 9, userName: 'joe' }];
  const user = { userId: 1, userName: 'bob' };
  const answers = new Answers({ client, people, recent, ...user, notice: () => {} });
  const [script, person] = [new PassThrough(), new PassThrough()];
  const json = new JsonView(new Output(script), new Output(new PassThrough().resume()));
  const screen = new PlainScreen(new Output(person));
  const clock = new VirtualClock(at);
  const human = new HumanView({ screen, people, recent, userId: 1, clock, client });
  const ask = async (text: string) => {
    const result = await answers.to(parseInput(text) as Query);
    for (const view of [json, human]) await view.result({ number: 1, text }, result);
    return {
      told: JSON.parse(String(script.read())),
      shown: String(person.read()).split('\n').slice(1, -1),
    };
  };
  return { ask, client, recent, people };
}

test('the list says whom each is with, what is unread there and what was said last', async () => {
  const { ask } = open();
  const { told, shown } = await ask(':conversations');
  expect(shown).toEqual([
    '  (7) amy  2026-01-31 10:05  2 unread  (7) amy: hi ␛[31m',
    '  #builds  2026-01-31 10:05  [muted]  [pinned]  you: hi ␛[31m',
    `  (123)    2026-01-31 10:05  (7) amy: ${'x'.repeat(38)}…`,
    '· these were all',
  ]);
  expect(told).toMatchObject({ event: 'result', line: 1, command: ':conversations', older: false });
  expect(told.data).toHaveLength(3);
  expect(told.data[0]).toEqual({
    peer: 7,
    at: new Date(at).toISOString(),
    unread: 2,
    muted: false,
    pinned: false,
    last: expect.objectContaining({ event: 'message', id: 'm', from: 7, text: last.text }),
  });
  expect(told.data[1]).toMatchObject({ group: 'builds', muted: true, pinned: true });
  expect(told.data[1]).not.toHaveProperty('peer');
});

test('`:more` goes on with what was listed last', async () => {
  const { ask, client } = open();
  client.past = [last];
  expect((await ask(':conversations 2')).shown.at(-1)).toBe(
    '· end of the list: :more shows older ones',
  );
  const { told, shown } = await ask(':more');
  expect(told).toMatchObject({ data: [{ peer: 123 }], older: false });
  expect(shown).toHaveLength(2);
  expect((await ask(':more')).shown).toEqual(['· there are no more conversations']);
  await ask(':history');
  expect((await ask(':more')).shown).toEqual(['· there are no more messages']);
  client.talks = [];
  expect((await ask(':conversations')).shown).toEqual(['· no conversations yet']);
});

test('conversations are muted and pinned by user or group', async () => {
  const { ask, client, people } = open();
  people.learn(7, 'amy');
  const { told, shown } = await ask(':mute 7');
  expect(told.data).toEqual({ peer: 7, muted: true });
  expect(shown).toEqual(['· the conversation with (7) amy is muted, on all your devices']);
  expect((await ask(':unpin #builds')).told.data).toEqual({ group: 'builds', pinned: false });
  expect((await ask(':unmute #builds')).told.data).toEqual({ group: 'builds', muted: false });
  expect((await ask(':pin 123')).told.data).toEqual({ peer: 123, pinned: true });
  expect(client.talks.map(({ muted, pinned }) => [muted, pinned])).toEqual([
    [true, false],
    [false, false],
    [false, true],
  ]);
});

test.each([
  ':mute',
  ':pin amy',
  ':mute builds',
  ':conversations 0',
  ':conversations 101',
  ':readby',
  ':trace',
])('%s is refused with how it is used', (line) => {
  const message = expect.stringContaining(`use ${line.split(' ')[0]}`);
  expect(parseInput(line)).toEqual({ kind: 'refusal', code: 'bad-command', message });
});

test('`:readby` says who has read a message of a group, and who has it', async () => {
  const { ask, client, recent, people } = open();
  client.members.set('builds', [
    { userId: 1, userName: 'bob' },
    { userId: 2, userName: 'cat' },
  ]);
  people.learn(3, 'dan');
  recent.add({ ...last, id: 'before', from: 1, group: 'builds', seq: 4 });
  recent.add({ ...last, id: 'G', from: 1, group: 'builds', seq: 5 });
  recent.add({ ...last, id: 'private', from: 1 });
  const named = [
    { userId: 1, delivered: 9, read: 9 },
    { userId: 2, delivered: 6, read: 5 },
    { userId: 3, delivered: 5, read: 4 },
    { userId: 4, delivered: 4, read: 4 },
  ];
  client.marks.set('builds', { members: 4, delivered: 3, read: 2, named });
  const { told, shown } = await ask(':readby ^');
  expect(shown).toEqual([
    '  have read it (1): (2) cat',
    '  have it (1): (3) dan',
    '  not yet (1): (4)',
  ]);
  const counts = { id: 'G', group: 'builds', members: 3, delivered: 2, read: 1 };
  expect(told.data).toEqual({ ...counts, readBy: [2], deliveredTo: [2, 3] });
  client.marks.set('builds', { members: 400, delivered: 30, read: 20, named: null });
  const large = await ask(':readby G');
  expect(large.shown).toEqual(['· 20 of 400 members have read it, 30 have it']);
  expect(large.told.data).toMatchObject({ members: 400, readBy: null, deliveredTo: null });
});

test('`:readby` is about messages of named groups', async () => {
  const { ask, recent } = open();
  recent.add({ ...last, id: 'private' });
  recent.add({ ...last, id: 'everybody', group: 'lobby' });
  for (const id of ['private', 'everybody', 'unknown', idIn('builds')])
    await expect(ask(`:readby ${id}`)).rejects.toMatchObject({ kind: 'invalid-argument' });
});

test("`:trace` says where a message of one's own is", async () => {
  const { ask, client, recent } = open();
  recent.add({ ...last, id: 'mine', from: 1, at: 1 });
  recent.add({ ...last, id: 'theirs', from: 7, at: 2 });
  const at = new Date(2026, 0, 31, 10, 5).getTime();
  const stored = { seq: 7, at, searched: 3 };
  client.traces.set('mine', { ...stored, reached: { receivers: 1, delivered: 1, read: 0 } });
  const newest = await ask(':trace ^');
  const quote = '  ┌ you: hi ␛[31m';
  expect(newest.shown).toEqual([
    quote,
    '· stored at 2026-01-31 10:05 as number 7',
    '· delivered, not read yet',
  ]);
  const data = { id: 'mine', seq: 7, at: new Date(at).toISOString(), searched: 3 };
  expect(newest.told.data).toEqual({ ...data, reached: { receivers: 1, delivered: 1, read: 0 } });
  await expect(ask(':trace theirs')).rejects.toMatchObject({ kind: 'not-the-author' });

  for (const [reached, text] of [
    [{ receivers: 1, delivered: 0, read: 0 }, 'not delivered yet, not read yet'],
    [{ receivers: 1, delivered: 1, read: 1 }, 'delivered, read'],
    [{ receivers: 1, delivered: 1, read: null }, 'delivered'],
    [{ receivers: 5, delivered: 3, read: 2 }, '3 of 5 have it, 2 have read it'],
    [{ receivers: 5, delivered: 3, read: null }, '3 of 5 have it'],
    [{ receivers: 0, delivered: 0, read: 0 }, 'it is for nobody else'],
    [null, 'nobody is told who has it'],
  ] as const) {
    client.traces.set('mine', { ...stored, reached });
    expect((await ask(':trace mine')).shown.at(-1)).toBe(`· ${text}`);
  }
  client.traces.set('mine', { seq: null, at: null, searched: 2_000, reached: null });
  const lost = await ask(':trace mine');
  const notStored = '· not stored: it is not among the newest 2000 messages there';
  expect(lost.shown).toEqual([quote, notStored]);
  expect(lost.told.data).toMatchObject({ seq: null, at: null });
});

test('where nothing was said yet that is said, with the name of whom it would be with', async () => {
  const { ask, client } = open();
  client.talks = [{ ...plain, at: 0, peer: 9, pinned: true }];
  const { told, shown } = await ask(':conversations');
  expect(shown[0]).toBe('  (9) joe  no messages yet  [pinned]  ');
  expect(told.data).toEqual([{ peer: 9, unread: 0, muted: false, pinned: true }]);
});

test('only people who exist are watched, and their names are said', async () => {
  const { ask, client } = open();
  expect((await ask(':watch 9')).shown).toEqual(['· you are told when they come and go: (9) joe']);
  await expect(ask(':watch 9 99')).rejects.toMatchObject({
    kind: 'unknown-receiver',
    message: 'there is no user 99',
  });
  client.accounts = undefined;
  expect((await ask(':watch 99')).shown).toEqual(['· you are told when they come and go: (99)']);
  expect([...client.watchedUsers]).toEqual([9, 99]);
});

test('`:readby` of a message of an earlier run looks into the history', async () => {
  const { ask, client } = open();
  const id = idIn('builds');
  const others = Array.from({ length: limits.pageMessagesMax }, (_, index) => ({
    ...{ ...last, id: `later ${index}`, from: 1, group: 'builds', seq: 6 + index },
  }));
  client.past = [{ ...last, id, from: 1, group: 'builds', seq: 5 }, ...others];
  client.marks.set('builds', { members: 400, delivered: 30, read: 20, named: null });
  expect((await ask(`:readby ${id}`)).told.data).toMatchObject({ id, group: 'builds', read: 20 });
  expect(client.queries).toMatchObject([
    { group: 'builds' },
    { group: 'builds', before: `${limits.pageMessagesMax}` },
  ]);
});

function idIn(group: string): string {
  return `1.${'ab'.repeat(8)}.#${group}.1`;
}

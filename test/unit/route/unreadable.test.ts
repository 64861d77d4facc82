// Goal: one stored body that cannot be read, and names in another form than their own, are harmless
// to everybody else at a route, too. Method: a route over a store that such a body was put into.
import { beforeEach, expect, test } from '@jest/globals';
import { callOne } from '../../../src/api/batch-call.ts';
import { runOf } from '../../../src/codec/run.ts';
import { amy, RouteHarness, submission } from '../../support/route-harness.ts';

let route: RouteHarness;
beforeEach(async () => {
  route = await RouteHarness.start();
});

const broken = Uint8Array.of(0x0a, 0x7f, 0x68, 0x69);

async function storeBroken(source: string): Promise<void> {
  await route.store.timelines.append([
    {
      timeline: 'g:lobby',
      from: 9,
      to: 0,
      source,
      sendSeq: 1,
      restart: false,
      silent: false,
      ...runOf([broken]),
    },
  ]);
}

test('a body that cannot be read is no reason not to tell, or to page past, the others', async () => {
  await route.submit(submission(1, 'before', 'lobby'));
  await storeBroken('x');
  await storeBroken('y');
  await route.submit(submission(2, 'after', 'lobby'));
  const query = { userId: amy.userId, group: 'lobby', limit: 10 };
  const whole = await route.core.operations.history(query);
  expect(whole.messages.map(({ text }) => text)).toEqual(['before', 'after']);
  // In pages of one, too, of which some hold nothing else.
  const last = await route.core.operations.history({ ...query, limit: 1 });
  expect(last.messages.map(({ text }) => text)).toEqual(['after']);
  const older = { ...query, limit: 1, before: last.next ?? '' };
  const first = await route.core.operations.history(older);
  expect(first.messages.map(({ text }) => text)).toEqual(['before']);
});

test('whoever is at such a body reads on from there, whatever they take it for', async () => {
  await storeBroken('x');
  await route.submit(submission(1, 'after', 'lobby'));
  const read = { userId: amy.userId, group: 'lobby', after: 1, limit: 10 };
  for (const afterIdentity of ['', '1.0101010101010101.2.1'])
    expect(await callOne(route.core.api.read, { ...read, afterIdentity })).toMatchObject({
      code: 0,
      seqs: [2],
      rewound: false,
    });
});

test.each(['\ufefflobby', 'Lobby', 'lobby\u200b', 'cafe\u0301', '\uff4cobby'])(
  'a message to %j, which is no form of a group, is refused for good, and stored nowhere',
  async (group) => {
    const answers = await route.submit(submission(1, 'x', group), submission(1, 'y', 'lobby'));
    expect(answers).toMatchObject([{ code: 7301 }, { code: 0 }]);
    expect(await route.timelineOf('g:lobby')).toEqual(['y']);
    expect(await route.timelineOf(`g:${group}`)).toEqual([]);
  },
);

test('a text that begins with a byte order mark is the same in a history', async () => {
  await route.submit(submission(1, '\ufeffhi \ufeff', 'lobby'));
  const query = { userId: amy.userId, group: 'lobby', limit: 10 };
  const { messages } = await route.core.operations.history(query);
  expect(messages.map(({ text }) => text)).toEqual(['\ufeffhi \ufeff']);
});

test('bytes that are no message do not end the link to the server that passes them on', () => {
  const entry = { ...submission(1, 'x'), body: broken };
  expect(route.pass(entry)).toEqual([8100]);
});

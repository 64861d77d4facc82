// Goal: an application hears who comes and goes, each change once, whatever happens to connections.
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { decodeIds, type PresenceNews } from '../../../../src/codec/presence.ts';
import { encodePresence, watchRefused } from '../../../../src/codec/server-frame.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { online, reconnect, record } from '../support/running-client.ts';
import type { ServerConnection } from '../support/scripted-server.ts';

/** Whom the client has said that it watches, and those of them whom it shows as online. */
function said(server: ServerConnection): [userIds: number[], online: number[]] {
  const { watched, watchedOnline } = server.take('presence');
  return [[...decodeIds(watched)], [...decodeIds(watchedOnline)]];
}

function tell(server: ServerConnection, ...news: PresenceNews[]): Promise<void> {
  return server.send(encodePresence(news));
}

const amyThere = { userId: 2, online: true, lastSeen: 0 };
const amyGone = { userId: 2, online: false, lastSeen: 0 };

async function watching() {
  const running = await online();
  running.server.frames.splice(0);
  const presences = record(running.client, 'presence');
  running.client.watchPresence([2, 3]);
  await settle();
  return { ...running, presences };
}

test('all are named in one frame, and what a server tells becomes events', async () => {
  const { client, server, presences } = await watching();
  expect(said(server)).toEqual([[2, 3], []]);
  await tell(server, amyThere, { userId: 3, online: false, lastSeen: 99 });
  expect(presences).toEqual([
    { userId: 2, online: true },
    { userId: 3, online: false, lastSeen: 99 },
  ]);
  client.watchPresence([4]);
  client.unwatchPresence([3]);
  await settle();
  expect(said(server)).toEqual([[2, 4], [2]]);
  expect(server.frames).toEqual([]);
});

test('what is told again is no event, and what is said of others neither', async () => {
  const { server, presences } = await watching();
  await tell(server, amyThere, amyThere, { ...amyThere, userId: 77 });
  await tell(server, amyThere);
  expect(presences).toHaveLength(1);
  await tell(server, amyGone, { ...amyGone, lastSeen: 5 });
  expect(presences.slice(1)).toEqual([
    { userId: 2, online: false },
    { userId: 2, online: false, lastSeen: 5 },
  ]);
});

test('after a reconnect all are named again, with who was online', async () => {
  const { world, server, presences } = await watching();
  await tell(server, amyThere, { userId: 3, online: false, lastSeen: 0 });
  await server.end();
  const next = await reconnect(world);
  await settle();
  next.frames.splice(
    0,
    next.frames.findIndex(({ watched }) => watched.length > 0),
  );
  expect(said(next)).toEqual([[2, 3], [2]]);
  await tell(next, { userId: 3, online: false, lastSeen: 0 });
  expect(presences).toHaveLength(2);
});

test('whoever is named before the login is said after it; nothing is said if nobody is', async () => {
  const { server, client } = await online();
  expect(server.frames.some(({ watched }) => watched.length > 0)).toBe(false);
  client.watchPresence([2]);
  client.unwatchPresence([2]);
  client.watchPresence([2]);
  await settle();
  server.frames.splice(
    0,
    server.frames.findIndex(({ watched }) => watched.length > 0),
  );
  expect(said(server)).toEqual([[2], []]);
});

test('somebody who is named again is told of again', async () => {
  const { client, server, presences } = await watching();
  await tell(server, amyThere);
  client.unwatchPresence([2]);
  client.watchPresence([2]);
  await settle();
  await tell(server, amyThere);
  expect(presences).toHaveLength(2);
});

test('a server that is full is asked again later', async () => {
  const { server, clock } = await watching();
  server.frames.splice(0);
  await server.send(watchRefused);
  await clock.advance(9_000);
  expect(server.frames.some(({ watched }) => watched.length > 0)).toBe(false);
  await clock.advance(2_000);
  expect(server.frames.some(({ watched }) => watched.length > 0)).toBe(true);
});

test('more than may be, and what is no id, are refused at once', async () => {
  const { client } = await watching();
  const crowd = Array.from({ length: limits.watchedPerConnectionMax - 1 }, (_, id) => id + 10);
  expect(() => client.watchPresence(crowd)).toThrow('256 users, and no more');
  expect(() => client.watchPresence([0])).toThrow('0 is not a user id');
  expect(() => client.watchPresence([1.5])).toThrow('1.5 is not a user id');
});

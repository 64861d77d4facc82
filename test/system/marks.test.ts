/**
 * How far others have got, as people see it: the packaged executable on a real cluster. Stored, then
 * delivered, then read; and whoever was not told, as a route died, hears of it all the same.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { Client } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ servers: 2, routes: 2 });
});

function person(userId: number, name: string): Promise<Client> {
  return Client.ready({ userId, name, routes: cluster.routeUrls });
}

/** Sends a text; resolves to its id. */
async function send(client: Client, to: number, text: string): Promise<string> {
  const before = client.events.filter(({ event }) => event === 'sent').length;
  client.say(`${to};;${text}`);
  const sent = await waitUntil('it is stored', () =>
    client.events.filter(({ event }) => event === 'sent').at(before),
  );
  return String(sent['id']);
}

async function shown(client: Client, id: string): Promise<void> {
  await waitUntil('it is shown', () =>
    client.events.some((event) => event.event === 'message' && event['id'] === id),
  );
}

function told(client: Client): unknown[] {
  return client.events
    .filter(({ event }) => event === 'delivered' || event === 'read')
    .map(({ event, by, upTo }) => [event, by, upTo]);
}

test('a message is stored, delivered, and read when the reader says so', async () => {
  const [bob, amy] = [await person(1, 'bob'), await person(2, 'amy')];
  const id = await send(bob, 2, 'hi');
  await waitUntil('it is delivered', () => told(bob).length === 1);
  await shown(amy, id);
  amy.say(`:read ${id}`);
  await waitUntil('it is read', () => told(bob).length === 2);
  expect(told(bob)).toEqual([
    ['delivered', 2, id],
    ['read', 2, id],
  ]);
  amy.say(':read 1.0123456789abcdef.2.9');
  const { code } = (await amy.whenEvent('it is refused', ({ event }) => event === 'error')) as {
    code?: string;
  };
  expect(code).toBe('invalid-argument');
});

test('what a route that dies has not told is told by another', async () => {
  const [carl, dora] = [await person(3, 'carl'), await person(4, 'dora')];
  const first = await send(carl, 4, 'one');
  await shown(dora, first);
  const [route] = cluster.routes;
  await route?.process.kill();
  dora.say(`:read ${first}`);
  await waitUntil('it is read', () => told(carl).some((mark) => String(mark).includes('read')), {
    timeoutMs: 90_000,
  });
  expect(told(carl).at(-1)).toEqual(['read', 4, first]);
});

/**
 * The SDK over real sockets, against the server and route of `cim dev` in this process. Between
 * them a network that can be cut.
 */

import { cpSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import {
  CimClient,
  CimError,
  type ClientEvents,
  lobby,
  type Message,
  type Platform,
} from '../../src/client/sdk/index.ts';
import { folderStorage, nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { type DevInProcess, startDevInProcess } from '../support/dev-in-process.ts';
import { secretOf } from '../support/secret-of.ts';
import { type BreakableProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

function startSystem(
  data = ':memory:',
  { port, routePort } = { port: 0, routePort: 0 },
): Promise<DevInProcess> {
  return startDevInProcess({ data, auth: 'open', port, 'route-port': routePort });
}

interface Person {
  readonly client: CimClient;
  readonly texts: string[];
  readonly offline: string[];
}

interface Surroundings {
  readonly proxy?: BreakableProxy;
  readonly folder?: string;
  /** Nothing can be reached while this says so. */
  readonly isDown?: () => boolean;
}

function platformIn({ proxy, isDown = () => false }: Surroundings): Platform {
  const platform = nodePlatform();
  const nowhere = 1;
  return {
    ...platform,
    transport: {
      open: (server, events) => {
        const port = isDown() ? nowhere : (proxy?.port ?? server.port);
        return platform.transport.open({ ...server, port }, events);
      },
    },
    http: {
      request: async (url, request) => {
        if (isDown()) throw new CimError('unavailable', 'the network is down');
        return platform.http.request(url, request);
      },
    },
  };
}

async function open(
  system: DevInProcess,
  userId: number,
  userName: string,
  surroundings: Surroundings = {},
): Promise<Person> {
  const { folder } = surroundings;
  const client = new CimClient({
    userId,
    userName,
    routes: [`http://127.0.0.1:${system.route.port}`],
    platform: platformIn(surroundings),
    credentials: { secret: secretOf(userId) },
    ...(folder && { storage: folderStorage(folder) }),
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const texts: string[] = [];
  const offline: string[] = [];
  client.on('message', ({ text }) => void texts.push(text));
  client.on('offline', ({ reason }) => void offline.push(reason));
  await client.start();
  return { client, texts, offline };
}

function numbered(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => `message ${from + index}`);
}

test('what was sent while somebody was away waits, in order and once', async () => {
  const system = await startSystem();
  const folder = temporaryFolder('amy');
  const bob = await open(system, 1, 'bob');
  const amy = await open(system, 2, 'amy', { folder });
  const [first] = await Promise.all(numbered(10).map((text) => bob.client.send({ to: 2 }, text)));
  expect(first?.id).toMatch(/^1\.[0-9a-f]{16}\.2\.1$/);
  await waitUntil('amy has read ten', () => amy.texts.length === 10);
  await amy.client.close();
  // More than two pages.
  await Promise.all(numbered(500, 11).map((text) => bob.client.send({ to: 2 }, text)));
  const again = await open(system, 2, 'amy', { folder });
  await waitUntil('amy has read the rest', () => again.texts.length >= 500);
  expect([...amy.texts, ...again.texts]).toEqual(numbered(510));
});

test('every message arrives once and in order over a network that is cut again and again', async () => {
  const system = await startSystem();
  const [bobNetwork, amyNetwork] = await Promise.all([
    startTcpProxy(system.tcp.port),
    startTcpProxy(system.tcp.port),
  ]);
  const bob = await open(system, 1, 'bob', { proxy: bobNetwork });
  const amy = await open(system, 2, 'amy', { proxy: amyNetwork });
  const rounds = 6;
  for (let round = 0; round < rounds; round++) {
    const sending = numbered(300, round * 300 + 1).map((text) => bob.client.send({ to: 2 }, text));
    await waitUntil('some have arrived', () => amy.texts.length > round * 300 + 20);
    (round % 2 === 0 ? bobNetwork : amyNetwork).reset();
    await Promise.all(sending);
  }
  await waitUntil('amy has read all', () => amy.texts.length >= rounds * 300);
  expect(amy.texts).toEqual(numbered(rounds * 300));
  expect(bob.offline).toHaveLength(rounds / 2);
  expect(amy.offline).toHaveLength(rounds / 2);
});

test('the lobby goes on after a lost connection; a new client starts with what is said then', async () => {
  const system = await startSystem();
  const network = await startTcpProxy(system.tcp.port);
  const bob = await open(system, 1, 'bob');
  const amy = await open(system, 2, 'amy', { proxy: network });
  await bob.client.send({ group: lobby }, 'one');
  await waitUntil('amy reads one', () => amy.texts.includes('one'));
  network.reset();
  await waitUntil('amy is offline', () => amy.offline.length === 1);
  await bob.client.send({ group: lobby }, 'two');
  const carl = await open(system, 3, 'carl');
  await bob.client.send({ group: lobby }, 'three');
  await waitUntil(
    'both read three',
    () => amy.texts.includes('three') && carl.texts.includes('three'),
  );
  expect(amy.texts).toEqual(['one', 'two', 'three']);
  expect(carl.texts).toEqual(['three']);
  expect(bob.texts).toEqual([]);
});

test('a system that is set up anew on the same addresses is one that goes on', async () => {
  const system = await startSystem();
  const ports = { port: system.tcp.port, routePort: system.route.port };
  let down = false;
  const isDown = () => down;
  const bob = await open(system, 1, 'bob', { isDown });
  const amy = await open(system, 2, 'amy', { isDown });
  await Promise.all(numbered(20).map((text) => bob.client.send({ to: 2 }, text)));
  await waitUntil('amy has read twenty', () => amy.texts.length === 20);
  down = true;
  await system.stop();
  await waitUntil('both are offline', () => bob.offline.length + amy.offline.length === 2);
  await startSystem(':memory:', ports);
  down = false;
  // Before that she has no account there, and could not be written to.
  await waitUntil('amy is back', () => amy.client.state === 'ready');
  await bob.client.send({ to: 2 }, 'in a new world');
  await waitUntil('amy reads on', () => amy.texts.includes('in a new world'));
  expect(amy.texts).toEqual([...numbered(20), 'in a new world']);
});

test('a group: who was away gets what was missed, on each device, and nothing from before', async () => {
  const system = await startSystem();
  const folder = temporaryFolder('amy');
  const bob = await open(system, 1, 'bob');
  await bob.client.createGroup('builds');
  await bob.client.send({ group: 'builds' }, 'before amy');
  const phone = await open(system, 2, 'amy', { folder });
  const laptop = await open(system, 2, 'amy');
  await phone.client.joinGroup('builds');
  await waitUntil('the laptop hears of it', () => laptop.client.followedGroups.length === 1);
  await bob.client.send({ group: 'builds' }, 'message 1');
  await waitUntil('both have it', () => phone.texts.length + laptop.texts.length === 2);
  await phone.client.close();
  // More than a page.
  await Promise.all(numbered(300, 2).map((text) => bob.client.send({ group: 'builds' }, text)));
  const again = await open(system, 2, 'amy', { folder });
  await waitUntil('the phone has the rest', () => again.texts.length >= 300);
  await waitUntil('so has the laptop', () => laptop.texts.length >= 301);
  expect([...phone.texts, ...again.texts]).toEqual(numbered(301));
  expect(laptop.texts).toEqual(numbered(301));
  await again.client.send({ group: 'builds' }, 'from the phone');
  await waitUntil('all the others have it', () =>
    [bob, laptop].every(({ texts }) => texts.at(-1) === 'from the phone'),
  );
  await laptop.client.leaveGroup('builds');
  await waitUntil('the phone hears of it', () => again.client.followedGroups.length === 0);
  await expect(again.client.send({ group: 'builds' }, 'late')).rejects.toMatchObject({
    kind: 'not-a-member',
  });
});

test('several devices: each gets everything, what its user sent from the others included', async () => {
  const system = await startSystem();
  const bob = await open(system, 1, 'bob');
  const phone = await open(system, 2, 'amy');
  const laptop = await open(system, 2, 'amy');
  await bob.client.send({ to: 2 }, 'to both');
  await phone.client.send({ to: 1 }, 'from the phone');
  await laptop.client.send({ to: 2 }, 'a note');
  await waitUntil('the phone has both', () => phone.texts.length === 2);
  await waitUntil('the laptop has both', () => laptop.texts.length === 2);
  expect(phone.texts).toEqual(['to both', 'a note']);
  expect(laptop.texts).toEqual(['to both', 'from the phone']);
});

test('a device that connects anew elsewhere replaces the old connection, which stays away', async () => {
  const system = await startSystem();
  const [folder, copy] = [temporaryFolder('amy'), temporaryFolder('copy')];
  await (await open(system, 2, 'amy', { folder })).client.close();
  cpSync(folder, copy, { recursive: true });
  const old = await open(system, 2, 'amy', { folder });
  const closed: ClientEvents['closed'][] = [];
  old.client.on('closed', (event) => void closed.push(event));
  const replacement = await open(system, 2, 'amy', { folder: copy });
  await waitUntil('the old one is told', () => closed.length === 1);
  expect(closed).toMatchObject([{ code: 'replaced' }]);
  const bob = await open(system, 1, 'bob');
  await bob.client.send({ to: 2 }, 'which of you?');
  await waitUntil('the new one has it', () => replacement.texts.length === 1);
  expect([old.client.state, old.texts, replacement.offline]).toEqual(['closed', [], []]);
});

test('transient messages come to whoever is there, and are nowhere afterwards', async () => {
  const system = await startSystem();
  const bob = await open(system, 1, 'bob');
  const amy = await open(system, 2, 'amy');
  const shown: Message[] = [];
  amy.client.on('message', (message) => void shown.push(message));
  const sent = await bob.client.sendTransient({ to: 2 }, 'typing');
  await waitUntil('amy sees it', () => shown.length === 1);
  expect(shown).toMatchObject([{ id: sent?.id, text: 'typing', seq: 0, transient: true }]);
  expect((await amy.client.history({ limit: 10 })).messages).toEqual([]);
});

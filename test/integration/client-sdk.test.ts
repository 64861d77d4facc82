/**
 * The SDK over real sockets, against the server and route of `cim dev` in this process. Between
 * them a network that can be cut.
 */
import { expect, test } from '@jest/globals';
import { createLogger } from '../../src/base/log.ts';
import { CimClient, CimError, lobby, type Platform } from '../../src/client/sdk/index.ts';
import { folderStorage, nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { type RunningDev, startDev } from '../../src/dev/main.ts';
import { type BreakableProxy, startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';

async function startSystem(
  data = ':memory:',
  ports = { port: 0, routePort: 0 },
): Promise<RunningDev> {
  const kept = { timelineMax: 10_000, timelineDays: 30 };
  const settings = {
    host: '127.0.0.1',
    httpPort: 0,
    data,
    strategy: 'consistent-hash',
    ...kept,
    ...ports,
  };
  const running = await startDev(
    { ...settings, clusterSecret: undefined, logLevel: 'silent' } as Parameters<typeof startDev>[0],
    createLogger('test', 'silent'),
  );
  onTeardown(() => running.stop());
  return running;
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
      open: (host, port, events) =>
        platform.transport.open(host, isDown() ? nowhere : (proxy?.port ?? port), events),
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
  system: RunningDev,
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

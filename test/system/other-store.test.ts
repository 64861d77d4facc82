/**
 * The store is wiped, or begun anew, under people who are chatting. They chat on, encrypted, with
 * the keys that they had: everything that was acknowledged since is read by whom it is for.
 */
import { expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis.ts';
import { Client, type ClientEvent, startRole, startRoute, startServer } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const [bob, amy] = [1, 2] as const;
/** Servers ask about their connections in this time, and clients come back. */
const noticedMsMax = 40_000;

interface System {
  readonly url: string;
  /** Everything in the store is gone. */
  wipe(): Promise<void>;
  /** The route knows, and nobody else has come back. */
  isNoticed(): boolean;
}

async function startCluster(): Promise<System> {
  const [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  const route = await startRoute(zookeeper.address, `127.0.0.1:${redis.port}`);
  await startServer(zookeeper.address);
  return {
    url: `http://${route.addresses['http']}`,
    wipe: async () => {
      await redis.command('FLUSHALL');
    },
    isNoticed: () => route.process.output.includes('the store is another one'),
  };
}

async function startDev(): Promise<System> {
  const [port, routePort] = [await freePort(), await freePort()];
  const start = () =>
    startRole('dev', [
      ...['--data', temporaryFolder('data'), '--http-port', '0'],
      ...['--port', `${port}`, '--route-port', `${routePort}`],
    ]);
  const dev = await start();
  return {
    url: `http://127.0.0.1:${routePort}`,
    wipe: async () => {
      await dev.process.stop();
      await start();
    },
    // It knows no other.
    isNoticed: () => true,
  };
}

/** Two devices of bob, one of amy. */
async function startPeople(url: string): Promise<[Client, Client, Client]> {
  const options = (userId: number) => ({
    userId,
    name: userId === bob ? 'bob' : 'amy',
    routes: [url],
  });
  const phone = await Client.ready(options(bob));
  const people: [Client, Client, Client] = [
    phone,
    await Client.ready(options(bob)),
    await Client.ready(options(amy)),
  ];
  for (const client of people) {
    const other = client.userId === bob ? amy : bob;
    await waitUntil('the other has a key', () => {
      client.say(`:verify ${other}`);
      return client.events.some(({ command }) => command === ':verify');
    });
  }
  return people;
}

function countOf(client: Client, text: string): number {
  return client.texts.filter((each) => each === text).length;
}

test.each([
  ['a cluster whose Redis is flushed', startCluster],
  ['cim dev with a new folder', startDev],
] as const)(
  '%s: all chat on, and read each other',
  async (_, start) => {
    const { url, wipe, isNoticed } = await start();
    const people = await startPeople(url);
    const [phone, laptop, hers] = people;
    phone.say('2;;before');
    phone.say('to all, before');
    await Promise.all([hers.whenText('before'), laptop.whenText('before')]);
    await laptop.whenText('to all, before');

    await wipe();
    // At once, before anybody can have noticed.
    phone.say('2;;right after');
    hers.say('1;;me too');
    await waitUntil('the route knows', isNoticed);
    // Her account may not be there yet.
    phone.say('2;;a moment later');
    await hers.whenText('a moment later', noticedMsMax);
    await hers.whenText('right after', noticedMsMax);
    await laptop.whenText('right after', noticedMsMax);
    await Promise.all([phone, laptop].map((client) => client.whenText('me too', noticedMsMax)));
    const isBack = (client: Client) =>
      client.events.filter(({ event }) => event === 'ready').length > 1;
    await waitUntil('all have come to the other store', () => people.every(isBack), {
      timeoutMs: noticedMsMax,
    });
    hers.say('1;;later');
    laptop.say('2;;and later');
    laptop.say('to all, later');
    await Promise.all([phone.whenText('later'), laptop.whenText('later')]);
    await Promise.all([hers.whenText('and later'), phone.whenText('and later')]);
    await hers.whenText('to all, later');

    // Whoever comes now reads what was said since, with the same key.
    const tablet = await Client.ready({ userId: amy, name: 'amy', routes: [url] });
    const history = (await tablet.ask(':history 1')) as { text: string; unreadable?: string }[];
    expect(history.map(({ text }) => text).toSorted()).toEqual(
      ['a moment later', 'and later', 'later', 'me too', 'right after'].toSorted(),
    );
    for (const client of [...people, tablet]) {
      expect(client.events.filter(({ event }) => event === 'keyChanged')).toEqual([]);
      expect(client.events.filter(({ unreadable }) => unreadable !== undefined)).toEqual([]);
      const isInClear = ({ event, to, encrypted }: ClientEvent) =>
        event === 'message' && to !== undefined && encrypted !== true;
      expect(client.events.filter(isInClear)).toEqual([]);
      for (const text of ['before', 'right after', 'me too', 'later', 'and later', 'to all, later'])
        expect(countOf(client, text)).toBeLessThanOrEqual(1);
    }
  },
  120_000,
);

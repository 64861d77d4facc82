/**
 * Two people chat with the packaged executable, in every way that a private message can take, and in a
 * group that is encrypted; then all that is outside their clients is searched for what they said: the store, the logs of all roles,
 * and every byte between them. What they said to everybody is found, so the search finds things.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { freePort } from '../support/free-port.ts';
import { startRedis } from '../support/redis.ts';
import { Client, type Role, startDevelopment, startRole } from '../support/roles.ts';
import { startRecordingProxy } from '../support/tcp-proxy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

/** In every private text, and in nothing else. */
const secretWord = 'xylophone';
const publicWord = 'marmalade';

/** Everything that an outsider could get hold of, by what it is. */
type Evidence = Readonly<Record<string, string>>;

interface System {
  /** Where clients find a route. */
  readonly url: string;
  /** Where what is said to everybody has to be found. */
  readonly heard: readonly string[];
  gather(): Promise<Evidence>;
}

async function startDevSystem(): Promise<System> {
  const data = temporaryFolder('data');
  const dev = await startDevelopment(['--data', data, '--log-level', 'debug']);
  const routePort = Number(dev.addresses['route']?.split(':')[1]);
  const http = await startRecordingProxy(routePort);
  return {
    url: `http://127.0.0.1:${http.port}`,
    heard: ['store.sqlite-wal'],
    gather: async () => ({
      ...filesIn(data),
      'log of dev': dev.process.output,
      'calls of clients': http.heard.toString('latin1'),
    }),
  };
}

async function startClusterSystem(): Promise<System> {
  const [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  const [port, httpPort, routePort] = [await freePort(), await freePort(), await freePort()];
  const tcp = await startRecordingProxy(port);
  const links = await startRecordingProxy(httpPort);
  const http = await startRecordingProxy(routePort);
  const store = await startRecordingProxy(redis.port);
  const common = ['--host', '127.0.0.1', '--zk', zookeeper.address, '--log-level', 'debug'];
  const route = await startRole('route', [
    ...[...common, '--redis', `127.0.0.1:${store.port}`],
    ...['--port', `${routePort}`, '--advertise-port', `${http.port}`],
  ]);
  const server = await startRole('server', [
    ...[...common, '--port', `${port}`, '--advertise-port', `${tcp.port}`],
    ...['--http-port', `${httpPort}`, '--advertise-http-port', `${links.port}`],
  ]);
  const logOf = ({ process }: Role) => process.output;
  return {
    url: `http://127.0.0.1:${http.port}`,
    heard: ['wire of clients', 'wire of Redis', 'appendonly.aof.1.incr.aof', 'dump.rdb'],
    gather: async () => {
      const folder = (await redis.command('CONFIG', 'GET', 'dir')).split('\n')[1] ?? '';
      await redis.command('SAVE');
      return {
        ...filesIn(folder),
        'log of the route': logOf(route),
        'log of the server': logOf(server),
        'wire of clients': tcp.heard.toString('latin1'),
        'links between roles': links.heard.toString('latin1'),
        'calls of clients and links': http.heard.toString('latin1'),
        'wire of Redis': store.heard.toString('latin1'),
      };
    },
  };
}

function filesIn(folder: string): Evidence {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Object.fromEntries(
    files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'latin1')]),
  );
}

function says(word: string): string {
  return `${word} ${secretWord}`;
}

/** All that is done in a group with a text, and with what quotes it. */
async function talkInGroup(bob: Client, amy: Client): Promise<void> {
  await bob.ask(':create team --e2ee');
  await amy.ask(':join team');
  bob.say(`#team;;${says('first')}`);
  const { id } = await amy.whenText(says('first'));
  amy.say(JSON.stringify({ react: id, emoji: ['👍'] }));
  await bob.whenEvent('hears the reaction', ({ event }) => event === 'reactions');
  bob.say(JSON.stringify({ edit: id, text: says('edited') }));
  await amy.whenEvent(
    'sees the edit',
    ({ event, text }) => event === 'edited' && text === says('edited'),
  );
}

test.each([
  ['cim dev', startDevSystem],
  ['a cluster', startClusterSystem],
] as const)('%s holds nothing of what two people say to each other', async (_, start) => {
  const system = await start();
  const { heard } = system;
  const options = (userId: number) => ({
    userId,
    name: userId === 1 ? 'bob' : 'amy',
    routes: [system.url],
    args: ['--e2ee', 'require'],
  });
  const bob = await Client.ready(options(1));
  const amy = await Client.ready(options(2));
  // Made at the first login, and not before it is done: until then the answer is an error.
  for (const [client, other] of [[bob, 2] as const, [amy, 1] as const]) {
    await waitUntil('the other has a key', () => {
      client.say(`:verify ${other}`);
      return client.events.some(({ command }) => command === ':verify');
    });
  }
  // Who wants nothing in clear text says nothing to everybody.
  const cat = await Client.ready({ ...options(3), name: 'cat', args: [] });
  cat.say(publicWord);
  await bob.whenText(publicWord);
  bob.say(`2;;${says('live')}`);
  bob.say(`1;;${says('note')}`);
  bob.say(`:delay 2;;${says('later')} 1`);
  await amy.whenText(says('live'));
  await amy.whenText(says('later'));
  const passing = await Client.ready({ ...options(1), args: ['--e2ee', 'require', '--transient'] });
  passing.say(`2;;${says('passing')}`);
  await amy.whenText(says('passing'));
  await talkInGroup(bob, amy);
  await amy.quit();
  bob.say(`2;;${says('waiting')}`);
  bob.say(`#team;;${says('who is away?')}`);
  await bob.whenSent(7);

  // A second device of each, which has nothing but the secret.
  const again = await Client.ready(options(2));
  expect(await again.whenText(says('waiting'))).toMatchObject({ encrypted: true });
  expect(await again.whenText(says('who is away?'))).toMatchObject({ encrypted: true });
  again.say(`1;;${says('answer')}`);
  await bob.whenText(says('answer'));
  const other = await Client.ready(options(1));
  const texts = ((await other.ask(':history 2')) as { text: string }[]).map(({ text }) => text);
  expect(texts).toEqual(['live', 'later', 'waiting', 'answer'].map(says));
  const inGroup = ((await other.ask(':history #team')) as { text: string }[]).map(
    ({ text }) => text,
  );
  expect(inGroup).toEqual(['edited', 'who is away?'].map(says));
  const found = (await other.ask(`:q waiting ${secretWord}`)) as { text: string }[];
  expect(found.map(({ text }) => text)).toEqual([says('waiting')]);

  const evidence = await system.gather();
  const holders = (word: string) =>
    Object.keys(evidence).filter((name) => evidence[name]?.includes(word));
  expect(holders(secretWord)).toEqual([]);

  for (const name of heard) expect(holders(publicWord)).toContain(name);
  for (const client of [bob, again, other, passing, cat]) await client.quit();
});

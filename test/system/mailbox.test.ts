// Goal: nobody pushes out what others have sent to somebody who is away, and who keeps to themselves
// is served all the same. Method: the packaged executable, with timelines that are short; a stranger
// sends far more than they keep, and the receiver comes back.
import { describe, expect, test } from '@jest/globals';
import { startRedis } from '../support/redis.ts';
import { Client, startDevelopment, startRoute, startServer } from '../support/roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const kept = 200;
const short = ['--timeline-max', String(kept), '--contact-unread', '50', '--stranger-unread', '10'];
const bob = { userId: 2, name: 'bob' };

async function development(): Promise<readonly string[]> {
  const { addresses } = await startDevelopment(['--data', ':memory:', ...short]);
  return [`http://${addresses['route']}`];
}

async function cluster(): Promise<readonly string[]> {
  const [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  const route = await startRoute(zookeeper.address, redis.address, short);
  await startServer(zookeeper.address);
  return [`http://${route.addresses['http']}`];
}

const refusals = (client: Client) => client.events.filter(({ event }) => event === 'error');

describe.each([
  ['cim dev', development],
  ['a cluster', cluster],
])('%s', (_name, start) => {
  test('a flood to somebody who is away costs the others nothing', async () => {
    const routes = await start();
    const state = temporaryFolder('bob');
    const people = [
      { userId: 1, name: 'amy' },
      { userId: 3, name: 'cat' },
      { userId: 4, name: 'mallory' },
    ];
    const [amy, cat, mallory] = (await Promise.all(
      people.map((person) => Client.ready({ ...person, routes })),
    )) as [Client, Client, Client];
    const before = await Client.ready({ ...bob, routes, state });
    before.say('1;;you know me');
    await amy.whenText('you know me');
    await before.quit();

    amy.say('2;;from a friend');
    cat.say('2;;from a stranger');
    await Promise.all([amy.whenSent(1), cat.whenSent(1)]);
    const flood = 3 * kept;
    for (let index = 1; index <= flood; index++) mallory.say(`2;;flood ${index}`);
    await mallory.whenEvent(
      'hears of all',
      () =>
        refusals(mallory).length + mallory.events.filter(({ event }) => event === 'sent').length >=
        flood,
    );
    expect(new Set(refusals(mallory).map(({ code }) => code))).toEqual(new Set(['mailbox-full']));
    expect(refusals(mallory)[0]?.['message']).toMatch(/not stored.*away/i);
    // There is room for whom he knows, and the strangers' share is not all taken by one.
    amy.say('2;;still a friend');
    cat.say('2;;still a stranger');
    await Promise.all([amy.whenSent(2), cat.whenSent(2)]);

    const back = await Client.ready({ ...bob, routes, state });
    for (const text of ['still a friend', 'still a stranger']) await back.whenText(text);
    expect(back.texts).toEqual(expect.arrayContaining(['from a friend', 'from a stranger']));
    // Refused is refused: nothing that was not stored is shown as sent anywhere.
    const stored = mallory.events.filter(({ event }) => event === 'sent').length;
    const shown = back.texts.filter((text) => String(text).startsWith('flood'));
    expect(shown).toHaveLength(stored);

    // Once he has read, there is room again; once he has blocked, it is used by nobody.
    await back.ask(':block 4');
    mallory.say('2;;unheard');
    await mallory.whenSent(stored + 1);
    amy.say('2;;the last');
    await back.whenText('the last');
    expect(back.texts).not.toContain('unheard');
  }, 120_000);
});

/**
 * An encrypted group in a cluster of packaged executables, while routes and servers are killed in the middle
 * of drawing keys: every time that somebody goes, whoever writes next draws a new one. All who are members
 * read all that is said, once and in order, as does a device that was never there; who has gone reads nothing.
 */
import { expect, test } from '@jest/globals';
import { startCluster } from '../support/cluster.ts';
import { Client } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

const [bob, amy, cat] = [1, 2, 3] as const;

test('kill -9 of routes and servers while keys are drawn loses nobody a message, and no key', async () => {
  const { routes, servers, routeUrls } = await startCluster();
  const open = (userId: number) =>
    Client.ready({ userId, name: `person-${userId}`, routes: routeUrls });
  const [ofBob, ofAmy, ofCat] = [await open(bob), await open(amy), await open(cat)];
  for (const other of [amy, cat]) await whenHasKey(ofBob, other);
  await whenHasKey(ofAmy, bob);
  await ofBob.ask(':create team --e2ee');
  await ofAmy.ask(':join team');
  const writers = [ofBob, ofAmy];
  let said = 0;
  const say = (lines: number) => {
    for (let line = 0; line < lines; line += 1) {
      said += 1;
      for (const writer of writers) writer.say(`#team;;${writer.userId} says ${said}`);
    }
  };
  const heard = (reader: Client, from: Client) =>
    reader.texts.filter((text) => String(text).startsWith(`${from.userId} says`));
  for (const victim of [...routes, ...servers]) {
    await ofCat.ask(':join team');
    say(3);
    const leaving = ofCat.ask(':leave team');
    say(3);
    await Promise.all([leaving, victim.process.kill()]);
    say(3);
    for (const writer of writers) await writer.whenSent(said);
    await victim.start();
  }
  const all = (from: Client) =>
    Array.from({ length: said }, (_, index) => `${from.userId} says ${index + 1}`);
  for (const [reader, from] of [[ofBob, ofAmy] as const, [ofAmy, ofBob] as const]) {
    await waitUntil('all is shown', () => heard(reader, from).length >= said);
    expect(heard(reader, from)).toEqual(all(from));
  }
  // A device that has nothing but the secret.
  const later = await open(amy);
  const messages = (await later.ask(`:history #team ${4 * said}`)) as { text: string }[];
  const texts = messages.map(({ text }) => text);
  expect(texts.toSorted()).toEqual([...all(ofBob), ...all(ofAmy)].toSorted());
  // What was said after cat had gone, and nothing but that.
  const last = [ofBob, ofAmy].map(({ userId }) => `${userId} says ${said}`);
  for (const text of last) expect(ofCat.texts).not.toContain(text);
  const draws = ofBob.events.filter(({ event, kind }) => event === 'groupNews' && kind === 'drawn');
  expect(draws.length).toBeGreaterThanOrEqual(routes.length + servers.length);
  for (const client of [ofBob, ofAmy, ofCat, later]) await client.quit();
});

/** Keys are made at the first login, and not before it is done: until then the answer is an error. */
async function whenHasKey(client: Client, other: number): Promise<void> {
  const answers = () =>
    client.events.filter(({ event }) => event === 'result' || event === 'error');
  for (;;) {
    const before = answers().length;
    client.say(`:verify ${other}`);
    await waitUntil('an answer', () => answers().length > before);
    if (answers().at(-1)?.event === 'result') return;
  }
}

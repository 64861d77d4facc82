/**
 * Lists of conversations as the devices of one user see them: the packaged executable on a real
 * cluster. A new device has all of it, and what one device sets or reads holds for the others.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../support/cluster.ts';
import { Client } from '../support/roles.ts';
import { waitUntil } from '../support/wait-until.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ servers: 1, routes: 1 });
});

function device(userId: number, name: string): Promise<Client> {
  return Client.ready({ userId, name, routes: cluster.routeUrls });
}

/** Types a line; resolves to the `data` of its result. */
async function ask(client: Client, line: string): Promise<unknown> {
  const answers = () => client.events.filter(({ event }) => /^(result|error)$/.test(event));
  const before = answers().length;
  client.say(line);
  const answer = await waitUntil(`${line} is answered`, () => answers().at(before));
  expect(answer).toMatchObject({ event: 'result' });
  return answer['data'];
}

test('a new device lists what there is, and two devices share what is muted, pinned and read', async () => {
  const [amy, bob] = [await device(2, 'amy'), await device(1, 'bob')];
  await ask(amy, ':create builds');
  await ask(bob, ':join builds');
  bob.say('#builds;;green');
  // Of the same millisecond no order is promised.
  await bob.whenSent(1);
  bob.say('2;;hi');
  bob.say('2;;there');
  await bob.whenSent(3);

  const newDevice = await device(2, 'amy');
  const [withBob, builds] = (await ask(newDevice, ':conversations')) as [
    { last: { id: string } },
    unknown,
  ];
  expect(withBob).toMatchObject({ peer: 1, unread: 2, muted: false, last: { text: 'there' } });
  expect(builds).toMatchObject({ group: 'builds', unread: 1, pinned: false });

  await ask(amy, ':mute 1');
  await ask(amy, ':pin #builds');
  // What another device has read is read here.
  amy.say(`:read ${withBob.last.id}`);
  await bob.whenEvent('is told', ({ event, upTo }) => event === 'read' && upTo === withBob.last.id);
  expect(await ask(newDevice, ':conversations')).toMatchObject([
    { group: 'builds', unread: 1, muted: false, pinned: true },
    { peer: 1, unread: 0, muted: true, pinned: false },
  ]);
  await ask(newDevice, ':unmute 1');
  expect(await ask(amy, ':conversations 2')).toMatchObject([{}, { peer: 1, muted: false }]);
});

test('who has read a message of a group is told by name', async () => {
  const [carl, dora] = [await device(3, 'carl'), await device(4, 'dora')];
  await ask(carl, ':create readers');
  await ask(dora, ':join readers');
  carl.say('#readers;;hi');
  const { id } = (await carl.whenEvent('has sent', ({ event }) => event === 'sent')) as {
    id?: string;
  };
  await dora.whenText('hi');
  expect(await ask(carl, `:readby ${id}`)).toMatchObject({ id, members: 1, read: 0, readBy: [] });
  dora.say(`:read ${id}`);
  await carl.whenEvent('is told', ({ event, upTo }) => event === 'read' && upTo === id);
  expect(await ask(carl, ':readby ^')).toMatchObject({ read: 1, readBy: [4], deliveredTo: [4] });
});

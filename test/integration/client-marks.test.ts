// Goal: who has sent something hears how far others have got with it: by pushes, by asking after what
// was missed, and only as far as both sides want it told. Method: SDKs over real sockets, against
// `cim dev` in this process.
import { expect, test } from '@jest/globals';
import { CimClient, type Message, type Receipts } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { type DevInProcess, startDevInProcess } from '../support/dev-in-process.ts';
import { secretOf } from '../support/secret-of.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

function startSystem(given: Readonly<Record<string, string | number>> = {}): Promise<DevInProcess> {
  return startDevInProcess({ data: ':memory:', auth: 'open', ...given });
}

interface Person {
  readonly client: CimClient;
  readonly shown: Message[];
  /** `delivered 2 ID`, `read 2 ID`. */
  readonly marks: string[];
}

async function open(
  system: DevInProcess,
  userId: number,
  { receipts = 'all', port }: { receipts?: Receipts; port?: () => number } = {},
): Promise<Person> {
  const platform = nodePlatform();
  const client = new CimClient({
    userId,
    userName: `user${userId}`,
    routes: [`http://127.0.0.1:${system.route.port}`],
    platform: {
      ...platform,
      transport: {
        open: (server, events) =>
          platform.transport.open({ ...server, port: port?.() ?? server.port }, events),
      },
    },
    credentials: { secret: secretOf(userId) },
    receipts,
  });
  onTeardown(() => client.close({ timeoutMs: 0 }));
  const shown: Message[] = [];
  const marks: string[] = [];
  client.on('message', (message) => void shown.push(message));
  client.on('delivered', ({ by, upTo }) => void marks.push(`delivered ${by} ${upTo}`));
  client.on('read', ({ by, upTo }) => void marks.push(`read ${by} ${upTo}`));
  await client.start();
  return { client, shown, marks };
}

test('stored, then delivered, then read', async () => {
  const system = await startSystem();
  const bob = await open(system, 1);
  const amy = await open(system, 2);
  const sent = [];
  for (const text of ['one', 'two', 'three']) sent.push(await bob.client.send({ to: 2 }, text));
  const [, second, last] = sent.map(({ id }) => id);
  await waitUntil('the last is delivered', () => bob.marks.at(-1) === `delivered 2 ${last}`);
  amy.client.markRead(second as string);
  await waitUntil('the second is read', () => bob.marks.at(-1) === `read 2 ${second}`);
  amy.client.markRead(amy.shown.at(-1) as Message);
  await waitUntil('the last is read', () => bob.marks.at(-1) === `read 2 ${last}`);
});

test('what was moved while the sender was away is asked for', async () => {
  const system = await startSystem();
  const proxy = await startTcpProxy(system.tcp.port);
  let isAway = false;
  const bob = await open(system, 1, { port: () => (isAway ? 1 : proxy.port) });
  const amy = await open(system, 2);
  const { id } = await bob.client.send({ to: 2 }, 'one');
  await waitUntil('it is delivered', () => bob.marks.at(-1) === `delivered 2 ${id}`);
  isAway = true;
  proxy.reset();
  await waitUntil('bob is away', () => bob.client.state === 'reconnecting');
  amy.client.markRead(id);
  await waitUntil('it is kept', async () => {
    const tablet = await open(system, 1);
    await tablet.client.followMarks({ to: 2 });
    await tablet.client.close();
    return tablet.marks.includes(`read 2 ${id}`);
  });
  expect(bob.marks).not.toContain(`read 2 ${id}`);
  isAway = false;
  await waitUntil('bob hears of it', () => bob.marks.at(-1) === `read 2 ${id}`);
});

test.each([
  ['all', 'off', []],
  ['all', 'delivered', ['delivered']],
  ['delivered', 'all', ['delivered']],
  ['off', 'all', []],
] as const)(
  'a cluster that tells %s, and a reader that tells %s: %j',
  async (cluster, receipts, told) => {
    const system = await startSystem({ receipts: cluster });
    const bob = await open(system, 1);
    const amy = await open(system, 2, { receipts });
    const { id } = await bob.client.send({ to: 2 }, 'one');
    await waitUntil('amy is shown it', () => amy.shown.length === 1);
    amy.client.markRead(id);
    // All that she has to tell leaves before she does.
    await amy.client.close();
    const expected = told.map((kind) => `${kind} 2 ${id}`);
    await waitUntil('what is told has come', () => bob.marks.length >= told.length);
    // Who asks is told what is known once more.
    await bob.client.followMarks({ to: 2 });
    expect([...new Set(bob.marks)]).toEqual(expected);
  },
);

test('what is unread is counted, agrees on all devices, and waits for a new one', async () => {
  const system = await startSystem();
  const bob = await open(system, 1);
  const amy = await open(system, 2);
  const tablet = await open(system, 2);
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) ids.push((await bob.client.send({ to: 2 }, text)).id);
  await waitUntil('all are shown', () => amy.shown.length === 3);
  expect(await tablet.client.conversations()).toMatchObject({
    conversations: [{ peer: 1, unread: 3, muted: false, pinned: false, last: { text: 'three' } }],
    next: null,
  });
  amy.client.markRead(ids[1] as string);
  await waitUntil('the tablet knows', () => tablet.marks.includes(`read 2 ${ids[1]}`));
  await amy.client.setMuted({ to: 1 }, true);
  await amy.client.setPinned({ to: 1 }, true);
  const fresh = await open(system, 2);
  const { conversations } = await fresh.client.conversations();
  expect(conversations).toMatchObject([{ peer: 1, unread: 1, muted: true, pinned: true }]);
});

test('a group: who has got how far, and a page of conversations after the other', async () => {
  const system = await startSystem();
  const bob = await open(system, 1);
  const amy = await open(system, 2);
  await bob.client.createGroup('builds');
  await amy.client.joinGroup('builds');
  const { id, seq } = await bob.client.send({ group: 'builds' }, 'green');
  await bob.client.send({ to: 2 }, 'have you seen it?');
  await waitUntil('it is shown', () => amy.shown.length === 2);
  amy.client.markRead(id);
  await waitUntil('it is read', () => bob.marks.includes(`read 2 ${id}`));
  const marks = await bob.client.marksOfGroup('builds', seq);
  expect(marks).toMatchObject({ members: 2, group: 'builds', seq });
  expect(marks.named?.find(({ userId }) => userId === 2)).toMatchObject({ read: seq });
  const first = await amy.client.conversations({ limit: 1 });
  const second = await amy.client.conversations({ limit: 1, before: first.next as string });
  const names = [...first.conversations, ...second.conversations].map(
    (each) => each.group ?? each.peer,
  );
  expect([names, second.next]).toEqual([[1, 'builds'], null]);
});

test('where a message is: as far as receipts tell it', async () => {
  const system = await startSystem();
  const bob = await open(system, 1);
  const amy = await open(system, 2);
  const carl = await open(system, 3);
  const { id, seq } = await bob.client.send({ to: 2 }, 'one');
  await waitUntil('amy is shown it', () => amy.shown.length === 1);
  amy.client.markRead(id);
  await waitUntil('it is read', () => bob.marks.at(-1) === `read 2 ${id}`);
  const stored = { id, seq, at: expect.any(Number), searched: 1 };
  const read = { receivers: 1, delivered: 1, read: 1 };
  expect(await bob.client.trace(id)).toEqual({ ...stored, reached: read });

  // Who has blocked somebody does not show it: stored, as any that waits.
  await amy.client.block(1);
  const blocked = await bob.client.send({ to: 2 }, 'two');
  await carl.client.close();
  const waiting = await bob.client.send({ to: 3 }, 'three');
  const reached = { receivers: 1, delivered: 0, read: 0 };
  for (const [{ id, seq }, searched] of [
    [blocked, 2],
    [waiting, 1],
  ] as const)
    expect(await bob.client.trace(id)).toEqual({ ...stored, id, seq, searched, reached });

  await bob.client.createGroup('builds');
  await amy.client.joinGroup('builds');
  const inGroup = await bob.client.send({ group: 'builds' }, 'green');
  await waitUntil('amy has it', async () => {
    return (await bob.client.trace(inGroup.id)).reached?.delivered === 1;
  });
  expect(await bob.client.trace(inGroup.id)).toMatchObject({
    seq: inGroup.seq,
    reached: { receivers: 1, delivered: 1, read: 0 },
  });
  for (const of of [id, inGroup.id])
    await expect(amy.client.trace(of)).rejects.toMatchObject({ kind: 'not-the-author' });
  await bob.client.leaveGroup('builds');
  await expect(bob.client.trace(inGroup.id)).rejects.toMatchObject({ kind: 'not-a-member' });
  const never = id.replace(/1$/, '999');
  expect(await bob.client.trace(never)).toMatchObject({ seq: null, at: null, searched: 3 });
  await expect(bob.client.trace('1.2.3')).rejects.toMatchObject({ kind: 'invalid-argument' });
});

test.each([
  ['off', null],
  ['delivered', { receivers: 1, delivered: 1, read: null }],
] as const)(
  'a cluster that tells %s tells no more of where a message is',
  async (receipts, reached) => {
    const system = await startSystem({ receipts });
    const bob = await open(system, 1);
    const amy = await open(system, 2);
    const { id } = await bob.client.send({ to: 2 }, 'one');
    await waitUntil('amy is shown it', () => amy.shown.length === 1);
    amy.client.markRead(id);
    // All that she has to tell leaves before she does.
    await amy.client.close();
    await waitUntil('that has come', async () => {
      const trace = await bob.client.trace(id);
      return reached === null || trace.reached?.delivered === 1;
    });
    expect((await bob.client.trace(id)).reached).toEqual(reached);
  },
);

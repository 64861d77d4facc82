/** One's data over real sockets, against `cim dev` in this process: what is exported, and what deleting it leaves to others. */
import { expect, test } from '@jest/globals';
import { CimClient, type ClientEvents, type ExportRecord } from '../../src/client/sdk/index.ts';
import { nodePlatform } from '../../src/client/sdk/node/node-platform.ts';
import { startDevInProcess } from '../support/dev-in-process.ts';
import { secretOf } from '../support/secret-of.ts';
import { onTeardown } from '../support/teardown.ts';
import { waitUntil } from '../support/wait-until.ts';

test('two people talk, one of them exports and deletes the account, the other goes on', async () => {
  const { route } = await startDevInProcess({ data: ':memory:' });
  const open = (userId: number, userName: string) => {
    const client = new CimClient({
      ...{ userId, userName, platform: nodePlatform() },
      routes: [`http://127.0.0.1:${route.port}`],
      credentials: { secret: secretOf(userId) },
    });
    onTeardown(() => client.close({ timeoutMs: 0 }));
    const texts: string[] = [];
    client.on('message', ({ text }) => {
      texts.push(text);
    });
    const closed: ClientEvents['closed'][] = [];
    client.on('closed', (event) => {
      closed.push(event);
    });
    return { client, texts, closed };
  };
  const [amy, bob, laptop] = [open(1, 'amy'), open(2, 'bob'), open(1, 'amy')];
  for (const { client } of [amy, bob, laptop]) await client.start();
  await amy.client.createGroup('cooks');
  await bob.client.joinGroup('cooks');
  await bob.client.send({ to: 1 }, 'hi amy');
  await amy.client.send({ to: 2 }, 'hi bob');
  await amy.client.send({ group: 'cooks' }, 'hi cooks');
  await amy.client.block(2);
  await amy.client.schedule({ to: 1 }, 'for later', 3_600);
  await waitUntil('bob has read both', () => bob.texts.length === 2);

  const records: ExportRecord[] = [];
  for await (const record of amy.client.export()) records.push(record);
  const texts = records.flatMap((record) => (record.record === 'message' ? [record.text] : []));
  expect(texts.toSorted()).toEqual(['hi amy', 'hi bob', 'hi cooks']);
  expect(records[0]).toMatchObject({ record: 'account', userId: 1, hasSecret: true });
  const kinds = records.map(({ record }) => record);
  expect(kinds).toEqual(expect.arrayContaining(['group', 'blocked', 'delayed', 'end']));
  expect(JSON.stringify(records)).not.toContain(secretOf(1));

  await amy.client.deleteAccount();
  await waitUntil('both devices are told', () => amy.closed.length + laptop.closed.length === 2);
  for (const { closed } of [amy, laptop])
    expect(closed).toMatchObject([{ code: 'account-deleted' }]);
  await expect(open(1, 'amy').client.start()).rejects.toMatchObject({ kind: 'account-deleted' });
  await expect(bob.client.send({ to: 1 }, 'still there?')).rejects.toMatchObject({
    kind: 'unknown-receiver',
  });
  const { messages } = await bob.client.history({ limit: 10 });
  expect(messages.map(({ text }) => text)).toEqual(
    expect.arrayContaining(['hi amy', 'hi bob', 'hi cooks']),
  );
  expect(await bob.client.groups()).toMatchObject([{ group: 'cooks', owner: 2 }]);
  expect(await bob.client.groupMembers('cooks')).toEqual([{ userId: 2, userName: 'bob' }]);

  // The name is free, the id is not.
  const next = open(3, 'amy');
  await next.client.start();
  await bob.client.send({ to: 3 }, 'another amy');
  await waitUntil('the next one reads it', () => next.texts.includes('another amy'));
});

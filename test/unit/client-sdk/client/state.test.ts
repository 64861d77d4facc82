/** The whole client against a scripted server: what the next process knows. */
import { describe, expect, test } from '@jest/globals';
import { settle } from '../../../support/virtual-clock.ts';
import { MemoryStorage } from '../support/memory-storage.ts';
import { online, record } from '../support/running-client.ts';
import { World } from '../support/scripted-server.ts';

describe('the state', () => {
  test('takes up where the last process was', async () => {
    const storage = new MemoryStorage();
    const first = await online({ storage });
    for (const seq of [1, 2]) await first.server.push(seq, { sendSeq: seq });
    await first.client.close();
    expect(storage.placeOf()?.position).toEqual({ seq: 2, identity: '2.0202020202020202.1.2' });
    expect(storage.isOpen).toBe(false);

    const second = await online({ storage, welcome: { cursor: 1, head: 3 } });
    expect(second.server.take('read')).toMatchObject({
      after: 2,
      afterIdentity: '2.0202020202020202.1.2',
    });
    await second.server.push(3, { sendSeq: 3 });
    await second.server.pageEnd({ after: 2, head: 3 });
    expect(second.texts()).toEqual(['text 3']);
  });

  test('does not pass what the application has not taken', async () => {
    const storage = new MemoryStorage();
    const world = new World();
    const client = world.client({ storage });
    client.on('message', ({ seq }) => (seq === 2 ? new Promise<void>(() => undefined) : undefined));
    const server = await world.ready(client);
    for (const seq of [1, 2, 3]) await server.push(seq, { sendSeq: seq });
    await client.close();
    expect(storage.placeOf()?.position).toMatchObject({ seq: 1 });
    expect(storage.placeOf()?.window).toHaveLength(1);
  });

  test('does not change any more when the application finishes after the end', async () => {
    const storage = new MemoryStorage();
    const world = new World();
    const client = world.client({ storage });
    const { promise, resolve } = Promise.withResolvers<void>();
    client.on('message', () => promise);
    const server = await world.ready(client);
    await server.push(1, { sendSeq: 1 });
    await client.close();
    resolve();
    await settle();
    expect(world.clock.timerCount).toBe(0);
    expect(storage.placeOf()?.position).toMatchObject({ seq: 0 });
  });

  test('tells what was shown before from what is new, also in the next process', async () => {
    const storage = new MemoryStorage();
    const first = await online({ storage });
    for (const seq of [1, 2]) await first.server.push(seq, { sendSeq: seq });
    await first.client.close();
    const { server, texts } = await online({ storage, welcome: { cursor: 2, head: 2 } });
    server.take('read');
    await server.pageEnd({ after: 2, head: 2, rewound: true });
    expect(server.take('read')).toMatchObject({ after: 0 });
    await server.push(1, { sendSeq: 1 });
    await server.push(2, { sendSeq: 7 });
    await server.pageEnd({ head: 2 });
    expect(texts()).toEqual(['text 7']);
  });

  test('is saved soon, not with every message', async () => {
    const storage = new MemoryStorage();
    const { server, clock } = await online({ storage });
    const saves = storage.saves;
    for (let seq = 1; seq <= 150; seq++) await server.push(seq, { sendSeq: seq });
    expect(storage.saves).toBe(saves);
    await clock.advance(200);
    expect(storage.saves).toBe(saves + 1);
    expect(storage.placeOf()?.position).toMatchObject({ seq: 150 });
  });

  test('in use elsewhere makes this an ephemeral device, with a warning', async () => {
    const storage = new MemoryStorage();
    await online({ storage });
    const world = new World();
    const client = world.client({ storage });
    const warnings = record(client, 'warning');
    await world.start(client);
    expect(warnings).toMatchObject([{ kind: 'state-in-use' }]);
    expect(world.last.take('login')).toMatchObject({ ephemeral: true });
  });
});

describe('a storage of an application that fails', () => {
  const broken = new Error('no such database');

  test('when it is opened: the client ends, and says why', async () => {
    const client = new World().client({ storage: { open: () => Promise.reject(broken) } });
    const closed = record(client, 'closed');
    await expect(client.start()).rejects.toThrow('no such database');
    await settle();
    expect(closed).toMatchObject([{ reason: expect.stringContaining('no such database') }]);
    await client.close();
  });

  test('when it is closed: the client ends all the same', async () => {
    const storage = new MemoryStorage();
    const open = async () => {
      const opening = await storage.open();
      if (opening.status !== 'opened') return opening;
      return { ...opening, store: { ...opening.store, close: () => Promise.reject(broken) } };
    };
    const world = new World();
    const client = world.client({ storage: { open } });
    await world.ready(client);
    const warned = record(client, 'warning');
    const closed = record(client, 'closed');
    await client.close();
    expect(warned).toMatchObject([{ kind: 'state-not-saved' }]);
    expect(closed).toHaveLength(1);
  });
});

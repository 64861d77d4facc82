/** The whole client against a scripted server: the end. */
import { describe, expect, test } from '@jest/globals';
import { ignore } from '../../../../src/base/ignore.ts';
import { serverAddress } from '../../../support/role-addresses.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { MemoryStorage } from '../support/memory-storage.ts';
import { online, reconnect, record, watch } from '../support/running-client.ts';
import { World } from '../support/scripted-server.ts';

describe('closing', () => {
  test('waits for what is unanswered, then acknowledges, leaves and says so', async () => {
    const { client, server, clock } = await online();
    const closed = record(client, 'closed');
    const sent = watch(client.send({ to: 2 }, 'last words'));
    await server.push(1, { sendSeq: 1 });
    const closing = watch(client.close());
    await clock.advance(1_000);
    expect(server.takeTexts()).toEqual(['last words']);
    expect(server.closedByClient).toBe(false);
    await expect(client.send({ to: 2 }, 'too late')).rejects.toMatchObject({ kind: 'unavailable' });
    await server.ack({ sendSeq: 1, seq: 2 });
    expect(sent.value).toMatchObject({ seq: 2 });
    expect('value' in closing).toBe(true);
    expect(server.take('ack')).toMatchObject({ after: 1 });
    expect(server.take('ack')).toMatchObject({ after: 2 });
    expect(server.closedByClient).toBe(true);
    expect(closed).toEqual([{ reason: 'closed by the application', code: 'closed', error: null }]);
    expect(clock.timerCount).toBe(0);
  });

  test('waits no longer than its bound; what is unanswered then is unconfirmed', async () => {
    const { client, clock } = await online();
    const sent = watch(client.send({ to: 2 }, 'hi'));
    const closing = watch(client.close({ timeoutMs: 3_000 }));
    await clock.advance(2_900);
    expect(sent).toEqual({});
    await clock.advance(100);
    expect(sent.error).toMatchObject({ kind: 'unconfirmed' });
    expect('value' in closing).toBe(true);
  });

  test('waits through a reconnect', async () => {
    const { client, server, world } = await online();
    const sent = watch(client.send({ to: 2 }, 'hi'));
    await world.clock.advance(1_000);
    void client.close();
    await server.end();
    const next = await reconnect(world);
    expect(next.takeTexts()).toEqual(['hi']);
    await next.ack({ sendSeq: 1, seq: 1 });
    expect(sent.value).toMatchObject({ seq: 1 });
    expect(client.state).toBe('closed');
  });

  test('is the same close, however often; and start() after it fails', async () => {
    const { client } = await online();
    const closed = record(client, 'closed');
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(closed).toHaveLength(1);
    const fresh = new World().client();
    await fresh.close();
    await expect(fresh.start()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('before the login is done ends start()', async () => {
    const world = new World();
    const client = world.client({ storage: new MemoryStorage() });
    const started = watch(client.start());
    await settle();
    await client.close();
    expect(started.error).toMatchObject({ kind: 'unavailable' });
    expect(world.last.closedByClient).toBe(true);
    expect(world.clock.timerCount).toBe(0);
  });

  test('leaves no timer for what was still to be read', async () => {
    const { client, server, clock } = await online();
    await server.push(2, { sendSeq: 2 });
    await client.close();
    expect(clock.timerCount).toBe(0);
  });

  test('while the state is being opened asks no route', async () => {
    const world = new World();
    const storage = new MemoryStorage();
    const client = world.client({ storage });
    client.start().catch(ignore('events tell'));
    await client.close();
    await settle();
    expect(world.calls).toEqual([]);
    expect(storage.isOpen).toBe(false);
  });

  test('while a route is being asked connects to nothing', async () => {
    const world = new World();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    world.handlers['/login'] = () => promise;
    const storage = new MemoryStorage();
    const client = world.client({ storage });
    await world.start(client);
    await client.close();
    resolve({ endpoints: serverAddress('10.0.0.1', 9000, 8081, true) });
    await world.clock.advance(1_000);
    expect(world.connections).toHaveLength(0);
    expect(storage.isOpen).toBe(false);
    expect(world.clock.timerCount).toBe(0);
  });
});

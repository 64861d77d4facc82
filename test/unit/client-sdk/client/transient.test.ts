/** The whole client against a scripted server: messages that are not stored. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { online, reconnect, watch } from '../support/running-client.ts';
import { World } from '../support/scripted-server.ts';

describe('a transient message', () => {
  test('is written, and never again', async () => {
    const dev = { group: 'dev', joined: 0, cursor: 0, head: 0 };
    const { client, server, world } = await online({ welcome: { groups: [dev] } });
    server.take('read');
    expect(await client.sendTransient({ to: 2 }, 'typing')).toEqual({
      id: '1.0101010101010101.2.~1',
      seq: 0,
      transient: true,
    });
    await client.sendTransient({ group: 'Dev' }, 'typing');
    watch(client.send({ to: 2 }, 'hi'));
    expect(server.take('message')).toMatchObject({
      to: 2,
      reqMsg: 'typing',
      sendSeq: 1,
      transient: true,
    });
    expect(server.take('message')).toMatchObject({ group: 'dev', sendSeq: 2, transient: true });
    expect(server.take('message')).toMatchObject({ to: 2, sendSeq: 1, transient: false });
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world);
    expect(next.takeTexts()).toEqual(['hi']);
  });

  test('is not written while there is no connection, and does not hold up the end', async () => {
    const world = new World();
    const client = world.client();
    expect(await client.sendTransient({ to: 2 }, 'early')).toBeUndefined();
    const server = await world.ready(client);
    await world.clock.advance(1_000);
    await server.end();
    expect(await client.sendTransient({ to: 2 }, 'cut')).toBeUndefined();
    const next = await reconnect(world);
    await client.sendTransient({ to: 2 }, 'now');
    await client.close();
    expect(await client.sendTransient({ to: 2 }, 'late')).toBeUndefined();
    expect(next.takeTexts()).toEqual(['now']);
    expect(next.closedByClient).toBe(true);
  });

  test('is not written behind too much that has not left', async () => {
    const { client, server, world } = await online();
    world.unsentBytes = limits.transientOutboxBytesMax + 1;
    expect(await client.sendTransient({ to: 2 }, 'late')).toBeUndefined();
    world.unsentBytes = 0;
    expect(await client.sendTransient({ to: 2 }, 'now')).toBeDefined();
    expect(server.takeTexts()).toEqual(['now']);
  });

  test('that could never be sent is refused', async () => {
    const { client } = await online();
    const text = 'x'.repeat(limits.textBytesMax + 1);
    await expect(client.sendTransient({ to: 2 }, text)).rejects.toMatchObject({
      kind: 'too-long',
    });
  });

  test('is shown as it comes, and acknowledged never', async () => {
    const { server, messages, clock } = await online({ welcome: { head: 1 } });
    server.take('read');
    await server.pushTransient({ sendSeq: 4, text: 'typing' });
    await server.pushTransient({ sendSeq: 4, text: 'typing' });
    expect(messages).toMatchObject([
      { id: '2.0202020202020202.1.~4', to: 1, text: 'typing', seq: 0, transient: true },
      { text: 'typing' },
    ]);
    await clock.advance(1_000);
    expect(server.frames).toEqual([]);
  });

  test('that cannot be read is nothing to show; one that is stored is', async () => {
    const { server, messages } = await online();
    const sealed = new Uint8Array(80);
    await server.pushTransient({ sendSeq: 1, sealed });
    await server.pushTransient({ sendSeq: 2, sealed, content: { typing: { sendSeq: 1 } } });
    await server.push(1, { sendSeq: 1, sealed });
    await settle();
    expect(messages).toMatchObject([{ seq: 1, text: '', unreadable: 'unknown-form' }]);
  });

  test('for a group is shown to its members', async () => {
    const place = { group: 'dev', joined: 0, cursor: 0, head: 0 };
    const { server, messages } = await online({ welcome: { groups: [place] } });
    for (const group of ['dev', 'lobby', 'ops']) {
      await server.pushTransient({ group, sendSeq: 1 });
    }
    expect(messages).toMatchObject([{ group: 'dev' }, { group: 'lobby' }]);
  });

  test('of one’s own is not shown where it was sent', async () => {
    const { server, texts } = await online();
    const epoch = new Uint8Array(8).fill(1);
    await server.pushTransient({ from: 1, epoch, group: 'lobby', sendSeq: 1 });
    await server.pushTransient({ from: 1, group: 'lobby', sendSeq: 2 });
    expect(texts()).toEqual(['text 2']);
  });

  test('is dropped when the application is behind; stored ones are not held up by it', async () => {
    const world = new World();
    const client = world.client();
    const texts: string[] = [];
    const first = Promise.withResolvers<void>();
    client.on('message', ({ text }) => {
      texts.push(text);
      return texts.length === 1 ? first.promise : undefined;
    });
    const server = await world.ready(client);
    await server.push(1, { sendSeq: 1, text: 'stored' });
    for (let sendSeq = 1; sendSeq <= limits.clientTransientsHeldMax + 9; sendSeq++) {
      await server.pushTransient({ sendSeq, text: 'transient' });
    }
    await server.hint(2);
    expect(server.take('read')).toMatchObject({ after: 1 });
    await server.push(2, { sendSeq: 2, text: 'stored' });
    first.resolve();
    await settle();
    expect(texts.filter((text) => text === 'transient')).toHaveLength(
      limits.clientTransientsHeldMax,
    );
    expect(texts.at(-1)).toBe('stored');
  });
});

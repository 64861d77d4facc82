/** The whole client against a scripted server: what it sends, and what becomes of it. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import type { SentMessage } from '../../../../src/client/sdk/index.ts';
import { serverAddress } from '../../../support/role-addresses.ts';
import { online, reconnect, watch } from '../support/running-client.ts';
import { amyEpoch, World } from '../support/scripted-server.ts';

describe('sending', () => {
  test('resolves with identity and number when it is stored', async () => {
    const { client, server } = await online();
    const sent = watch<SentMessage>(client.send({ to: 2 }, 'hi'));
    const said = watch<SentMessage>(client.send({ group: 'lobby' }, 'hello'));
    expect(server.take('message')).toMatchObject({
      to: 2,
      group: '',
      sendSeq: 1,
      reqMsg: 'hi',
      restart: false,
    });
    expect(server.take('message')).toMatchObject({
      to: 0,
      group: 'lobby',
      sendSeq: 1,
      reqMsg: 'hello',
    });
    expect(sent).toEqual({});
    await server.ack({ sendSeq: 1, seq: 1 });
    await server.ack({ group: 'lobby', sendSeq: 1, seq: 5 });
    expect(sent.value).toEqual({ id: '1.0101010101010101.2.1', seq: 1 });
    expect(said.value).toEqual({ id: '1.0101010101010101.#lobby.1', seq: 5 });
  });

  test('an own number fills its place in the timeline; it is not a gap', async () => {
    const { client, server, texts, clock } = await online();
    void client.send({ to: 2 }, 'hi');
    server.take('message');
    await server.ack({ sendSeq: 1, seq: 1 });
    await server.push(2, { sendSeq: 1 });
    expect(texts()).toEqual(['text 1']);
    await clock.advance(100);
    expect(server.frames).toEqual([]);
  });

  test('what cannot be sent now waits for the login', async () => {
    const world = new World();
    const client = world.client();
    const sent = watch(client.send({ to: 2 }, 'early'));
    const server = await world.ready(client);
    expect(server.takeTexts()).toEqual(['early']);
    await server.ack({ sendSeq: 1, seq: 1 });
    expect(sent.value).toMatchObject({ seq: 1 });
  });

  test('after a reconnect everything unanswered goes again, in order', async () => {
    const { client, server, world } = await online();
    for (const text of ['a', 'b', 'c']) watch(client.send({ to: 2 }, text));
    await server.ack({ sendSeq: 1, seq: 1 });
    await world.clock.advance(1_000);
    await server.end();
    watch(client.send({ to: 2 }, 'd'));
    const next = await reconnect(world, { cursor: 0, head: 1 });
    next.take('read');
    expect(next.takeTexts()).toEqual(['b', 'c', 'd']);
  });

  test('what was written a week ago is not written again', async () => {
    const { client, server, world } = await online();
    const sent = watch(client.send({ to: 2 }, 'old'));
    server.takeTexts();
    const route = Promise.withResolvers<unknown>();
    world.handlers['/login'] = () => route.promise;
    await server.end();
    await world.clock.advance(limits.sourceStateMs);
    route.resolve({ endpoints: serverAddress('10.0.0.1', 9000, 8081, true) });
    watch(client.send({ to: 2 }, 'new'));
    const next = await reconnect(world);
    expect(sent.error).toMatchObject({ kind: 'unconfirmed' });
    expect(next.takeTexts()).toEqual(['new']);
  });

  test('busy: again in order after a while', async () => {
    const { client, server, clock } = await online();
    for (const text of ['a', 'b']) watch(client.send({ to: 2 }, text));
    server.takeTexts();
    await server.ack({ sendSeq: 1, code: 8100 });
    await server.ack({ sendSeq: 2, code: 8200, expected: 1 });
    await clock.advance(70);
    expect(server.frames).toEqual([]);
    await clock.advance(10);
    expect(server.takeTexts()).toEqual(['a', 'b']);
  });

  test('a message seen in the only timeline it belongs to confirms itself and is not shown', async () => {
    const { client, server, world, texts } = await online();
    const sent = watch(client.send({ to: 1 }, 'note'));
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { head: 2 });
    next.take('read');
    const epoch = new Uint8Array(8).fill(1);
    await next.push(1, { from: 1, epoch, to: 1, sendSeq: 1 });
    await next.push(2, { sendSeq: 1, text: 'answer' });
    await next.pageEnd({ head: 2 });
    expect(sent.value).toEqual({ id: '1.0101010101010101.1.1', seq: 1 });
    expect(texts()).toEqual(['answer']);
  });

  test('one’s own copy of a message says nothing of the receiver’s: it is sent until it is acknowledged', async () => {
    const { client, server, world, texts } = await online();
    const sent = watch(client.send({ to: 2 }, 'hi'));
    await world.clock.advance(1_000);
    await server.end();
    const next = await reconnect(world, { head: 1 });
    next.take('read');
    const epoch = new Uint8Array(8).fill(1);
    await next.push(1, { from: 1, epoch, to: 2, sendSeq: 1 });
    await next.pageEnd({ head: 1 });
    expect(sent.value).toBeUndefined();
    expect(next.takeTexts()).toEqual(['hi']);
    await next.ack({ sendSeq: 1, seq: 1 });
    expect(sent.value).toEqual({ id: '1.0101010101010101.2.1', seq: 1 });
    expect(texts()).toEqual([]);
  });

  test('what another device of mine sent is shown', async () => {
    const { server, messages } = await online();
    await server.push(1, {
      from: 1,
      epoch: amyEpoch,
      to: 2,
      sendSeq: 1,
      text: 'from my other device',
    });
    expect(messages).toMatchObject([{ from: 1, to: 2, text: 'from my other device' }]);
  });

  test('is refused before it takes a number if it is too long or to nobody', async () => {
    const { client, server } = await online();
    const longest = 'x'.repeat(limits.textBytesMax);
    await expect(client.send({ to: 2 }, `${longest}x`)).rejects.toMatchObject({ kind: 'too-long' });
    await expect(
      client.send({ to: 2 }, 'é'.repeat(limits.textBytesMax / 2 + 1)),
    ).rejects.toMatchObject({ kind: 'too-long' });
    for (const to of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
      await expect(client.send({ to }, 'hi')).rejects.toMatchObject({ kind: 'invalid-argument' });
    }
    await expect(client.send({ group: '' }, 'hi')).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
    watch(client.send({ to: 2 }, longest));
    expect(server.take('message')).toMatchObject({ sendSeq: 1 });
  });

  test('half a character does not end the connection', async () => {
    const { client, server } = await online();
    watch(client.send({ to: 2 }, 'a\ud83d'));
    expect(server.take('message').reqMsg).toBe('a\ufffd');
  });

  test('a final refusal is an error of its kind', async () => {
    const { client, server } = await online();
    const sent = watch(client.send({ to: 404 }, 'hi'));
    await server.ack({ to: 404, sendSeq: 1, code: 7300 });
    expect(sent.error).toMatchObject({ kind: 'unknown-receiver' });
  });
});

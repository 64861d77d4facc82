/** What a message is beside its text: sent to servers that know it, and shown as it came. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { command } from '../../../../src/codec/commands.ts';
import { frame } from '../../../../src/codec/frame.ts';
import { appendOrigin } from '../../../../src/codec/message-body.ts';
import { toHex } from '../../../../src/codec/message-scan.ts';
import { com } from '../../../../src/codec/protobuf.ts';
import { encodePush } from '../../../../src/codec/server-frame.ts';
import { online, watch } from '../support/running-client.ts';
import { amyEpoch, World } from '../support/scripted-server.ts';

const { Request, Response } = com.crossoverjie.cim.common.protocol;
const content = Uint8Array.of(1, 2, 3);

test('a content and its silence are written beside the text', async () => {
  const { client, server } = await online();
  watch(client.send({ group: 'lobby' }, 'bob reacted 👍', { content, silent: true }));
  watch(client.send({ group: 'lobby' }, 'plain'));
  const rich = server.take('message');
  expect(rich).toMatchObject({ reqMsg: 'bob reacted 👍', silent: true });
  expect([...rich.content]).toEqual([...content]);
  expect(server.take('message')).toMatchObject({ reqMsg: 'plain', silent: false });
});

test('a server that knows no content is asked to keep the text', async () => {
  const world = new World();
  const client = world.client();
  watch(client.send({ group: 'lobby' }, 'bob reacted 👍', { content, silent: true }));
  await world.start(client);
  const server = world.last;
  const { device } = server.take('login');
  const welcome = { cmd: command.welcome, device, serverVersion: 1, storeId: '5709e1d000000001' };
  await server.send(frame(Response.encode(Response.create(welcome)).finish()));
  const sent = server.take('message');
  expect(sent).toMatchObject({ reqMsg: 'bob reacted 👍', silent: false });
  expect(sent.content).toHaveLength(0);
});

test('a message is shown with the content that it has', async () => {
  const { server, messages } = await online();
  const fields = { cmd: command.message, group: 'lobby', sendSeq: 1, reqMsg: 'hi' };
  const origin = { from: 2, fromName: 'amy', epochHex: toHex(amyEpoch), at: 1_000 };
  for (const [seq, more] of [{ content, silent: true }, {}].entries()) {
    const sent = Request.encode(Request.create({ ...fields, sendSeq: seq + 1, ...more })).finish();
    await server.send(encodePush(appendOrigin(sent, origin), seq + 1));
  }
  const common = { from: 2, fromName: 'amy', group: 'lobby', text: 'hi', at: 1_000 };
  const [rich, plain] = messages;
  expect(rich).toEqual({ ...common, id: rich?.id, seq: 1, silent: true, content });
  expect(plain).toEqual({ ...common, id: plain?.id, seq: 2 });
});

test('a text and its content have the room of a text together', async () => {
  const { client } = await online();
  const longest = 'x'.repeat(limits.textBytesMax - content.length);
  const fits = watch(client.send({ group: 'lobby' }, longest, { content }));
  await expect(client.send({ group: 'lobby' }, `${longest}x`, { content })).rejects.toMatchObject({
    kind: 'too-long',
  });
  const tooMuch = new Uint8Array(limits.textBytesMax + 1);
  await expect(client.send({ to: 2 }, '', { content: tooMuch })).rejects.toMatchObject({
    kind: 'too-long',
  });
  expect(fits).toEqual({});
});

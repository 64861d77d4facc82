// Goal: somebody types, and those to whom they do know it, for as long as they do and no longer.
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import { command } from '../../../../src/codec/commands.ts';
import { online, record } from '../support/running-client.ts';
import { amyEpoch, type ServerConnection, World } from '../support/scripted-server.ts';

const content = { typing: { sendSeq: 0 } } as const;

async function listening() {
  const running = await online();
  return { ...running, typing: record(running.client, 'typing') };
}

/** That amy, or another, types to bob or in a group. */
function tell(server: ServerConnection, from = 2, group?: string): Promise<void> {
  const where = group === undefined ? {} : { group };
  return server.pushTransient({ from, ...where, sendSeq: 1, text: '', content });
}

test('is told when it begins, and when nothing was heard of it for 6 s', async () => {
  const { server, clock, typing, messages } = await listening();
  await tell(server);
  expect(typing).toEqual([{ from: 2 }]);
  await clock.advance(3_000);
  await tell(server);
  await clock.advance(limits.typingMs - 1);
  expect(typing).toHaveLength(1);
  await clock.advance(1);
  expect(typing).toEqual([{ from: 2 }, { from: 2, ended: true }]);
  expect(messages).toEqual([]);
});

test('ends with a message of that person there, and not elsewhere', async () => {
  const { server, typing, texts } = await listening();
  await tell(server);
  await tell(server, 3);
  await tell(server, 2, 'lobby');
  expect(typing).toEqual([{ from: 2 }, { from: 3 }, { from: 2, group: 'lobby' }]);
  await server.push(1, { from: 2, epoch: amyEpoch, sendSeq: 1, text: 'hi' });
  expect(texts()).toEqual(['hi']);
  expect(typing.slice(3)).toEqual([{ from: 2, ended: true }]);
});

test('that comes after what was typed is not told; of what is typed then it is', async () => {
  const { server, typing, texts } = await listening();
  const typingNumber = (sendSeq: number, epoch = amyEpoch) =>
    server.pushTransient({
      from: 2,
      epoch,
      sendSeq: 1,
      text: '',
      content: { typing: { sendSeq } },
    });
  await server.push(1, { from: 2, epoch: amyEpoch, sendSeq: 3, text: 'quick' });
  await typingNumber(3);
  await typingNumber(2);
  expect([texts(), typing]).toEqual([['quick'], []]);
  await typingNumber(4);
  expect(typing).toEqual([{ from: 2 }]);
});

test('of another device of theirs has numbers of its own', async () => {
  const { server, typing } = await listening();
  await server.push(1, { from: 2, epoch: amyEpoch, sendSeq: 3, text: 'quick' });
  const epoch = new Uint8Array(8).fill(7);
  const typed = { typing: { sendSeq: 1 } };
  await server.pushTransient({ from: 2, epoch, sendSeq: 1, text: '', content: typed });
  expect(typing).toEqual([{ from: 2 }]);
});

test('of a flood no more are known than may be', async () => {
  const { server, typing, clock } = await listening();
  for (let from = 10; from < 10 + 2 * limits.typistsMax; from++) await tell(server, from);
  expect(typing).toHaveLength(limits.typistsMax);
  await clock.advance(limits.typingMs);
  expect(typing).toHaveLength(2 * limits.typistsMax);
});

test('what is stored is no typing, and what oneself types in a group neither', async () => {
  const { server, typing, messages } = await listening();
  await server.push(1, { sendSeq: 1, text: 'old', content });
  await tell(server, 1, 'lobby');
  expect([typing, messages]).toEqual([[], []]);
});

test('one’s own is sent every 3 s at most, for each conversation', async () => {
  const { client, server, clock } = await listening();
  const sent = () =>
    server.frames.splice(0).flatMap(({ cmd, to, group, transient, reqMsg }) => {
      if (cmd !== command.message) return [];
      expect([transient, reqMsg]).toEqual([true, '']);
      return [group || to];
    });
  for (let call = 0; call < 5; call++) {
    await client.typing({ to: 2 });
    await client.typing({ group: 'lobby' });
  }
  expect(sent()).toEqual([2, 'lobby']);
  await clock.advance(limits.typingMsMin - 1);
  await client.typing({ to: 2 });
  expect(sent()).toEqual([]);
  await clock.advance(1);
  await client.typing({ to: 2 });
  expect(sent()).toEqual([2]);
  await expect(client.typing({ to: -1 })).rejects.toMatchObject({ kind: 'invalid-argument' });
});

test('is not told by whose receipts are off, and they hear of others all the same', async () => {
  const world = new World();
  const client = world.client({ receipts: 'off' });
  record(client, 'message');
  const typing = record(client, 'typing');
  const server = await world.ready(client);
  await client.typing({ to: 2 });
  await expect(client.typing({ to: -1 })).rejects.toMatchObject({ kind: 'invalid-argument' });
  expect(server.frames.filter(({ cmd }) => cmd === command.message)).toEqual([]);
  await tell(server);
  expect(typing).toEqual([{ from: 2 }]);
});

/** The whole client against a scripted server: how far others have got, as it is told or asks. */
import { expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { markKind } from '../../../../src/codec/generated/wire.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { online, reconnect, record, watch } from '../support/running-client.ts';
import type { ServerConnection, World } from '../support/scripted-server.ts';

const missed = { reader: 1, group: '', marks: [] };
const sources = [{ epoch: '01'.repeat(8), delivered: 2, read: 1 }];

/** As the members of the group have got: numbers of the group. */
function answerFor(world: World, named: readonly (readonly [number, number, number])[] | null) {
  world.handlers['/marks'] = ({ peers, group }) => ({
    peers: ((peers as number[] | undefined) ?? []).map((peer) => ({ peer, sources })),
    ...(group !== undefined && {
      group: {
        ...{ group, seq: 0, members: 2, delivered: 0, read: 0 },
        named: named?.map(([userId, delivered, read]) => ({ userId, delivered, read })) ?? null,
      },
    }),
  });
}

async function inGroup() {
  const running = await online({
    welcome: { groups: [{ group: 'dev', cursor: 4, head: 4 }], marksVersion: 3 },
  });
  const { client, server } = running;
  answerFor(running.world, []);
  const [delivered, read] = [record(client, 'delivered'), record(client, 'read')];
  for (const sendSeq of [1, 2, 3]) {
    watch(client.send({ group: 'dev' }, 'hi'));
    await server.ack({ group: 'dev', sendSeq, seq: 4 + 2 * sendSeq });
  }
  await settle();
  return { ...running, delivered, read };
}

const idOf = (sendSeq: number) => `1.0101010101010101.#dev.${sendSeq}`;

async function says(server: ServerConnection, version: number): Promise<void> {
  await server.marks(missed, version);
  await settle();
}

test('what was missed of a group is asked for, and told by the newest own message', async () => {
  const { world, server, delivered, read } = await inGroup();
  answerFor(world, [
    [1, 10, 10],
    [2, 9, 6],
    [3, 5, 0],
  ]);
  await says(server, 5);
  expect(delivered).toEqual([{ by: 2, upTo: idOf(2), group: 'dev' }]);
  expect(read).toEqual([{ by: 2, upTo: idOf(1), group: 'dev' }]);
  await says(server, 6);
  expect([delivered.length, read.length]).toEqual([1, 1]);
});

test('a new connection asks if something has moved since, and only then', async () => {
  const { world, server, read } = await inGroup();
  await server.marks(
    {
      reader: 2,
      group: 'dev',
      marks: [{ from: 0, epochHex: '01'.repeat(8), sendSeq: 1, seq: 0, kind: markKind.read }],
    },
    4,
  );
  const before = world.callsTo('/marks').length;
  answerFor(world, [[2, 10, 10]]);
  await server.end();
  const next = await reconnect(world, { marksVersion: 4 });
  await settle();
  expect(world.callsTo('/marks')).toHaveLength(before);
  await next.end();
  await reconnect(world, { marksVersion: 5 });
  await settle();
  expect(read).toEqual([1, 3].map((sendSeq) => ({ by: 2, upTo: idOf(sendSeq), group: 'dev' })));
});

test('what this user says on another device counts', async () => {
  const { world, server, delivered } = await inGroup();
  const epoch = new Uint8Array(8).fill(7);
  for (const seq of [5, 7, 9, 11])
    await server.push(seq, { group: 'dev', sendSeq: seq, ...(seq === 11 && { from: 1, epoch }) });
  answerFor(world, [[2, 11, 0]]);
  await says(server, 5);
  expect(delivered).toEqual([{ by: 2, upTo: '1.0707070707070707.#dev.11', group: 'dev' }]);
});

test('of a large group nothing is told, and of one that was left nothing is asked again', async () => {
  const { world, client, server, delivered, read } = await inGroup();
  answerFor(world, null);
  await says(server, 5);
  world.handlers['/marks'] = () => {
    throw new CimError('not-a-member');
  };
  await says(server, 6);
  const asked = world.callsTo('/marks').length;
  await says(server, 7);
  await world.clock.advance(60_000);
  expect(world.callsTo('/marks')).toHaveLength(asked);
  expect([delivered, read]).toEqual([[], []]);
  await client.close();
});

test('what no route has told is asked for once more', async () => {
  const { world, server, read } = await inGroup();
  world.handlers['/marks'] = () => {
    throw new CimError('busy');
  };
  await says(server, 5);
  answerFor(world, [[2, 10, 10]]);
  await world.clock.advance(5_000);
  await settle();
  expect(read).toEqual([{ by: 2, upTo: idOf(3), group: 'dev' }]);
});

test('whoever asks once more is told what is known already', async () => {
  const { world, client, delivered, read } = await inGroup();
  answerFor(world, [[2, 9, 6]]);
  await client.followMarks({ group: 'dev' });
  await client.followMarks({ to: 2 });
  expect([delivered.length, read.length]).toEqual([2, 2]);
  delivered.length = 0;
  read.length = 0;
  await client.followMarks({ group: 'dev' });
  expect(delivered).toEqual([{ by: 2, upTo: idOf(2), group: 'dev' }]);
  expect(read).toEqual([{ by: 2, upTo: idOf(1), group: 'dev' }]);
});

test('what was read before its sender heard that it is stored is asked for then', async () => {
  const { world, client, server } = await online({ welcome: { marksVersion: 3 } });
  const read = record(client, 'read');
  answerFor(world, null);
  watch(client.send({ to: 2 }, 'hi'));
  await settle();
  await server.end();
  const next = await reconnect(world, { marksVersion: 5 });
  await next.ack({ to: 2, sendSeq: 1, seq: 4 });
  await settle();
  expect(read).toEqual([{ by: 2, upTo: '1.0101010101010101.2.1' }]);
  const asked = world.callsTo('/marks').length;
  watch(client.send({ to: 2 }, 'hi again'));
  await next.ack({ to: 2, sendSeq: 2, seq: 5 });
  await settle();
  expect(world.callsTo('/marks')).toHaveLength(asked);
});

/** Whoever has sent what is refused for some seconds is told so, once, with what a route says. */
import { expect, test } from '@jest/globals';
import { CimError, errorTable } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { command } from '../../../../src/codec/commands.ts';
import { online, record } from '../support/running-client.ts';

const busy = Number(errorTable.busy.code);
const full = 'the store refuses writes: its disk is full';

test.each([
  ['a route says why', () => ({ degraded: [full] }), full],
  [
    'a route is not ready',
    () => {
      throw new CimError('unavailable', 'Redis: no answer');
    },
    'Redis: no answer',
  ],
  ['a route knows of nothing', () => null, 'the cluster does not take it yet'],
])('refused for long: %s', async (_, readyz, reason) => {
  const { client, server, world, clock } = await online();
  world.handlers['/readyz'] = readyz;
  const told = record(client, 'waiting');
  void client.send({ to: 2 }, 'a');
  void client.send({ to: 2 }, 'b');
  /** What is written meanwhile is refused. */
  const refuse = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      for (const { cmd, sendSeq } of server.frames.splice(0))
        if (cmd === command.message) await server.ack({ sendSeq, code: busy });
      await clock.advance(100);
    }
  };
  await refuse(limits.clientQuietMsMax - 500);
  expect(told).toEqual([]);
  await refuse(30_000);
  expect(told).toEqual([{ messages: 2, reason }]);

  server.frames.splice(0);
  await server.ack({ sendSeq: 1, seq: 1 });
  await server.ack({ sendSeq: 2, seq: 2 });
  void client.send({ to: 2 }, 'c');
  await refuse(30_000);
  expect(told.slice(1)).toEqual([{ messages: 1, reason }]);
});

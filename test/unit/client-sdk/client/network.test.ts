/** A client that is told that its network may be another one. */
import { expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { command } from '../../../../src/codec/commands.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { watch } from '../support/running-client.ts';
import { World } from '../support/scripted-server.ts';

function start() {
  const world = new World();
  const tells = new Set<() => void>();
  const network = {
    onChange: (tell: () => void) => {
      tells.add(tell);
      return () => void tells.delete(tell);
    },
  };
  const client = world.client({ platform: { ...world.platform, network } });
  const change = async () => {
    for (const tell of tells) tell();
    await settle();
  };
  return { world, client, change, tells };
}

test('what waits for its next attempt makes it at once', async () => {
  const { world, client, change } = start();
  world.handlers['/login'] = () => {
    throw new CimError('unavailable');
  };
  watch(client.start());
  await world.clock.advance(60_000);
  const before = world.callsTo('/login').length;
  await change();
  expect(world.callsTo('/login')).toHaveLength(before + 1);
  await client.close();
});

test('a connection that seems to be there is asked, and given up soon if it does not answer', async () => {
  const { world, client, change } = start();
  const server = await world.ready(client);
  await change();
  expect(server.frames.filter(({ cmd }) => cmd === command.ping)).toHaveLength(1);
  // Asked once, however often the network changes.
  await change();
  expect(server.frames.filter(({ cmd }) => cmd === command.ping)).toHaveLength(1);
  await world.clock.advance(6_000);
  expect(client.state).toBe('reconnecting');
  await client.close();
});

test('a client that is closed does not listen any more', async () => {
  const { world, client, change, tells } = start();
  await world.ready(client);
  await client.close();
  expect(tells.size).toBe(0);
  await change();
  expect(client.state).toBe('closed');
});

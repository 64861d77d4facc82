/** The whole client against a scripted server: what it asks routes. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import type { Message } from '../../../../src/client/sdk/index.ts';
import { online } from '../support/running-client.ts';
import { bob } from '../support/scripted-server.ts';

describe('calls to a route', () => {
  test('who is online', async () => {
    const { world, client } = await online();
    world.handlers['/onlineUsers'] = () => [bob];
    await expect(client.onlineUsers()).resolves.toEqual([bob]);
  });

  test('history', async () => {
    const { world, client } = await online();
    const messages: Message[] = [
      { id: 'i', from: 2, fromName: 'amy', to: 1, text: 'hi', seq: 3, at: 4 },
    ];
    const page = { messages, next: 'n', expired: false };
    world.handlers['/history'] = () => page;
    const query = { peer: 2, keyword: 'h', limit: 10 };
    await expect(client.history(query)).resolves.toEqual(page);
    await client.history({ ...query, before: 'n' });
    expect(world.callsTo('/history')).toEqual([
      { userId: 1, ...query },
      { userId: 1, ...query, before: 'n' },
    ]);
  });

  test('a schedule', async () => {
    const { world, client } = await online();
    world.handlers['/delay'] = () => null;
    const { id } = await client.schedule({ group: 'lobby' }, 'later', 60);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(world.callsTo('/delay')).toEqual([
      { id, from: 1, group: 'lobby', text: 'later', delaySeconds: 60 },
    ]);
    await expect(
      client.schedule({ to: 2 }, 'x'.repeat(limits.textBytesMax + 1), 1),
    ).rejects.toMatchObject({ kind: 'too-long' });
  });

  test('what waits to be sent, and taking it back', async () => {
    const { world, client } = await online();
    const page = { messages: [{ id: 'i', to: 2, text: 'later', dueAt: 5 }], next: '5.i' };
    world.handlers['/delayed'] = () => page;
    await expect(client.delayed()).resolves.toEqual(page);
    await expect(client.delayed('5.i')).resolves.toEqual(page);
    expect(world.callsTo('/delayed')).toEqual([{ userId: 1 }, { userId: 1, after: '5.i' }]);
    world.handlers['/cancelDelayed'] = () => {
      throw new CimError('too-late');
    };
    await expect(client.cancelDelayed('i')).rejects.toMatchObject({ kind: 'too-late' });
    expect(world.callsTo('/cancelDelayed')).toEqual([{ userId: 1, id: 'i' }]);
  });
});

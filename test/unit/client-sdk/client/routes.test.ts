/** The whole client against a scripted server: what it asks routes. */
import { describe, expect, test } from '@jest/globals';
import { CimError } from '../../../../src/base/errors.ts';
import { limits } from '../../../../src/base/limits.ts';
import { toBase64Url } from '../../../../src/base/text/base64url.ts';
import type { Message } from '../../../../src/client/sdk/index.ts';
import { encodeContent } from '../../../../src/codec/message-content.ts';
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
    const query = { peer: 2, limit: 10 };
    await expect(client.history(query)).resolves.toEqual(page);
    await client.history({ ...query, before: 'n' });
    expect(world.callsTo('/history')).toEqual([
      { userId: 1, ...query },
      { userId: 1, ...query, before: 'n' },
    ]);
  });

  test('history, searched by the client: a route does not know which text counts', async () => {
    const { world, client } = await online();
    const message = { from: 2, fromName: 'amy', to: 1, seq: 3, at: 4 };
    const id = '2.0202020202020202.1.1';
    const edit = { target: id, counter: 1, lead: 8 };
    const messages = [
      { ...message, id, text: 'tea' },
      { ...message, id: '2.0202020202020202.1.2', text: 'more tea' },
      {
        ...message,
        id: '2.0202020202020202.1.3',
        text: 'edited: coffee',
        content: toBase64Url(encodeContent({ edit })),
      },
    ];
    world.handlers['/history'] = () => ({ messages, next: null, expired: false });
    const found = async (keyword: string) => {
      const { searched, ...page } = await client.history({ keyword, limit: 10 });
      expect(searched).toBe(3);
      return page.messages.map(({ text }) => text);
    };
    await expect(found('tea')).resolves.toEqual(['more tea']);
    await expect(found('coffee')).resolves.toEqual(['coffee']);
    await expect(found('edited')).resolves.toEqual([]);
    expect(world.callsTo('/history')[0]).toEqual({ userId: 1, limit: 10 });
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

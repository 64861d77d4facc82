/** What is sealed is opened at the same time as others, and handed on in the order of arrival. */
import { describe, expect, test } from '@jest/globals';
import type { Message } from '../../../../src/client/sdk/client-events.ts';
import { OpeningQueue } from '../../../../src/client/sdk/receiving/opening-queue.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { deviceOf, KeyServer } from '../e2ee/support/key-server.ts';

const bob = 1;
const amy = 2;
const idOf = (sendSeq: number) => `${bob}.0011223344556677.${amy}.${sendSeq}`;

function messageOf(sendSeq: number, text = ''): Message {
  return { id: idOf(sendSeq), from: bob, fromName: 'bob', to: amy, text, seq: sendSeq, at: 1 };
}

async function setUp() {
  const server = new KeyServer();
  const [ofBob, ofAmy] = [deviceOf(server, bob), deviceOf(server, amy)];
  await Promise.all(
    [ofBob, ofAmy].map(({ encryption, userId }) => encryption.seal(userId, '', { text: '' })),
  );
  const shown: (Message | null)[] = [];
  const opened = Promise.withResolvers<void>();
  const failures: unknown[] = [];
  const queue = new OpeningQueue({
    encryption: ofAmy.encryption,
    onOpened: () => {
      if (queue.length === 0) opened.resolve();
    },
    onFailure: (error) => failures.push(error),
  });
  return {
    shown,
    failures,
    queue,
    whenOpened: opened.promise,
    add: (message: Parameters<OpeningQueue['add']>[0]) =>
      queue.add(message, (content) => shown.push(content)),
    sealed: async (sendSeq: number) => {
      const content = await ofBob.encryption.seal(amy, idOf(sendSeq), {
        text: `text ${sendSeq}`,
      });
      if (!content.sealed) throw new Error('clear text');
      return { ...messageOf(sendSeq), sealed: content.sealed };
    },
  };
}

describe('the opening queue', () => {
  test('hands on at once what is not sealed', async () => {
    const { add, shown, queue } = await setUp();
    add(messageOf(1, 'hi'));
    add(null);
    expect(shown).toEqual([messageOf(1, 'hi'), null]);
    expect(queue.length).toBe(0);
  });

  test('keeps the order of what is sealed, clear, damaged, and nothing to show', async () => {
    const { add, shown, sealed, whenOpened, queue } = await setUp();
    const [first, second, fifth] = await Promise.all([1, 2, 5].map(sealed));
    if (!first || !second || !fifth) throw new Error('nothing was sealed');
    const damaged = { ...second, id: idOf(9) };
    add(first);
    add(damaged);
    add(messageOf(3, 'clear'));
    add(null);
    add(fifth);
    expect(shown).toEqual([]);
    expect(queue.length).toBe(5);
    await whenOpened;
    expect(shown).toEqual([
      { ...messageOf(1, 'text 1'), encrypted: true, key: 'unverified' },
      { ...messageOf(2), id: idOf(9), unreadable: 'damaged' },
      // By then its sender is known to have a key.
      { ...messageOf(3, 'clear'), encrypted: false, expected: true },
      null,
      { ...messageOf(5, 'text 5'), encrypted: true, key: 'unverified' },
    ]);
    await settle();
    add(messageOf(6, 'at once'));
    expect(shown).toHaveLength(6);
  });
});

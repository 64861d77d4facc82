/** The whole client against a scripted server: what is in an outbox is sent under the identity that it has. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../../src/base/limits.ts';
import type { SentMessage, Target } from '../../../../src/client/sdk/index.ts';
import type { Kept, Outbox, Outcome } from '../../../../src/client/sdk/sending/outbox.ts';
import { encodeContent } from '../../../../src/codec/message-content.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { reconnect, watch } from '../support/running-client.ts';
import { World } from '../support/scripted-server.ts';

const epoch = Uint8Array.of(7, 7, 7, 7, 7, 7, 7, 7);
const idOf = (target: string | number, sendSeq: number) =>
  `1.0707070707070707.${target}.${sendSeq}`;

/** In memory, filled by the test. */
class MemoryOutbox implements Outbox {
  readonly settled: [sendSeq: number, outcome: Outcome][] = [];
  readonly sent: [Target, string][] = [];
  #last: number;
  readonly #kept: Kept[] = [];
  #look = () => {};

  constructor(last = 4) {
    this.#last = last;
  }

  async open() {
    return { epoch, last: [{ to: 2, group: '', sendSeq: this.#last }] };
  }

  add(text: string, given: Partial<Kept> = {}): void {
    const sendSeq = given.sendSeq ?? ++this.#last;
    this.#kept.push({ target: { to: 2 }, draft: { text }, ...given, sendSeq });
    this.#look();
  }

  send(target: Target, { text }: { readonly text: string }): Promise<SentMessage> {
    this.sent.push([target, text]);
    return new Promise(() => {});
  }

  async take() {
    return this.#kept.splice(0);
  }

  onKept(look: () => void): void {
    this.#look = look;
  }

  settle({ sendSeq }: Kept, outcome: Outcome): void {
    this.settled.push([sendSeq, outcome]);
  }
}

async function online(outbox: MemoryOutbox, world = new World()) {
  const client = world.client({ outbox });
  await world.start(client);
  const login = world.last.frames[0];
  const server = await world.welcomeNext();
  return { world, client, server, login };
}

test('what was kept before is sent when the client is connected, under its epoch and numbers', async () => {
  const outbox = new MemoryOutbox();
  outbox.add('three', { sendSeq: 3 });
  outbox.add('four', { sendSeq: 4 });
  const { server, login } = await online(outbox);
  expect(login?.epoch).toEqual(epoch);
  expect(server.take('message')).toMatchObject({ to: 2, sendSeq: 3, reqMsg: 'three' });
  expect(server.take('message')).toMatchObject({ to: 2, sendSeq: 4, reqMsg: 'four' });
  outbox.add('five');
  await settle();
  expect(server.take('message')).toMatchObject({ sendSeq: 5, reqMsg: 'five' });
  await server.ack({ sendSeq: 3, seq: 30 });
  await server.ack({ sendSeq: 4, code: 9100 });
  expect(outbox.settled).toEqual([
    [
      3,
      {
        sent: { id: idOf(2, 3), seq: 30 },
        event: {
          name: 'message',
          event: expect.objectContaining({ id: idOf(2, 3), text: 'three' }),
        },
      },
    ],
    [4, { error: expect.objectContaining({ code: '9100' }) }],
  ]);
});

test('what is kept while the client is not connected is taken when it is again', async () => {
  const outbox = new MemoryOutbox();
  const { world, server } = await online(outbox);
  await server.end();
  outbox.add('five');
  await settle();
  const next = await reconnect(world);
  expect(next.take('message')).toMatchObject({ sendSeq: 5, reqMsg: 'five' });
});

test('what is unanswered when the client is closed stays in the outbox', async () => {
  const outbox = new MemoryOutbox();
  const { client, server, world } = await online(outbox);
  outbox.add('five');
  await settle();
  server.take('message');
  const closing = client.close({ timeoutMs: 0 });
  await world.clock.advance(1);
  await closing;
  expect(outbox.settled).toEqual([]);
});

test('what may have been sent too long ago is not sent again: nobody knows whether it was stored', async () => {
  const outbox = new MemoryOutbox();
  const world = new World();
  const triedAt = world.clock.now() - limits.sourceStateMs;
  outbox.add('three', { sendSeq: 3, triedAt });
  outbox.add('four', { sendSeq: 4 });
  const { server } = await online(outbox, world);
  expect(server.take('message')).toMatchObject({ sendSeq: 4 });
  expect(server.frames).toEqual([]);
  expect(outbox.settled).toMatchObject([[3, { error: { kind: 'unconfirmed' } }]]);
});

test('what the application sends goes there first, and what is done to messages likewise', async () => {
  const outbox = new MemoryOutbox();
  const { client, server } = await online(outbox);
  watch(client.send({ to: 2 }, 'hello'));
  watch(client.edit(idOf(2, 1), 'hello!'));
  await settle();
  expect(outbox.sent).toEqual([
    [{ to: 2 }, 'hello'],
    [{ to: 2 }, expect.stringContaining('hello!')],
  ]);
  expect(server.frames).toEqual([]);
  outbox.add('edited: hello!', {
    draft: {
      text: 'edited: hello!',
      content: encodeContent({ edit: { target: idOf(2, 1), counter: 1, lead: 8 } }),
    },
  });
  await settle();
  await server.ack({ sendSeq: 5 });
  expect(outbox.settled).toMatchObject([
    [5, { event: { name: 'edited', event: { id: idOf(2, 1), text: 'hello!', from: 1, to: 2 } } }],
  ]);
});

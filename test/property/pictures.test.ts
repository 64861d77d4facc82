/**
 * What became of messages is the same on every device: in whatever order changes come, how often, and
 * how much of history is read in between, the picture is the one of a simple model that sees all at
 * once. fast-check prints the seed and the smallest example that fails.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { Contents } from '../../src/client/sdk/content/contents.ts';
import { EventEmitter } from '../../src/client/sdk/event-emitter.ts';
import type { Message } from '../../src/client/sdk/index.ts';
import type { Arrived } from '../../src/client/sdk/receiving/received.ts';
import { encodeContent, type MessageContent } from '../../src/codec/message-content.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** Two people, one of them with two devices, and what they write to each other. */
const epochs = ['1111111111111111', '2222222222222222'];
const messageAt = 1_000_000;

interface Doing {
  readonly kind: 'edit' | 'retract' | 'reactions';
  readonly from: 1 | 2;
  readonly device: number;
  readonly target: number;
  readonly counter: number;
  readonly isLate: boolean;
  readonly isSealed: boolean;
}

const doing: fc.Arbitrary<Doing> = fc.record({
  kind: fc.constantFrom('edit', 'edit', 'reactions', 'reactions', 'retract'),
  from: fc.constantFrom(1, 2),
  device: fc.nat(1),
  target: fc.nat(2),
  counter: fc.integer({ min: 1, max: 4 }),
  isLate: fc.boolean(),
  isSealed: fc.boolean(),
});

/** The messages that may be changed: bob's, one of them sealed, and one of amy's. */
const targets: readonly Arrived[] = [
  arrived(1, epochs[0] ?? '', 1, messageAt, 'a'),
  { ...arrived(1, epochs[1] ?? '', 1, messageAt, 'b'), encrypted: true },
  arrived(2, epochs[0] ?? '', 1, messageAt, 'c'),
];

function arrived(from: 1 | 2, epoch: string, sendSeq: number, at: number, text: string): Arrived {
  const to = 3 - from;
  const id = `${from}.${epoch}.${to}.${sendSeq}`;
  return { id, from, fromName: from === 1 ? 'bob' : 'amy', to, text, seq: 1, at };
}

function changeOf({ kind, from, device, target: index, ...how }: Doing, place: number): Arrived {
  const { counter, isLate, isSealed } = how;
  const target = targets[index]?.id ?? '';
  const contents: Record<Doing['kind'], MessageContent> = {
    edit: { edit: { target, counter, lead: 2 } },
    retract: { retract: { target } },
    reactions: { reactions: { target, counter, emoji: place % 3 === 0 ? [] : [`e${place}`] } },
  };
  const at = messageAt + (isLate ? limits.editWindowMs + 1 : 1);
  return {
    ...arrived(from, epochs[device] ?? '', place + 2, at, `: ${place}`),
    ...(isSealed && { encrypted: true }),
    content: encodeContent(contents[kind]),
  };
}

function newDevice(): Contents {
  return new Contents({
    userId: 1,
    userName: 'bob',
    send: () => Promise.reject(new Error('nothing is sent here')),
    sendTransient: () => Promise.reject(new Error('nor that')),
    nextSendSeq: () => 1,
    platform: { clock: new VirtualClock() },
    events: new EventEmitter(),
  });
}

// ---- the model ----------------------------------------------------------------------------------

/** All at once: what counts is sorted, and the last wins. */
function model(message: Arrived, index: number, all: readonly Doing[]): Partial<Message> {
  const counting = all
    .map((each, place) => ({ ...each, place }))
    .filter((each) => each.target === index && (!message.encrypted || each.isSealed));
  const last = (some: typeof counting) =>
    some
      .toSorted((a, b) => a.counter - b.counter || a.device - b.device || a.place - b.place)
      .at(-1);
  const own = counting.filter(({ from }) => from === message.from);
  if (own.some(({ kind }) => kind === 'retract')) return { text: '', retracted: true };
  const edit = last(own.filter(({ kind, isLate }) => kind === 'edit' && !isLate));
  const reactions = [1, 2].flatMap((from) => {
    const set = last(counting.filter((each) => each.kind === 'reactions' && each.from === from));
    return !set || set.place % 3 === 0 ? [] : [{ from, emoji: [`e${set.place}`] }];
  });
  return {
    text: edit ? `${edit.place}` : message.text,
    ...(edit && { edited: messageAt + 1 }),
    ...(reactions.length > 0 && { reactions }),
  };
}

function pictureOf({ text, edited, reactions, retracted }: Message): Partial<Message> {
  return {
    text,
    ...(edited !== undefined && { edited }),
    ...(reactions && { reactions }),
    ...(retracted && { retracted }),
  };
}

test(
  'any order, repeated, live or read back: the same picture',
  async () => {
    const property = fc.property(
      fc.array(doing, { maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 40 }),
      (all, course) => {
        const device = newDevice();
        const entries = [...targets, ...all.map(changeOf)];
        // In any order and with repetitions, then all of it: nothing is missing in the end.
        for (const [number, isLive] of course) {
          const entry = entries[number % entries.length];
          if (!entry) continue;
          if (isLive) device.receive(entry);
          else device.readBack([entry]);
        }
        for (const entry of entries.toReversed()) device.readBack([entry]);
        for (const [index, message] of targets.entries()) {
          const [shown] = device.readBack([message]);
          expect(shown && pictureOf(shown)).toEqual(model(message, index, all));
        }
      },
    );
    await fuzz('pictures', property, 500);
  },
  fuzzTimeoutMs,
);

test(
  'who applies the events, one after the other, has the same picture',
  async () => {
    const property = fc.property(
      fc.array(doing, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (all, readBack) => {
        const device = newDevice();
        const copies = new Map<string, Partial<Message>>();
        const entries = [...targets, ...all.map(changeOf)];
        for (const entry of entries) {
          // Perhaps history was read before it came.
          for (const number of readBack.slice(0, 2))
            device.readBack([entries[number % entries.length] ?? entry]);
          const told = device.receive(entry);
          if (!told) continue;
          const { id } = told.event;
          if (told.name === 'message') copies.set(id, { text: told.event.text });
          if (told.name === 'edited') copies.set(id, { ...copies.get(id), text: told.event.text });
          if (told.name === 'retracted') copies.set(id, { text: '' });
        }
        for (const [index, message] of targets.entries())
          expect(copies.get(message.id)?.text).toEqual(model(message, index, all).text);
      },
    );
    await fuzz('events of pictures', property, 300);
  },
  fuzzTimeoutMs,
);

test('however much changes, memory is bounded, and reactions are of the same people', () => {
  const [target] = targets;
  const id = '1.1111111111111111.#lobby.1';
  const people = limits.reactingPeopleMax + 100;
  const reactionOf = (from: number): Arrived => ({
    id: `${from}.1111111111111111.#lobby.1`,
    from,
    fromName: 'x',
    group: 'lobby',
    text: 'x',
    seq: 1,
    at: messageAt,
    content: encodeContent({ reactions: { target: id, counter: 1, emoji: ['👍'] } }),
  });
  const everybody = Array.from({ length: people }, (_, index) => reactionOf(index + 1));
  const { to: _to, ...rest } = target ?? reactionOf(1);
  const message = { ...rest, id, group: 'lobby' };
  const shown = [everybody, everybody.toReversed()].map((order) => {
    const device = newDevice();
    device.readBack(order);
    return device.readBack([message])[0]?.reactions?.map(({ from }) => from);
  });
  expect(shown[0]).toHaveLength(limits.reactingPeopleMax);
  expect(shown[1]).toEqual(shown[0]);
});

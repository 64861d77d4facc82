/**
 * Whatever somebody puts beside a text: a client shows a message, or tells a change, or nothing; it
 * never fails, never holds more than its bounds, and what is not theirs to change stays as it is.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { Contents } from '../../src/client/sdk/content/contents.ts';
import { EventEmitter } from '../../src/client/sdk/event-emitter.ts';
import type { Arrived } from '../../src/client/sdk/receiving/received.ts';
import { decodeContent, encodeContent } from '../../src/codec/message-content.ts';
import { cim } from '../../src/codec/protobuf.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const { Content } = cim.content;
const epoch = '0202020202020202';
const mine = `1.${epoch}.2.1`;
const theirs = `2.${epoch}.1.1`;
const elsewhere = `2.${epoch}.3.1`;
const inGroup = `2.${epoch}.#lobby.1`;

const id = fc.oneof(
  fc.constantFrom(mine, theirs, elsewhere, inGroup, '', '__proto__', `02.${epoch}.1.1`),
  fc.string({ unit: 'binary', maxLength: 200 }),
);
const number = fc.oneof(
  fc.nat(),
  fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 53, 2 ** 63, Number.MAX_SAFE_INTEGER),
);
const texts = fc.array(
  fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('👍', '', ' ', '\ud800')),
  { maxLength: 12 },
);

/** Of the right form, with any values; any of the kinds together. */
const formed = fc
  .record(
    {
      custom: fc.record({ type: fc.string({ unit: 'binary' }), data: fc.uint8Array() }),
      edit: fc.record({ target: id, counter: number, lead: number }),
      retract: fc.record({ target: id }),
      reactions: fc.record({ target: id, counter: number, emoji: texts }),
      typing: fc.record({ sendSeq: fc.oneof(fc.nat(5), fc.maxSafeInteger()) }),
      file: fc.record({
        id: fc.constantFrom('AAAAAAAAAAAAAAAAAAAAAA', '../../x', ''),
        capability: fc.constantFrom('c'.repeat(32), ''),
        name: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a.png', '../a', '\ud800')),
        bytes: number,
        type: fc.constantFrom('image/png', 'a/b\r\n', ''),
        width: number,
        height: number,
        durationMs: number,
        thumbnail: fc.uint8Array(),
        key: fc.oneof(fc.uint8Array(), fc.constant(new Uint8Array(32))),
        sha256: fc.oneof(fc.uint8Array(), fc.constant(new Uint8Array(32))),
      }),
      replyTo: id,
      mentions: fc.array(number, { maxLength: 200 }),
    },
    { requiredKeys: [] },
  )
  .map((content) => Content.encode(Content.create(content)).finish());

const bytes = fc.oneof(
  formed,
  fc.constant(Content.encode(Content.create({ typing: {} })).finish()),
  fc.uint8Array({ maxLength: 300 }),
  // Cut off, and with a byte changed.
  fc.tuple(formed, fc.nat(), fc.nat(255)).map(([whole, place, byte]) => {
    const damaged = Uint8Array.from(whole);
    if (damaged.length > 0) damaged[place % damaged.length] = byte;
    return damaged.subarray(0, place % 7 === 0 ? damaged.length >> 1 : damaged.length);
  }),
);

const fromAmy: fc.Arbitrary<Arrived> = fc
  .record({
    content: bytes,
    text: fc.string(),
    sendSeq: fc.nat(50),
    isSealed: fc.boolean(),
    isTransient: fc.boolean(),
  })
  .map(({ content, text, sendSeq, isSealed, isTransient }) => ({
    id: isTransient ? '' : `2.${epoch}.1.${sendSeq + 2}`,
    ...{ from: 2, fromName: 'amy', to: 1, seq: isTransient ? 0 : 1, at: 1, text, content },
    ...(isSealed && { encrypted: true }),
    ...(isTransient && { transient: true }),
  }));

test(
  'anything beside a text is taken, or passed over, and hurts nobody',
  async () => {
    let typed = 0;
    const property = fc.asyncProperty(fc.array(fromAmy, { maxLength: 10 }), async (arrived) => {
      const events = new EventEmitter();
      const typing: unknown[] = [];
      events.on('typing', (event) => void typing.push(event));
      const clock = new VirtualClock();
      const contents = new Contents({
        userId: 1,
        userName: 'bob',
        send: () => Promise.reject(new Error('nothing is sent here')),
        sendTransient: () => Promise.reject(new Error('nor that')),
        nextSendSeq: () => 1,
        platform: { clock },
        events,
      });
      const before = { from: 1, fromName: 'bob', to: 2, seq: 1, at: 0, text: 'as I said' };
      const own: Arrived = { ...before, id: mine };
      contents.readBack([own]);
      for (const each of arrived) {
        const told = contents.receive(each);
        if (told) expect(decodeContent(each.content ?? new Uint8Array())?.typing).toBeUndefined();
        // It says what its sender says, and of nothing but what is here.
        if (told?.name === 'message') {
          expect(told.event.text).toBe(each.text);
          // What is shown as a file could be sent as one.
          const { file } = told.event;
          if (file) expect(decodeContent(encodeContent({ file }))).toEqual({ file });
        }
        if (told && told.name !== 'message') {
          expect([mine, theirs]).toContain(told.event.id);
          if (told.name !== 'reactions') expect(told.event.id).toBe(theirs);
        }
        const content = decodeContent(each.content ?? new Uint8Array());
        expect(content?.reactions?.emoji.length ?? 0).toBeLessThanOrEqual(limits.reactionsMax);
        expect(content?.mentions?.length ?? 0).toBeLessThanOrEqual(limits.mentionsMax);
      }
      contents.readBack(arrived);
      const [shown] = contents.readBack([own]);
      const { reactions: _reactions, ...rest } = shown ?? own;
      expect(rest).toEqual({ ...before, id: mine });
      // That somebody types begins and ends in turn, and not by itself alone.
      await clock.advance(limits.typingMs);
      expect(clock.timerCount).toBe(0);
      const turns = [{ from: 2 }, { from: 2, ended: true }];
      expect(typing).toEqual(Array.from(typing, (_, place) => turns[place % 2]));
      expect(typing.length % 2).toBe(0);
      typed += typing.length;
    });
    await fuzz('contents', property, 400);
    expect(typed).toBeGreaterThan(0);
  },
  fuzzTimeoutMs,
);

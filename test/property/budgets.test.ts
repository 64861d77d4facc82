/**
 * Goal: nothing that is weighed is lost or counted twice. Method: random takes and returns by many,
 * in budgets that are parts of others; and frames in random pieces at random times, by connections
 * that end when they like, beside a sum that is kept by hand.
 */
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import { FrameDecoder } from '../../src/codec/frame-decoder.ts';
import { Budget } from '../../src/limits/budget.ts';
import { ProcessBudget } from '../../src/limits/process-budget.ts';
import { Outbox } from '../../src/net/outbox.ts';
import { type FrameReader, FrameReaders } from '../../src/server/sessions/frame-readers.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';

const bytes = fc.integer({ min: 0, max: 10_000 });
const readers = new FrameReaders(() => new FrameDecoder(0));

describe('budgets', () => {
  test(
    'what was taken, and only that, can be given back: everywhere to nothing at the end',
    async () => {
      const steps = fc.array(fc.record({ part: fc.nat(3), bytes, isReturn: fc.boolean() }), {
        maxLength: 200,
      });
      const property = fc.property(steps, (all) => {
        const process = new ProcessBudget({ bytesMax: 20_000, monotonic: () => 0 });
        const middle = new Budget({ bytesMax: 10_000, whole: process });
        const parts = Array.from(
          { length: 4 },
          (_, index) =>
            new Budget({ bytesMax: 5_000, countMax: 3, whole: index < 2 ? middle : process }),
        );
        const held = parts.map((): number[] => []);
        const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
        for (const { part, bytes: taken, isReturn } of all) {
          const budget = parts[part] as Budget;
          const own = held[part] as number[];
          if (isReturn) {
            const returned = own.pop();
            if (returned !== undefined) budget.giveBack(returned);
          } else {
            own.push(taken);
            budget.take(taken);
          }
          expect(budget.bytes).toBe(sum(own));
          expect(budget.count).toBe(own.length);
          expect(budget.isFull).toBe(sum(own) >= 5_000 || own.length >= 3);
          expect(middle.bytes).toBe(sum([...(held[0] ?? []), ...(held[1] ?? [])]));
          expect(middle.count).toBe((held[0]?.length ?? 0) + (held[1]?.length ?? 0));
          expect(process.heldBytes).toBe(sum(held.flat()));
        }
        for (const [index, own] of held.entries())
          for (const each of own) parts[index]?.giveBack(each);
        expect([process.heldBytes, middle.bytes, middle.count]).toEqual([0, 0, 0]);
        expect(() => parts[0]?.giveBack(1)).toThrow();
      });
      await fuzz('budgets', property, 200);
    },
    fuzzTimeoutMs,
  );

  test(
    'whatever is written, read and dropped, the bound holds but for a part of it',
    async () => {
      const steps = fc.array(
        fc.record({
          who: fc.nat(9),
          bytes: fc.integer({ min: 1, max: 500 }),
          read: fc.integer({ min: 0, max: 600 }),
        }),
        { maxLength: 300 },
      );
      const property = fc.property(steps, (all) => {
        const bytesMax = 10_000;
        const budget = new ProcessBudget({ bytesMax, monotonic: () => 1_000 });
        const readers = Array.from({ length: 10 }, () => ({
          unreadBytes: 0,
          takenBytes: 0,
          stalledAt: 0,
          drop() {
            this.unreadBytes = 0;
          },
        }));
        budget.watch(() => readers);
        for (const { who, bytes: written, read } of all) {
          const reader = readers[who] as (typeof readers)[number];
          reader.unreadBytes += written;
          budget.spend(written);
          const waiting = readers.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0);
          expect(waiting).toBeLessThanOrEqual(budget.heldBytes);
          expect(waiting).toBeLessThanOrEqual(bytesMax + bytesMax / 16);
          reader.unreadBytes = Math.max(0, reader.unreadBytes - read);
        }
        for (const reader of readers) reader.unreadBytes = 0;
        budget.review();
        expect(budget.heldBytes).toBeLessThanOrEqual(bytesMax / 16);
      });
      await fuzz('readers', property, 200);
    },
    fuzzTimeoutMs,
  );
});

describe('an outbox whose reader has stalled', () => {
  const writes = fc.record({
    length: fc.integer({ min: 1, max: 3_000 }),
    isPart: fc.boolean(),
    flushes: fc.boolean(),
  });

  test(
    'counts the memory that it holds, and that is not much more than what waits',
    async () => {
      const property = fc.property(fc.array(writes, { maxLength: 200 }), (all) => {
        /** Takes a write, and never says that it is through. */
        const stream = new Writable({ write: () => {} });
        const memory = new Set<ArrayBufferLike>();
        const { write } = stream;
        let isFirst = true;
        stream.write = ((bytes: Uint8Array) => {
          // The first holds its part of what many read, as it is mostly gone at once.
          if (!isFirst) memory.add(bytes.buffer);
          isFirst = false;
          return write.call(stream, bytes, undefined as never);
        }) as typeof write;
        const outbox = new Outbox(stream);
        for (const { length, isPart, flushes } of all) {
          const bytes = new Uint8Array(isPart ? 64 * 1024 : length).subarray(0, length);
          outbox.write(bytes);
          if (flushes) outbox.flush();
        }
        outbox.flush();
        const held = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
        expect(held).toBeLessThanOrEqual(2 * outbox.bufferedBytes);
        expect(held).toBeLessThanOrEqual(outbox.heldBytes + outbox.bufferedBytes);
        if (all.length > 0) expect(outbox.heldBytes).toBeGreaterThan(outbox.bufferedBytes);
      });
      await fuzz('outboxes', property, 200);
    },
    fuzzTimeoutMs,
  );
});

describe('half-read frames', () => {
  /** A frame of so many bytes, and how it comes: in pieces of these sizes, after so many ms each. */
  const frames = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 });
  const pieces = fc.array(
    fc.record({ size: fc.integer({ min: 1, max: 9_000 }), waitMs: fc.nat(4_000) }),
    { minLength: 1, maxLength: 40 },
  );

  test(
    'hold no more than twice what has come, and are overdue only below the rate',
    async () => {
      const property = fc.property(frames, pieces, (lengths, all) => {
        const stream = Buffer.concat(
          lengths.map((length) =>
            Buffer.concat([
              Buffer.from([0x80 | (length & 0x7f), 0x80 | ((length >> 7) & 0x7f), length >> 14]),
              Buffer.alloc(length, 7),
            ]),
          ),
        );
        const received: number[] = [];
        const receiver = {
          receiveFrame: (_bytes: Uint8Array, start: number, end: number) =>
            void received.push(end - start),
          isSated: false,
          putBack: () => {},
        };
        let halfRead: FrameReader | null = null;
        let now = 0;
        let offset = 0;
        let beganAt = 0;
        for (const { size, waitMs } of all) {
          now += waitMs;
          const chunk = stream.subarray(offset, offset + size);
          if (chunk.length === 0) break;
          const before = received.length;
          const wasBetween = halfRead === null;
          halfRead = readers.read(receiver, halfRead, chunk, limits.frameBytesMax, now);
          offset += chunk.length;
          if (wasBetween || received.length > before) beganAt = now;
          const done = received.reduce((sum, length) => sum + length + 3, 0);
          const come = offset - done;
          expect(halfRead === null).toBe(come === 0);
          if (halfRead === null) continue;
          const { heldBytes } = halfRead;
          expect(heldBytes).toBeLessThanOrEqual(2 * come + 4 * 1024 + limits.halfReadOverheadBytes);
          const later = now + waitMs;
          const come3 = Math.max(0, come - 3);
          const isLate =
            later - beganAt > limits.frameMsMax + (come3 * 1_000) / limits.bytesPerSecondMin;
          expect(halfRead.isOverdue(later)).toBe(isLate);
        }
        expect(received).toEqual(lengths.slice(0, received.length));
      });
      await fuzz('half-read frames', property, 200);
    },
    fuzzTimeoutMs,
  );
});

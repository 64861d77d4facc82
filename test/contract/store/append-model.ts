/**
 * Appends against a model that is small enough to be believed: per timeline a list, per source the
 * last number taken. Random batches bring the numbers of several sources in any order, again and
 * again, with skips and restarts, as lost answers and retries do.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../../src/base/limits.ts';
import { bodiesOf } from '../../../src/codec/run.ts';
import { type Append, type TimelineId, userTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

const move = fc.record({
  timeline: fc.integer({ min: 0, max: 1 }),
  source: fc.integer({ min: 0, max: 2 }),
  sendSeq: fc.integer({ min: 1, max: 8 }),
  count: fc.integer({ min: 0, max: 4 }),
  // Rare, or the numbers are soon all used up.
  restart: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
});
const batches = fc.array(fc.array(move, { maxLength: 8 }), { minLength: 1, maxLength: 12 });

export function describeAppendModel(fixture: StoreFixture): void {
  test('any batches leave what the model holds', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (drawn) => {
        const userIds = [nextUserId(), nextUserId()] as const;
        const sources = Array.from({ length: 3 }, () => new Conversation(nextUserId(), userIds[0]));
        const model = new Model();
        for (const [index, moves] of drawn.entries()) {
          const batch = moves.map(({ timeline, source, sendSeq, count, restart }): Append => {
            const texts = Array.from({ length: count }, (_, at) => `${source}/${sendSeq + at}`);
            const run = sources[source]!.append(userTimeline(userIds[timeline]!), sendSeq, texts);
            return { ...run, restart };
          });
          const { timelines } = index % 2 === 0 ? fixture.store : fixture.another;
          const results = await timelines.append(batch);
          expect(results).toMatchObject(batch.map((run) => model.append(run)));
        }
        for (const timeline of userIds.map(userTimeline)) {
          const page = await fixture.store.timelines.read({
            timeline,
            after: 0,
            limit: limits.pageMessagesMax,
          });
          const texts = model.texts(timeline);
          expect(textsOf(page.messages)).toEqual(texts);
          expect(page.messages.map(({ seq }) => seq)).toEqual(texts.map((_, index) => index + 1));
        }
      }),
      { numRuns: 100 },
    );
  });
}

class Model {
  readonly #logs = new Map<TimelineId, Uint8Array[]>();
  readonly #lastTaken = new Map<string, number>();

  /**
   * Appends, and gives what is certain of the answer: the number of an old duplicate may be
   * forgotten.
   */
  append({ timeline, source, sendSeq, restart, count, bodies }: Append) {
    const key = `${timeline} ${source}`;
    const last = this.#lastTaken.get(key) ?? 0;
    if (sendSeq > last + 1 && !restart) return { status: 'out-of-order', expected: last + 1 };

    const duplicates = Math.min(count, Math.max(0, last + 1 - sendSeq));
    const stored = bodiesOf(bodies).slice(duplicates);
    const log = this.#logs.get(timeline) ?? [];
    const seq = log.length + 1;
    this.#logs.set(timeline, [...log, ...stored]);
    this.#lastTaken.set(key, Math.max(last, sendSeq + count - 1));
    return stored.length > 0
      ? { status: 'taken', duplicates, seq }
      : { status: 'taken', duplicates };
  }

  texts(timeline: TimelineId): string[] {
    return textsOf((this.#logs.get(timeline) ?? []).map((body) => ({ seq: 0, body })));
  }
}

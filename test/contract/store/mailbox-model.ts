/**
 * Random courses of a few people who write to each other, read, block and go away, in a store with
 * little room and beside it in the store of the simulation, which decides by the pure functions of
 * src/store/decisions: both answer the same to everything, and whatever is unread is there.
 */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quotasByDefault } from '../../../src/store/quotas.ts';
import type { Store } from '../../../src/store/store.ts';
import { type Append, userTimeline } from '../../../src/store/timelines.ts';
import { MemoryStore } from '../../simulation/memory-store.ts';
import { Conversation } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId, opening } from './users.ts';

const messagesMax = 24;
const retention = { messagesMax, ageMs: 3_600_000 };
const placeBytes = 500;
const quotas = {
  ...quotasByDefault,
  timelineBytesMax: 2 * messagesMax * placeBytes,
  strangersShare: 0.2,
  strangerPlacesMax: 3,
  contactPlacesMax: 5,
};
const people = 4;

const person = fc.integer({ min: 0, max: people - 1 });
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      // Mostly to one of them.
      from: person,
      to: fc.oneof(fc.constant(0), person),
      count: fc.integer({ min: 1, max: 6 }),
      // Rarely large: places of a message.
      size: fc.oneof(
        { weight: 9, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 400, max: 2_500 }) },
      ),
      // Numbers that were sent before, and again.
      back: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), user: person }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const), user: person }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const), user: person }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('block' as const), user: person, peer: person }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('unblock' as const), user: person, peer: person }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** One of the two stores, and what is done to it. */
class Course {
  readonly store: Store;
  readonly ids: readonly number[];
  readonly #conversations = new Map<string, { conversation: Conversation; next: number }>();
  readonly #withoutCopies: boolean;
  #connections = 0;

  constructor(store: Store, ids: readonly number[], withoutCopies: boolean) {
    this.store = store;
    this.#withoutCopies = withoutCopies;
    this.ids = ids;
  }

  async take(drawn: Step, other?: Course): Promise<unknown> {
    const { sessions, conversations, timelines } = this.store;
    switch (drawn.kind) {
      case 'write': {
        const batch = this.#batch(drawn, other);
        const results = await timelines.append(batch);
        const [received] = results;
        const key = `${drawn.from} ${drawn.to}`;
        const known = this.#conversations.get(key)!;
        const { duplicates, stored, refused } = received!;
        const settled = batch[0]!.sendSeq + duplicates + stored + refused;
        known.next = Math.max(
          known.next,
          received!.status === 'taken' ? batch[0]!.sendSeq + batch[0]!.count : settled,
        );
        return results.map(({ watchers, expected, seq, ...result }) => ({
          ...result,
          // Of nothing there is a number, or nobody is to be told of it.
          seq: result.stored > 0 ? seq : 0,
          watchers: result.stored > 0 ? watchers.length : 0,
        }));
      }
      case 'acknowledge': {
        const userId = this.#id(drawn.user);
        const [seq = 0] = await timelines.heads([userTimeline(userId)]);
        await sessions.acknowledge([{ userId, device: 'phone', seq }]);
        return seq;
      }
      case 'open':
        this.#connections += 1;
        await sessions.open([
          opening(this.#id(drawn.user), { connectionNumber: this.#connections }),
        ]);
        return null;
      case 'close': {
        const userId = this.#id(drawn.user);
        const [open = []] = await sessions.of([userId]);
        await sessions.close(open);
        return open.length;
      }
      case 'block':
        return conversations.block(this.#id(drawn.user), this.#id(drawn.peer));
      case 'unblock':
        return conversations.unblock(this.#id(drawn.user), this.#id(drawn.peer));
    }
  }

  epochOf(key: string): string | undefined {
    return this.#conversations.get(key)?.conversation.epochHex;
  }

  #id(index: number): number {
    return this.ids[index] as number;
  }

  #batch(drawn: Step & { kind: 'write' }, other: Course | undefined): Append[] {
    const [from, to] = [this.#id(drawn.from), this.#id(drawn.to)];
    const key = `${drawn.from} ${drawn.to}`;
    const known = this.#conversations.get(key) ?? {
      conversation: new Conversation(from, to, other?.epochOf(key)),
      next: 1,
    };
    this.#conversations.set(key, known);
    const sendSeq = Math.max(1, known.next - drawn.back);
    const texts = Array.from({ length: drawn.count }, () => 'x'.repeat(drawn.size));
    const run = known.conversation.append(userTimeline(to), sendSeq, texts);
    return from === to || this.#withoutCopies
      ? [run]
      : [run, { ...run, timeline: userTimeline(from) }];
  }
}

async function numbersIn(store: Store, userId: number): Promise<number[]> {
  const numbers: number[] = [];
  for (;;) {
    const after = numbers.at(-1) ?? 0;
    const timeline = userTimeline(userId);
    const { messages } = await store.timelines.read({ timeline, after, limit: 100 });
    if (messages.length === 0) return numbers;
    numbers.push(...messages.map(({ seq }) => seq));
  }
}

export function describeMailboxModel(fixture: StoreFixture): void {
  let store: Store;
  beforeAll(async () => {
    store = await fixture.openStore(retention, quotas);
  });

  test('any course is as the decisions say, and nothing unread is lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const ids = Array.from({ length: people }, () => nextUserId());
        const memory = new MemoryStore({ retention, quotas, now: Date.now });
        const courseOf = (each: Store) => new Course(each, ids, fixture.copiesApart);
        const [model, real] = [courseOf(memory), courseOf(store)];
        for (const drawn of steps) {
          const expected = await model.take(drawn);
          expect(await real.take(drawn, model)).toEqual(expected);
        }
        for (const userId of ids) {
          const numbers = await numbersIn(store, userId);
          const { messages, head, acknowledged } = memory.data.shard(userTimeline(userId));
          // What was acknowledged since the last append may be dropped with the next, or at once.
          const oldest = Math.min(head - messagesMax, acknowledged) + 1;
          const kept = messages.map(({ seq }) => seq).filter((seq) => seq >= oldest);
          expect(numbers).toEqual(expect.arrayContaining(kept));
        }
      }),
      { numRuns: 15 },
    );
  });
}

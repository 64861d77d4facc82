/**
 * Groups against a model: the members of each in the order of their joining. Random moves of a few
 * users in two groups, each answer compared; at the end all that can be asked.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CreateResult, Group, Membership } from '../../../src/store/groups.ts';
import { type AppendResult, groupTimeline } from '../../../src/store/timelines.ts';
import { Conversation, textsOf } from '../../support/messages.ts';
import type { StoreFixture } from '../store.ts';
import { nextGroup, nextUserId } from './users.ts';

const move = fc.record({
  kind: fc.constantFrom('create', 'join', 'join', 'leave', 'write', 'write', 'acknowledge'),
  user: fc.integer({ min: 0, max: 2 }),
  group: fc.integer({ min: 0, max: 1 }),
  seq: fc.integer({ min: 0, max: 6 }),
});
const moves = fc.array(move, { minLength: 1, maxLength: 40 });

export function describeGroupModel(fixture: StoreFixture): void {
  test('any moves leave what the model holds', async () => {
    await fc.assert(
      fc.asyncProperty(moves, async (drawn) => {
        const users = Array.from({ length: 3 }, nextUserId);
        const models = Array.from({ length: 2 }, () => new Model(nextGroup()));
        for (const [index, { kind, user, group, seq }] of drawn.entries()) {
          const store = index % 2 === 0 ? fixture.store : fixture.another;
          const model = models[group]!;
          const userId = users[user]!;
          switch (kind) {
            case 'create':
              expect(await store.groups.create(model.name, userId)).toEqual(model.create(userId));
              break;
            case 'join':
              expect(await store.groups.join(model.name, userId)).toEqual(model.join(userId));
              break;
            case 'leave':
              expect(await store.groups.leave(model.name, userId)).toEqual(model.leave(userId));
              break;
            case 'write': {
              const run = model.conversation(userId);
              expect(await store.timelines.append([run])).toMatchObject([model.write(userId)]);
              break;
            }
            case 'acknowledge':
              await store.groups.acknowledge([{ userId, group: model.name, seq }]);
              model.acknowledge(userId, seq);
          }
        }
        for (const model of models) {
          const { name } = model;
          expect(await fixture.store.groups.find(name)).toEqual(model.group());
          expect(await fixture.store.groups.members(name, 0, 10)).toEqual(model.memberIds());
          const timeline = groupTimeline(name);
          const page = await fixture.store.timelines.read({ timeline, after: 0, limit: 100 });
          expect({ head: page.head, texts: textsOf(page.messages) }).toEqual(model.log());
        }
        for (const userId of users) {
          const memberships = models.flatMap((model) => model.membership(userId) ?? []);
          expect(await fixture.store.groups.of(userId)).toEqual(
            memberships.toSorted((one, other) => (one.group < other.group ? -1 : 1)),
          );
          expect(
            await fixture.store.groups.areMembers(
              models.map(({ name }) => ({ group: name, userId })),
            ),
          ).toEqual(models.map((model) => model.membership(userId) !== null));
        }
      }),
      { numRuns: 100 },
    );
  });
}

class Model {
  readonly name: string;
  #owner = 0;
  /** In the order of their joining. */
  readonly #members = new Map<number, { joined: number; cursor: number }>();
  readonly #conversations = new Map<number, { conversation: Conversation; sent: number }>();
  #head = 0;
  #texts: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  create(userId: number): CreateResult {
    if (this.#members.size > 0 && this.#owner !== userId) {
      return { status: 'group-exists', owner: this.#owner };
    }
    this.#owner = userId;
    return this.#enter(userId);
  }

  join(userId: number): CreateResult {
    return this.#members.size === 0 ? { status: 'unknown-group' } : this.#enter(userId);
  }

  leave(userId: number): boolean {
    const left = this.#members.delete(userId);
    const [heir] = this.#members.keys();
    if (heir === undefined) this.#texts = [];
    else if (this.#owner === userId) this.#owner = heir;
    return left;
  }

  /** What the user writes next. */
  conversation(userId: number) {
    let state = this.#conversations.get(userId);
    if (!state) {
      state = { conversation: new Conversation(userId, this.name), sent: 0 };
      this.#conversations.set(userId, state);
    }
    state.sent += 1;
    const texts = [`${userId}/${state.sent}`];
    const run = state.conversation.append(groupTimeline(this.name), state.sent, texts);
    return { ...run, onlyIfMember: userId };
  }

  /** What becomes of that. */
  write(userId: number): Partial<AppendResult> {
    if (!this.#members.has(userId)) return { status: 'not-a-member', duplicates: 0 };
    this.#head += 1;
    this.#texts.push(`${userId}/${this.#conversations.get(userId)?.sent}`);
    return { status: 'taken', duplicates: 0, seq: this.#head };
  }

  acknowledge(userId: number, seq: number): void {
    const place = this.#members.get(userId);
    if (place) place.cursor = Math.max(place.cursor, Math.min(seq, this.#head));
  }

  group(): Group | null {
    return this.#members.size === 0 ? null : { name: this.name, owner: this.#owner };
  }

  memberIds(): number[] {
    return [...this.#members.keys()].toSorted((one, other) => one - other);
  }

  membership(userId: number): Membership | null {
    const place = this.#members.get(userId);
    return place ? { group: this.name, ...place, head: this.#head } : null;
  }

  log() {
    return { head: this.#head, texts: this.#texts };
  }

  #enter(userId: number): CreateResult {
    const already = this.#members.has(userId);
    if (!already) this.#members.set(userId, { joined: this.#head, cursor: this.#head });
    const membership = this.membership(userId)!;
    return { status: 'joined', owner: this.#owner, already, membership };
  }
}

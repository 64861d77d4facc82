/**
 * The register of an encrypted group through any course of joins, removals, draws by several at once,
 * gifts and messages, good and bad: no key epoch has two draws; what is stored under an epoch can be
 * opened by nobody who was not a member in it, though everybody keeps all that they could ever read;
 * and whoever is a member can draw a key that all have. Played on the store of the simulation, which the
 * contract holds the others to (test/contract/store/group-model.ts).
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import type { KeyState, OwnKeys } from '../../src/store/group-keys.ts';
import { groupTimeline } from '../../src/store/timelines.ts';
import { MemoryStore } from '../simulation/memory-store.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { Conversation } from '../support/messages.ts';

const people = [1, 2, 3, 4, 5] as const;
const name = 'team';

const person = fc.constantFrom(...people);
const step = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), who: person }),
  fc.record({ kind: fc.constant('leave' as const), who: person }),
  fc.record({ kind: fc.constant('remove' as const), who: person, other: person }),
  fc.record({
    kind: fc.constant('draw' as const),
    who: person,
    // Of an epoch that is not due, of slots for some, in pages that others come between.
    off: fc.constantFrom(0, 0, 0, 1, 2, -1),
    without: fc.option(person),
    commit: fc.boolean(),
    name: fc.constantFrom('a', 'b'),
  }),
  fc.record({
    kind: fc.constant('give' as const),
    who: person,
    other: person,
    epoch: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant('write' as const),
    who: person,
    off: fc.constantFrom(0, 0, -1, 1),
  }),
);

class Course {
  readonly #store = new MemoryStore({
    retention: { messagesMax: limits.timelineMessagesMax },
    now: () => 1_000,
  });
  readonly #conversations = new Map(people.map((who) => [who, new Conversation(who, name)]));
  readonly #sent = new Map<number, number>();
  /** Who was a member in each epoch. */
  readonly #membersIn = new Map<number, ReadonlySet<number>>();
  /** Epochs whose key does not follow from the one before. */
  readonly #fresh = new Set<number>([1]);
  readonly #draws = new Map<number, string>();
  /** Epochs under which something is stored. */
  readonly #used = new Set<number>();
  /** Epochs whose key somebody has had a slot of, ever: nobody forgets. */
  readonly #had = new Map<number, Set<number>>(people.map((who) => [who, new Set()]));

  async begin(): Promise<void> {
    await this.#store.groups.create(name, 1, 'joined', true);
    await this.look();
  }

  async play(played: typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never): Promise<void> {
    const { groups, groupKeys } = this.#store;
    const { who } = played;
    if (played.kind === 'join') await groups.join(name, who, true);
    else if (played.kind === 'leave') {
      // The group is to go on.
      if ((await this.#members()).length > 1) await groups.leave(name, who);
    } else if (played.kind === 'remove')
      await groups.change(name, who, { kind: 'remove', userId: played.other });
    else if (played.kind === 'give') {
      const slot = { userId: played.other, epoch: played.epoch, sealed: 'given' };
      // Who gives a key has it: what is made up opens nothing.
      if (this.#knows(who).has(played.epoch)) await groupKeys.give(name, who, [slot]);
    } else if (played.kind === 'draw') await this.#draw(played);
    else await this.#write(who, played.off);
    await this.look();
  }

  /** Everybody reads what they may, and keeps it. */
  async look(): Promise<void> {
    const state = await this.#state();
    const members = await this.#members();
    this.#membersIn.set(state.keyEpoch, new Set(members));
    this.#fresh.add(state.freshFrom);
    for (const who of members) {
      const { slots } = await this.#read(who);
      for (const { epoch } of slots) this.#had.get(who)?.add(epoch);
    }
  }

  async end(): Promise<void> {
    for (const who of people)
      for (const epoch of this.#knows(who))
        if (this.#used.has(epoch)) expect([...(this.#membersIn.get(epoch) ?? [])]).toContain(who);
    const members = await this.#members();
    const by = members.at(-1) ?? 0;
    await this.#draw({ who: by, off: 0, without: null, commit: true, name: 'last' });
    await this.look();
    const { keyEpoch } = await this.#state();
    for (const who of members) expect(this.#knows(who).has(keyEpoch)).toBe(true);
    expect((await this.#read(by)).missing).toEqual([]);
  }

  async #draw(drawn: {
    readonly who: number;
    readonly off: number;
    readonly without: number | null;
    readonly commit: boolean;
    readonly name: string;
  }): Promise<void> {
    const { who, off, without, commit } = drawn;
    const { keyEpoch, freshFrom, drawn: newest } = await this.#state();
    const epoch = (newest < freshFrom ? keyEpoch : keyEpoch + 1) + off;
    const members = await this.#members();
    const slots = members
      .filter((userId) => userId !== without)
      .map((userId) => ({ userId, sealed: 'drawn' }));
    const draw = `${drawn.name} ${who} ${epoch}`;
    const asked = { group: name, by: who, draw, epoch, slots, commit };
    const result = await this.#store.groupKeys.draw(asked);
    if (!members.includes(who)) expect(result).toBe('not-a-member');
    if (typeof result === 'string' || result.status !== 'committed') return;
    // The first that counts, for ever; a repeat of it is the same one.
    expect(this.#draws.get(epoch) ?? draw).toBe(draw);
    this.#draws.set(epoch, draw);
    this.#fresh.add(epoch);
  }

  async #write(who: number, off: number): Promise<void> {
    const { keyEpoch } = await this.#state();
    const epoch = keyEpoch + off;
    const sendSeq = (this.#sent.get(who) ?? 0) + 1;
    const conversation = this.#conversations.get(who as (typeof people)[number]);
    const run = conversation?.append(groupTimeline(name), sendSeq, ['sealed']);
    if (!run) return;
    const append = { ...run, keyEpoch: epoch, onlyIfMember: who };
    const [result] = await this.#store.timelines.append([append]);
    const isMember = (await this.#members()).includes(who);
    if (!isMember) expect(result?.status).toBe('not-a-member');
    else if (epoch === keyEpoch) expect(result).toMatchObject({ status: 'taken', stored: 1 });
    else expect(result?.status).toBe(epoch === 0 ? 'encrypted-group' : 'stale-key');
    if (result?.status === 'taken') this.#used.add(epoch);
    if (result?.status !== 'stale-key') this.#sent.set(who, sendSeq);
  }

  /** Epochs whose key somebody can come to. */
  #knows(who: number): Set<number> {
    const known = new Set(this.#had.get(who));
    const newest = Math.max(...this.#membersIn.keys());
    for (let epoch = 1; epoch < newest; epoch += 1)
      if (known.has(epoch) && !this.#fresh.has(epoch + 1)) known.add(epoch + 1);
    return known;
  }

  #members(): Promise<number[]> {
    return this.#store.groups.members(name, 0, 10);
  }

  async #state(): Promise<KeyState> {
    const [member = 0] = await this.#members();
    return this.#read(member);
  }

  async #read(who: number): Promise<OwnKeys> {
    const read = await this.#store.groupKeys.read(name, who);
    if (typeof read === 'string') throw new Error(`${who} reads nothing: ${read}`);
    return read;
  }
}

test(
  'what is stored is for the members of its epoch, and all of them come to its key',
  async () => {
    const played = fc.array(step, { maxLength: 60, size: 'max' });
    const property = fc.asyncProperty(played, async (steps) => {
      const course = new Course();
      await course.begin();
      for (const each of steps) await course.play(each);
      await course.end();
    });
    await fuzz('the register of a group', property, 400);
  },
  fuzzTimeoutMs,
);

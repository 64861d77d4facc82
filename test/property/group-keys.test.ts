/**
 * The key schedule of encrypted groups, held against what it promises: through any course of joins,
 * removals, draws and gifts, all members come to one key for each epoch; nobody comes to one of an
 * epoch after they went; and nobody who joined to one from before, unless the group shows all.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits } from '../../src/base/limits.ts';
import {
  epochToDraw,
  type GroupStatus,
  keysToGive,
  keyToSealWith,
  Ratchet,
  type Slot,
  slotsForOpening,
  slotsForSealing,
} from '../../src/client/sdk/e2ee/groups/key-schedule.ts';
import { runs } from '../support/fuzz.ts';

const group = 'team';
const people = [1, 2, 3, 4] as const;

type Held = Slot & { readonly ratchet: Ratchet };

type Step =
  | { readonly kind: 'join' | 'go' | 'write'; readonly who: number }
  | { readonly kind: 'give'; readonly who: number; readonly to: number };

const person = fc.constantFrom(...people);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('join', 'go', 'write'), who: person }),
  fc.record({ kind: fc.constant('give' as const), who: person, to: person }),
);

/** A group, and what each person was ever given: also those who went keep it. */
class Course {
  readonly showsAll: boolean;
  status: GroupStatus = { keyEpoch: 1, freshFrom: 1, drawn: 0, drawId: '' };
  readonly since = new Map<number, number>([[1, 1]]);
  readonly held = new Map<number, Held[]>(people.map((who) => [who, []]));
  /** In which epochs somebody was a member, with what was written there. */
  readonly memberIn = new Map<number, Set<number>>(people.map((who) => [who, new Set()]));
  readonly writtenWith = new Map<number, string>();
  #draws = 0;

  constructor(showsAll: boolean) {
    this.showsAll = showsAll;
    this.#note();
  }

  async take(taken: Step): Promise<void> {
    const { kind, who } = taken;
    const isMember = this.since.has(who);
    if (kind === 'join' && !isMember) this.#changeMembers(who, false);
    if (kind === 'go' && isMember && this.since.size > 1) this.#changeMembers(who, true);
    if (kind === 'write' && isMember) await this.#write(who);
    if (kind === 'give' && isMember) await this.#give(who, taken.to);
    this.#note();
  }

  heldBy(who: number): Held[] {
    return this.held.get(who) ?? [];
  }

  #changeMembers(who: number, isGoing: boolean): void {
    const keyEpoch = this.status.keyEpoch + 1;
    this.status = { ...this.status, keyEpoch, ...(isGoing && { freshFrom: keyEpoch }) };
    if (isGoing) this.since.delete(who);
    else this.since.set(who, keyEpoch);
  }

  async #write(who: number): Promise<void> {
    const known = await this.#keyOf(who);
    if (!known) {
      const epoch = epochToDraw(this.status);
      const drawId = `draw ${++this.#draws}`;
      const key = new Uint8Array(32).fill(this.#draws);
      for (const member of this.since.keys())
        this.heldBy(member).push({
          epoch,
          by: who,
          draw: drawId,
          seenWith: drawId,
          ratchet: new Ratchet(group, epoch, key),
        });
      this.status = { keyEpoch: epoch, freshFrom: epoch, drawn: epoch, drawId };
      this.#note();
    }
    const key = hexOf((await this.#keyOf(who)) ?? new Uint8Array());
    const { keyEpoch } = this.status;
    expect(this.writtenWith.get(keyEpoch) ?? key).toBe(key);
    this.writtenWith.set(keyEpoch, key);
  }

  async #give(who: number, to: number): Promise<void> {
    const since = this.since.get(to);
    if (since === undefined || who === to || !(await this.#keyOf(who))) return;
    const ratchets = this.heldBy(who).map(({ ratchet }) => ratchet);
    for (const { epoch, key } of await keysToGive(ratchets, since, this.showsAll)) {
      const ratchet = new Ratchet(group, epoch, key);
      const { drawId: seenWith } = this.status;
      this.heldBy(to).push({ epoch, by: who, draw: '', seenWith, ratchet });
    }
  }

  async #keyOf(who: number): Promise<Uint8Array | undefined> {
    const slots = slotsForSealing(this.heldBy(who), this.status);
    const candidates = slots.map(async (slot) => ({
      slot,
      key: await slot.ratchet.at(this.status.keyEpoch),
    }));
    return keyToSealWith(await Promise.all(candidates));
  }

  #note(): void {
    for (const member of this.since.keys()) this.memberIn.get(member)?.add(this.status.keyEpoch);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** All that can be made of what they hold, in whatever order. */
async function reachable(held: readonly Held[], upTo: number): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const { epoch, ratchet } of held)
    for (let at = epoch; at <= upTo; at++) keys.add(hexOf(await ratchet.at(at)));
  return keys;
}

async function courseOf(steps: readonly Step[], showsAll: boolean): Promise<Course> {
  const course = new Course(showsAll);
  for (const each of steps) await course.take(each);
  return course;
}

const courses = fc.array(step, { maxLength: 40, size: 'max' });

describe('the keys of a group', () => {
  test('are out of reach in epochs in which somebody was no member', async () => {
    await fc.assert(
      fc.asyncProperty(courses, async (steps) => {
        const course = await courseOf(steps, false);
        for (const who of people) {
          const reached = await reachable(course.heldBy(who), course.status.keyEpoch);
          for (const [epoch, key] of course.writtenWith)
            if (!course.memberIn.get(who)?.has(epoch)) expect(reached).not.toContain(key);
        }
      }),
      { numRuns: runs(150) },
    );
  });

  test('of a group that shows all are out of reach of who is gone', async () => {
    await fc.assert(
      fc.asyncProperty(courses, async (steps) => {
        const course = await courseOf(steps, true);
        for (const who of people) {
          const reached = await reachable(course.heldBy(who), course.status.keyEpoch);
          const last = Math.max(0, ...(course.memberIn.get(who) ?? []));
          for (const [epoch, key] of course.writtenWith)
            if (epoch > last) expect(reached).not.toContain(key);
        }
      }),
      { numRuns: runs(150) },
    );
  });

  test('are with every member who was there when they were drawn, or was given them', async () => {
    await fc.assert(
      fc.asyncProperty(courses, async (steps) => {
        const course = await courseOf(steps, false);
        // In the end somebody is there who gives.
        const [giver] = course.since.keys();
        await course.take({ kind: 'write', who: giver ?? 0 });
        for (const to of people) await course.take({ kind: 'give', who: giver ?? 0, to });
        const { keyEpoch } = course.status;
        const key = course.writtenWith.get(keyEpoch);
        for (const member of course.since.keys()) {
          const [likeliest] = slotsForOpening(course.heldBy(member), keyEpoch);
          expect(likeliest && hexOf(await likeliest.ratchet.at(keyEpoch))).toBe(key);
        }
      }),
      { numRuns: runs(150) },
    );
  });

  test('are found by the slot that is tried first, in every epoch that was written in', async () => {
    await fc.assert(
      fc.asyncProperty(courses, async (steps) => {
        const course = await courseOf(steps, false);
        for (const who of people) {
          const held = course.heldBy(who);
          for (const [epoch, key] of course.writtenWith) {
            const reached = await reachable(held, epoch);
            if (!reached.has(key)) continue;
            const [likeliest] = slotsForOpening(held, epoch);
            expect(likeliest && hexOf(await likeliest.ratchet.at(epoch))).toBe(key);
          }
        }
      }),
      { numRuns: runs(150) },
    );
  });
});

test('a draw is tried, and what each of some has given, however much others give that is wrong', () => {
  const slot = (epoch: number, by: number, draw = '') => ({ epoch, by, draw, seenWith: 'd' });
  const [draw, right] = [slot(1, 1, 'd'), slot(2, 2)];
  const wrong = [3, 4, 5, 6].flatMap((by) => [7, 8, 9, 10, 11, 12].map((at) => slot(at, by)));
  const tried = slotsForOpening([draw, right, ...wrong], 20);
  expect(tried).toContain(draw);
  expect(tried).toContain(right);
  expect(tried).toHaveLength(limits.groupKeyTriesMax);
  const crowd = Array.from({ length: 40 }, (_, index) => slot(10, 100 + index));
  expect(slotsForOpening([draw, ...crowd], 20)).toContain(draw);
});

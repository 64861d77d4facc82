/**
 * Whole courses of an encrypted group, by clients over a register: people join, go, write, two at once,
 * while calls and answers are lost and devices die at every step. All who are members read all that is
 * written, on devices that were never there before; nobody else does, with all that was ever stored
 * for them.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../src/base/errors.ts';
import type { GroupKeyCalls } from '../../src/client/sdk/e2ee/groups/group-register.ts';
import type { Opened } from '../../src/client/sdk/e2ee/sealable.ts';
import { runs } from '../support/fuzz.ts';
import { through, VirtualClock } from '../support/virtual-clock.ts';
import { GroupServer } from '../unit/client-sdk/e2ee/support/group-server.ts';
import { type Device, deviceOf, KeyServer } from '../unit/client-sdk/e2ee/support/key-server.ts';

const people = [1, 2, 3] as const;
const calls = ['groupKeys', 'groupChanges', 'drawGroupKey', 'giveGroupKey'] as const;

type Trouble = {
  readonly call: keyof GroupKeyCalls;
  /** The call is lost, or its answer is. */
  readonly when: 'before' | 'after';
  /** The device dies of it; otherwise it asks again. */
  readonly isDeadly: boolean;
};

type Step =
  | { readonly kind: 'join' | 'go'; readonly who: number }
  | { readonly kind: 'write'; readonly who: readonly number[]; readonly trouble: Trouble | null };

const trouble = fc.record({
  call: fc.constantFrom(...calls),
  when: fc.constantFrom('before', 'after'),
  isDeadly: fc.boolean(),
});
const person = fc.constantFrom(...people);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('join', 'go'), who: person }),
  fc.record({
    kind: fc.constant('write' as const),
    who: fc.uniqueArray(person, { minLength: 1, maxLength: 2 }),
    trouble: fc.option(trouble),
  }),
);

interface Written {
  readonly from: number;
  readonly identity: string;
  readonly text: string;
  readonly sealed: Uint8Array;
  readonly keyEpoch: number;
  readonly members: ReadonlySet<number>;
}

class Course {
  readonly clock = new VirtualClock();
  readonly keys = new KeyServer();
  readonly group = new GroupServer();
  readonly written: Written[] = [];
  readonly #devices = new Map<number, Device>();
  #count = 0;

  /** All have a key of their own; the first is a member. */
  async begin(): Promise<void> {
    for (const userId of people) await this.#device(userId).encryption.seal(userId, 'x', noText);
    this.group.join(1);
  }

  async take(taken: Step): Promise<void> {
    const { members } = this.group;
    if (taken.kind === 'join' && !members.has(taken.who)) this.group.join(taken.who);
    if (taken.kind === 'go' && members.has(taken.who) && members.size > 1) {
      this.group.leave(taken.who);
      this.#device(taken.who).encryption.groups.forget('team');
    }
    if (taken.kind !== 'write') return this.#tell();
    if (taken.trouble) this.#arm(taken.trouble);
    const writers = taken.who.filter((who) => members.has(who));
    await this.#through(Promise.all(writers.map((who) => this.#write(who))));
    this.group.before.clear();
    this.group.after.clear();
    if (writers.length > 0) await this.#through(this.#give());
  }

  /** As a device that was never there reads it, which is told all that was ever sealed for its user. */
  read(userId: number, { from, identity, sealed, keyEpoch }: Written): Promise<Opened> {
    const group = new GroupServer();
    group.members.set(userId, 1);
    group.status = this.group.status;
    group.groupId = this.group.groupId;
    group.memberChanges = this.group.memberChanges;
    group.slots = this.group.everStored.filter((slot) => slot.userId === userId);
    const { encryption } = deviceOf(this.keys, userId, { group, clock: this.clock });
    return encryption.groups.open({ from, group: 'team', identity, sealed, keyEpoch }, false);
  }

  /** As the append of the group takes it: under the key of now alone. */
  async #write(from: number): Promise<void> {
    this.#count += 1;
    const identity = `${from}.0011223344556677.#team.${this.#count}`;
    const text = `message ${this.#count}`;
    for (;;) {
      const device = this.#device(from);
      const { groups } = device.encryption;
      try {
        const { sealed, keyEpoch = 0 } = await groups.seal('team', identity, { text });
        if (sealed && keyEpoch === this.group.status.keyEpoch) {
          const members = new Set(this.group.members.keys());
          this.written.push({ from, identity, text, sealed, keyEpoch, members });
          return;
        }
        groups.changed('team');
      } catch (error) {
        if (!(error instanceof CimError) || error.kind !== 'unauthenticated') throw error;
        // It is dead: whoever starts it again knows nothing of what it did.
        device.stop();
        this.#devices.delete(from);
      }
    }
  }

  /** Clients that begin now look after the members who have no key. */
  async #give(): Promise<void> {
    const { group, clock } = this;
    const { keyEpoch } = group.status;
    const devices = [...group.members.keys()].map((userId) =>
      deviceOf(this.keys, userId, { group, clock }),
    );
    for (const { encryption } of devices) encryption.groups.learn('team', keyEpoch);
    while (group.missing().length > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const device of devices) device.stop();
  }

  #arm({ call, when, isDeadly }: Trouble): void {
    this.group[when].set(call, () => {
      throw new CimError(isDeadly ? 'unauthenticated' : 'unavailable', 'it is lost');
    });
  }

  #tell(): void {
    for (const userId of this.group.members.keys())
      this.#device(userId).encryption.groups.learn('team', this.group.status.keyEpoch);
  }

  #device(userId: number): Device {
    const { group, clock } = this;
    const device = this.#devices.get(userId) ?? deviceOf(this.keys, userId, { group, clock });
    this.#devices.set(userId, device);
    return device;
  }

  #through<Result>(task: Promise<Result>): Promise<Result> {
    return through(this.clock, task);
  }
}

const noText = { text: '' };

test('all members read all that is written, and nobody else does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12, size: 'max' }), async (steps) => {
      const course = new Course();
      await course.begin();
      for (const each of steps) await course.take(each);
      for (const each of course.written)
        for (const userId of people) {
          const opened = await course.read(userId, each);
          if (each.members.has(userId)) expect(opened).toMatchObject({ text: each.text });
          else expect(opened).toHaveProperty('unreadable');
        }
    }),
    { numRuns: runs(25) },
  );
});

/**
 * A device in an encrypted group whose register lies in any way it likes, at any moment: it names members of
 * whom the device's user was told nothing, hides or takes back who came and went, goes back to what it was,
 * forgets that somebody went, says that the group is in clear text, and lets a stranger draw. Whatever it says,
 * the device gives keys to nobody who was not told of, and none of before they came; what it writes can be read
 * by nobody who was not told of, or was told to be gone; its epochs never go back; and nothing is clear.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CimError } from '../../src/base/errors.ts';
import type { GroupKeyCalls } from '../../src/client/sdk/e2ee/groups/group-register.ts';
import type { GroupView } from '../../src/client/sdk/e2ee/groups/group-view.ts';
import type { SavedGroups } from '../../src/client/sdk/e2ee/groups/known-groups.ts';
import { fuzz, fuzzTimeoutMs } from '../support/fuzz.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { GroupServer } from '../unit/client-sdk/e2ee/support/group-server.ts';
import { type Device, deviceOf, KeyServer } from '../unit/client-sdk/e2ee/support/key-server.ts';

/** The stranger is the cluster's: it is let in and drawn for whenever that helps. */
const [bob, stranger] = [1, 4] as const;
const people = [bob, 2, 3, stranger] as const;

const person = fc.constantFrom(2, 3, stranger);
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('join', 'go', 'name', 'unname'), who: person }),
  fc.record({
    kind: fc.constantFrom(
      ...(['write', 'write', 'write', 'tend', 'restart', 'leave-and-join', 'stranger'] as const),
      ...(['hide', 'drop', 'keep', 'go-back', 'unfresh', 'clear', 'show-all', 'since'] as const),
      ...(['backdate', 'another-list'] as const),
    ),
    who: person,
  }),
);
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

interface Sent {
  readonly sealed: Uint8Array;
  readonly keyEpoch: number;
  readonly identity: string;
  /** Who was in the group then, as bob was told. */
  readonly readers: ReadonlySet<number>;
}

/** Somebody is in the group, as told: since which epoch, and till which one. */
type Stay = { from: number; to: number };

/** What a register was once. */
type Kept = Pick<GroupServer, 'status' | 'slots' | 'memberChanges'> & {
  members: Map<number, number>;
};

class Course {
  readonly clock = new VirtualClock();
  readonly keys = new KeyServer();
  readonly group = new GroupServer();
  #device = this.#start();
  #kept: Kept | undefined;
  /** As bob was told. */
  readonly #announced = new Set<number>([bob]);
  /** By user: of which epochs the device may give them keys, also while it is told more. */
  readonly #stays = new Map<number, Stay[]>();
  readonly #written: Sent[] = [];
  #toldCount = 0;
  #checkedCount = 0;
  #newest = 0;
  #count = 0;

  async begin(): Promise<void> {
    for (const userId of people)
      await this.#deviceOf(userId).encryption.seal(userId, 'x', { text: '' });
    this.group.join(bob);
    this.#device.encryption.groups.learn('team', 1);
  }

  async take({ kind, who }: Step): Promise<void> {
    const { group } = this;
    const { groups } = this.#device.encryption;
    if (kind === 'join' && !group.members.has(who)) group.join(who);
    if (kind === 'go' && group.members.has(who)) group.leave(who, 'removed');
    // A member, or none, without a word of it.
    if (kind === 'name') group.members.set(who, 1);
    if (kind === 'unname') group.members.delete(who);
    if (kind === 'hide') group.memberChanges = group.memberChanges.slice(0, -1);
    if (kind === 'drop') group.dropChanges(1);
    if (kind === 'keep') this.#kept = copyOf(group);
    if (kind === 'go-back' && this.#kept) Object.assign(group, copyOf(this.#kept));
    if (kind === 'unfresh') group.status = { ...group.status, freshFrom: 1 };
    if (kind === 'show-all') group.history = 'all';
    if (kind === 'since') for (const member of group.members.keys()) group.members.set(member, 1);
    if (kind === 'backdate')
      group.memberChanges = group.memberChanges.map((each) => ({
        ...each,
        ...(each.userId === who && { epoch: 1 }),
      }));
    if (kind === 'another-list')
      group.memberChanges = group.memberChanges.map((each) => ({ ...each, at: each.at + 1_000 }));
    if (kind === 'clear') groups.learn('team', 0);
    if (kind === 'restart') this.#restart();
    if (kind === 'leave-and-join') {
      groups.forget('team');
      groups.learn('team', 0);
    }
    if (kind === 'stranger') await this.#strangerDraws();
    if (kind === 'write') await this.#write();
    if (kind === 'tend') await this.#tend();
    this.#check();
  }

  async #write(): Promise<void> {
    const { groups } = this.#device.encryption;
    this.#count += 1;
    const identity = `${bob}.0011223344556677.#team.${this.#count}`;
    groups.changed('team');
    expect(groups.isInClear('team')).toBe(false);
    const sent = await this.#within(groups.seal('team', identity, { text: 'psst' }));
    // It waits for a register that makes sense.
    if (sent === undefined) return this.#restart();
    const { sealed, keyEpoch = 0 } = sent;
    expect(sealed).toBeDefined();
    expect(keyEpoch).toBeGreaterThanOrEqual(this.#newest);
    this.#newest = keyEpoch;
    this.#check();
    if (!sealed) return;
    const written = { sealed, keyEpoch, identity, readers: new Set(this.#announced) };
    this.#written.push(written);
    await this.#checkReaders(written);
  }

  /** What was written is read by nobody who came later. */
  async end(): Promise<void> {
    await this.take({ kind: 'tend', who: 2 });
    if (this.#device.known.viewOf('team')?.showsAll) return;
    for (const sent of this.#written) await this.#checkReaders(sent);
  }

  /** As somebody who copies all that ever was in the store. */
  async #checkReaders({ readers, ...message }: Sent): Promise<void> {
    // Members go on giving keys meanwhile.
    const everStored = [...this.group.everStored];
    const isByStranger = everStored.some(({ by }) => by === stranger);
    for (const userId of people) {
      if (readers.has(userId)) continue;
      // Who was told of may give a key to anybody.
      if (isByStranger && userId !== stranger) continue;
      const store = new GroupServer();
      Object.assign(store, { groupId: this.group.groupId, status: this.group.status });
      for (const each of people) store.members.set(each, 1);
      store.memberChanges = this.group.memberChanges.slice(0, 1);
      store.slots = everStored.filter((slot) => slot.userId === userId);
      const { encryption } = this.#deviceOf(userId, store);
      const opened = await encryption.groups.open({ from: bob, group: 'team', ...message }, false);
      expect(opened).toHaveProperty('unreadable');
    }
  }

  /** The stranger's client is told all, and draws for all who are named. */
  async #strangerDraws(): Promise<void> {
    const { group } = this;
    const honest = group.memberChanges;
    if (!group.members.has(stranger)) group.join(stranger);
    const device = this.#deviceOf(stranger);
    this.#count += 1;
    const identity = `${stranger}.0011223344556677.#team.${this.#count}`;
    await this.#within(device.encryption.groups.seal('team', identity, { text: 'mine' }));
    device.stop();
    // Nothing of it is told.
    group.memberChanges = honest;
    group.keyChanges = [];
  }

  /** Members are given what they lack. */
  async #tend(): Promise<void> {
    const { groups } = this.#device.encryption;
    groups.forget('other');
    groups.learn('team', this.group.status.keyEpoch + 1_000);
    groups.learn('team', this.group.status.keyEpoch);
    for (let count = 0; count < 20; count += 1) {
      await this.clock.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Undefined: it takes too long, or is refused. */
  async #within<Result>(task: Promise<Result>): Promise<Result | undefined> {
    let isOver = false;
    const over = task
      .catch((error: unknown) => {
        if (!(error instanceof CimError)) throw error;
        return undefined;
      })
      .finally(() => {
        isOver = true;
      });
    for (let count = 0; count < 60 && !isOver; count += 1) {
      await this.clock.advance(200);
      for (let turn = 0; turn < 20 && !isOver; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
    }
    return isOver ? over : undefined;
  }

  #check(): void {
    const before = new Set(this.#announced);
    const { told, known } = this.#device;
    for (const news of told.slice(this.#toldCount)) {
      if ('members' in news) {
        this.#announced.clear();
        // That the device's own user is in it nobody has to say.
        for (const userId of [bob, ...news.members]) this.#announced.add(userId);
      } else if (news.kind === 'joined' || news.kind === 'created')
        this.#announced.add(news.userId);
      else if (news.kind === 'left' || news.kind === 'removed') this.#announced.delete(news.userId);
      for (const userId of this.#announced) before.add(userId);
    }
    this.#toldCount = told.length;
    const { everStored } = this.group;
    const { showsAll = false } = known.viewOf('team') ?? {};
    for (const { userId, by, draw, epoch } of everStored.slice(this.#checkedCount)) {
      if (by !== bob) continue;
      const stays = this.#stays.get(userId) ?? [];
      if (draw !== '') expect(before).toContain(userId);
      else expect(stays).not.toEqual([]);
      // Whoever was told at first that all may be read gives all.
      if (draw !== '' || showsAll) continue;
      const isOfStay = stays.some(({ from, to }) => from <= epoch && epoch <= to);
      expect({ userId, epoch, isOfStay }).toEqual({ userId, epoch, isOfStay: true });
    }
    this.#checkedCount = everStored.length;
  }

  #restart(): void {
    this.#check();
    const { known } = this.#device;
    this.#device.stop();
    this.#device = this.#start(JSON.parse(JSON.stringify(known.save())) as SavedGroups);
    this.#toldCount = 0;
    this.#device.encryption.groups.learn('team', this.group.status.keyEpoch);
  }

  #start(known: SavedGroups = []): Device {
    const { group, clock } = this;
    const callsOf = (calls: GroupKeyCalls) => whileRunning(calls, () => this.#device === device);
    const device = deviceOf(this.keys, bob, { group, clock, known, callsOf });
    const keep = device.known.keep.bind(device.known);
    device.known.keep = (name, view) => {
      this.#noteStays(device.known.viewOf(name), view);
      keep(name, view);
    };
    return device;
  }

  #noteStays(before: GroupView | undefined, { members }: GroupView): void {
    for (const [userId, since] of members) {
      const stays = this.#stays.get(userId) ?? [];
      this.#stays.set(userId, stays);
      const open = stays.find(({ to }) => to === Infinity);
      // Told anew, it is in it since now: and still is.
      if (open) open.from = Math.min(open.from, since);
      else stays.push({ from: since, to: Infinity });
    }
    for (const [userId, stays] of this.#stays) {
      const open = stays.find(({ to }) => to === Infinity);
      if (open && !members.has(userId)) open.to = before?.epoch ?? 0;
    }
  }

  #deviceOf(userId: number, group = this.group): Device {
    return deviceOf(this.keys, userId, { group, clock: this.clock });
  }
}

/** A process that was stopped asks for nothing, though it was about to. */
function whileRunning(calls: GroupKeyCalls, isRunning: () => boolean): GroupKeyCalls {
  return new Proxy(calls, {
    get: (target, name: keyof GroupKeyCalls) =>
      isRunning() ? target[name] : () => new Promise(() => {}),
  });
}

function copyOf({ status, slots, memberChanges, members }: Kept): Kept {
  return {
    status,
    slots: [...slots],
    memberChanges: [...memberChanges],
    members: new Map(members),
  };
}

test.each([
  [
    'who went while the device’s user was out of the group reads nothing of what is written then',
    ['join 2', 'drop', 'write', 'unname 2', 'leave-and-join', 'join 3', 'write'],
  ],
  [
    'a gift that is sealed while who is a member is told anew is of a time at which they were',
    ['write', 'hide', 'join 3', 'name 2', 'drop', 'write', 'unname 2', 'show-all', 'tend', 'write'],
  ],
  [
    'somebody who was told of gives the key to others while it is looked who can read',
    ['join 4', 'write', 'drop', 'name 3', 'stranger', 'go 2', 'write', 'write'],
  ],
])('%s', async (_name, steps) => {
  const course = new Course();
  await course.begin();
  for (const each of steps) {
    const [kind, who = 2] = each.split(' ');
    await course.take({ kind, who: Number(who) } as Step);
  }
  await course.end();
});

test(
  'whatever a register says, keys go to those who were told of, and do not come back',
  async () => {
    const steps = fc.array(step, { minLength: 4, maxLength: 25, size: 'max' });
    const property = fc.asyncProperty(steps, async (taken) => {
      const course = new Course();
      await course.begin();
      for (const each of taken) await course.take(each);
      await course.end();
    });
    await fuzz('a register that lies', property, 40);
  },
  fuzzTimeoutMs,
);

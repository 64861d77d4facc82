/** The register of one encrypted group, without routes; and members' keys of it on their devices. */
import { CimError } from '../../../../../src/base/errors.ts';
import type {
  GroupKeyCalls,
  KeyChange,
} from '../../../../../src/client/sdk/e2ee/groups/group-register.ts';
import type { MemberChange } from '../../../../../src/client/sdk/e2ee/groups/group-view.ts';
import type { GroupStatus } from '../../../../../src/client/sdk/e2ee/groups/key-schedule.ts';
import { epochToDraw } from '../../../../../src/client/sdk/e2ee/groups/key-schedule.ts';

interface StoredSlot {
  readonly userId: number;
  readonly epoch: number;
  readonly by: number;
  readonly draw: string;
  readonly sealed: string;
}

export class GroupServer {
  /** With the epoch that they joined with. */
  members = new Map<number, number>();
  history: 'joined' | 'all' = 'joined';
  status: GroupStatus = { keyEpoch: 0, freshFrom: 1, drawn: 0, drawId: '' };
  /** All that there ever was: as somebody has it who copies the store. */
  readonly everStored: StoredSlot[] = [];
  slots: StoredSlot[] = [];
  groupId = 'a'.repeat(22);
  memberChanges: MemberChange[] = [];
  keyChanges: KeyChange[] = [];
  /** Changes of each kind in one answer. */
  changesMax = 3;
  /** It is said to be no encrypted group. */
  isInClear = false;
  /** It answers that there are more, and more. */
  isEndless = false;
  /** Slots in one answer. */
  pageMax = 100;
  /** Thrown, or called, before the call with this name: once. */
  readonly before = new Map<keyof GroupKeyCalls, () => void>();
  /** The same after it: what it was asked is done, and its answer lost. */
  readonly after = new Map<keyof GroupKeyCalls, () => void>();
  readonly called: (keyof GroupKeyCalls)[] = [];
  #time = 0;
  readonly #staged = new Map<number, { readonly draw: string; readonly slots: StoredSlot[] }>();

  join(userId: number): void {
    this.status = { ...this.status, keyEpoch: this.status.keyEpoch + 1 };
    this.#note(this.members.size === 0 ? 'created' : 'joined', userId);
    this.members.set(userId, this.status.keyEpoch);
  }

  /** As a store that has lost all that was there before, and then these joined. */
  startAnew(...userIds: readonly number[]): void {
    this.status = { keyEpoch: 0, freshFrom: 1, drawn: 0, drawId: '' };
    this.members.clear();
    this.slots = [];
    this.memberChanges = [];
    this.keyChanges = [];
    for (const userId of userIds) this.join(userId);
  }

  /** As another group of the same name. */
  makeAnew(...userIds: readonly number[]): void {
    this.groupId = `${this.groupId.slice(1)}b`;
    this.startAnew(...userIds);
  }

  leave(userId: number, kind: 'left' | 'removed' = 'left'): void {
    const freshFrom = this.status.keyEpoch + 1;
    this.status = { ...this.status, keyEpoch: freshFrom, freshFrom };
    this.members.delete(userId);
    this.slots = this.slots.filter((slot) => slot.userId !== userId);
    this.#note(kind, userId);
  }

  /** The oldest changes are kept no more. */
  dropChanges(count: number): void {
    this.memberChanges = this.memberChanges.slice(count);
  }

  /** As this user's client makes them. */
  callsOf(by: number): GroupKeyCalls {
    const call = <Result>(name: keyof GroupKeyCalls, answer: () => Result): Promise<Result> =>
      this.#call(name, by, answer);
    return {
      groupKeys: (_group, after) => call('groupKeys', () => this.#read(by, after)),
      drawGroupKey: (request) =>
        call('drawGroupKey', () => {
          const { epoch, draw, commit } = request;
          const slots = request.slots.map((slot) => ({ ...slot, epoch, by, draw }));
          return { status: this.#draw(by, epoch, draw, slots, commit) };
        }),
      giveGroupKey: (_group, slots) =>
        call('giveGroupKey', () => {
          for (const slot of slots) this.give({ ...slot, by, draw: '' });
        }),
      groupChanges: (_group, { members, keys }) =>
        call('groupChanges', () => {
          const changes = this.memberChanges.filter(({ number }) => number > members);
          const keyChanges = this.keyChanges.filter(({ number }) => number > keys);
          return {
            groupId: this.groupId,
            changes: changes.slice(0, this.changesMax),
            keyChanges: keyChanges.slice(0, this.changesMax),
            more: Math.max(changes.length, keyChanges.length) >= this.changesMax,
          };
        }),
      forgetGroupKeys: () =>
        call('forgetGroupKeys', () => {
          this.slots = this.slots.filter((slot) => slot.userId !== by);
        }),
      groupInfo: () => call('groupInfo', () => ({ history: this.history })),
      groupMembers: (_group, { after = 0 }) =>
        call('groupMembers', () =>
          [...this.members.keys()]
            .filter((id) => id > after)
            .toSorted((a, b) => a - b)
            .slice(0, 2)
            .map((userId) => ({ userId })),
        ),
    };
  }

  /** Members without a key, with the epoch that they joined with. */
  missing(): (readonly [number, number])[] {
    const hasKey = (member: number, since: number) =>
      this.slots.some(
        ({ userId, epoch, sealed }) => userId === member && epoch >= since && sealed !== '',
      );
    return [...this.members].filter(([member, since]) => !hasKey(member, since));
  }

  give(slot: StoredSlot): void {
    const since = this.members.get(slot.userId);
    const isTheirs = since !== undefined && (slot.epoch >= since || this.history === 'all');
    const isThere = this.slots.some(
      ({ userId, epoch, by }) => userId === slot.userId && epoch === slot.epoch && by === slot.by,
    );
    if (isTheirs && !isThere) this.#store([slot]);
  }

  async #call<Result>(
    name: keyof GroupKeyCalls,
    by: number,
    answer: () => Result,
  ): Promise<Result> {
    await Promise.resolve();
    this.called.push(name);
    const before = this.before.get(name);
    this.before.delete(name);
    before?.();
    if (!this.members.has(by)) throw new CimError('not-a-member');
    if (this.isInClear) throw new CimError('not-encrypted');
    const answered = answer();
    const after = this.after.get(name);
    this.after.delete(name);
    after?.();
    return answered;
  }

  #read(by: number, after: string | undefined) {
    const own = this.slots
      .filter(({ userId }) => userId === by)
      .filter((slot) => slot.sealed !== '')
      .toSorted((one, other) => other.epoch - one.epoch || one.by - other.by);
    const start = own.findIndex((slot) => `${slot.epoch}:${slot.by}` === after) + 1;
    if (this.isEndless) {
      const epoch = 1_000_000 - this.called.length;
      const slots = [{ epoch, by: 9, draw: 'x', sealed: 'AAAA' }];
      return { ...this.status, slots, more: true, missing: [] };
    }
    const missing = this.missing().filter(([member]) => member !== by);
    return {
      ...this.status,
      slots: own.slice(start, start + this.pageMax),
      more: own.length > start + this.pageMax,
      missing: missing.map(([userId, since]) => ({ userId, since })),
    };
  }

  #draw(by: number, epoch: number, draw: string, page: StoredSlot[], commit: boolean): string {
    if (this.status.drawn === epoch) return this.status.drawId === draw ? 'committed' : 'taken';
    if (epoch < epochToDraw(this.status)) return 'stale';
    const before = this.#staged.get(by);
    const slots = before?.draw === draw ? [...before.slots, ...page] : page;
    this.#staged.set(by, { draw, slots });
    if (!commit) return 'staged';
    const receivers = new Set(slots.map(({ userId }) => userId));
    if ([...this.members.keys()].some((member) => !receivers.has(member))) return 'incomplete';
    this.#store(slots.filter(({ userId }) => this.members.has(userId)));
    this.status = { keyEpoch: epoch, freshFrom: epoch, drawn: epoch, drawId: draw };
    const number = (this.keyChanges.at(-1)?.number ?? 0) + 1;
    this.keyChanges.push({ number, epoch, kind: 'drawn', userId: by, by, at: ++this.#time });
    return 'committed';
  }

  #note(kind: MemberChange['kind'], userId: number): void {
    const number = (this.memberChanges.at(-1)?.number ?? 0) + 1;
    const { keyEpoch: epoch } = this.status;
    this.memberChanges.push({ number, epoch, kind, userId, by: userId, at: ++this.#time });
  }

  #store(slots: readonly StoredSlot[]): void {
    this.slots.push(...slots);
    this.everStored.push(...slots);
  }
}

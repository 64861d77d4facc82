/**
 * Learns from routes who is in an encrypted group, and tells the application: each change once and in
 * order, also those made while this device was away. Where it cannot know all of them it tells who is a
 * member, all anew: when it comes to know the group, when changes were dropped that it was not told of, when
 * the list is another one than before (a store that has lost what came last, another group of the name). What
 * it has told is what the device holds of the group from then on (group-view.ts).
 */
import { CimError } from '../../../../base/errors.ts';
import { ignore } from '../../../../base/ignore.ts';
import { limits } from '../../../../base/limits.ts';
import type { ClientEvents } from '../../client-events.ts';
import type { ChangesPage, GroupRegister } from './group-register.ts';
import type { GroupView, MemberChange } from './group-view.ts';
import type { KnownGroups } from './known-groups.ts';
import { isSameChange, withChanges, withEpochs, withoutEarlierComing } from './told-changes.ts';

export interface GroupChangesOptions {
  readonly userId: number;
  readonly register: Pick<GroupRegister, 'changes' | 'members' | 'showsAll'>;
  readonly known: KnownGroups;
  readonly tell: {
    readonly change: (change: ClientEvents['groupNews']) => void;
    readonly members: (members: ClientEvents['groupMembers']) => void;
  };
  /** What is held has changed: it is to be saved. */
  readonly onKnown: () => void;
}

/** More pages than the register keeps are no list. */
const pagesMax = 2 * Math.ceil(limits.groupChangesMax / limits.groupChangesPageMax) + 2;

export class GroupChanges {
  readonly #options: GroupChangesOptions;
  /** What is being read, by group; and what is read when that is done, for those who asked meanwhile. */
  readonly #reading = new Map<string, Promise<GroupView>>();
  readonly #next = new Map<string, Promise<GroupView>>();

  constructor(options: GroupChangesOptions) {
    this.#options = options;
  }

  /** There may be something to tell. Never rejects: what no route tells now is told the next time. */
  async look(group: string): Promise<void> {
    try {
      await this.read(group);
    } catch (error) {
      if (!(error instanceof CimError)) throw error;
    }
  }

  /**
   * The device's own user has removed a member, who was one since this epoch, as was told. If that is in no
   * change, it is so all the same. Never rejects.
   */
  async removed(group: string, userId: number, since: number): Promise<void> {
    await this.look(group);
    const held = this.#options.known.viewOf(group);
    // Somebody who is in it again was told of.
    if (held?.members.get(userId) !== since) return;
    const members = new Map(held.members);
    members.delete(userId);
    const view = withoutKeysOfGone({ ...held, members }, held);
    this.#keep(group, view);
    this.#tellMembers(group, view);
  }

  /** What is held with all that there is to tell by now. Rejects with the CimError of the routes. */
  read(group: string): Promise<GroupView> {
    const under = this.#reading.get(group);
    if (!under) return this.#begin(group);
    const next =
      this.#next.get(group) ??
      under.catch(ignore('whoever asked for it was told')).then(() => {
        this.#next.delete(group);
        return this.#begin(group);
      });
    this.#next.set(group, next);
    return next;
  }

  #begin(group: string): Promise<GroupView> {
    const reading = this.#readOn(group).finally(() => {
      if (this.#reading.get(group) === reading) this.#reading.delete(group);
    });
    this.#reading.set(group, reading);
    return reading;
  }

  async #readOn(group: string): Promise<GroupView> {
    const { known, register } = this.#options;
    // Before the first page: changes of keys may be ahead of those of members.
    const seen = known.viewOf(group)?.epoch ?? 0;
    for (let pages = 0; pages < pagesMax; pages++) {
      const before = known.viewOf(group);
      if (!before?.last) return this.#lookAnew(group);
      // With the one that was told last: it has to be there still.
      const { number } = before.last;
      const place = { members: number - 1, keys: before.lastOfKeys };
      const page = await register.changes(group, place);
      const [first, ...changes] = page.changes;
      const isTheSame = page.groupId === before.groupId && isSameChange(first, before.last);
      if (!isTheSame || !areInOrder(changes, number)) return this.#lookAnew(group);
      const isNew = changes.length > 0 || page.keyChanges.some(isAfter(before.lastOfKeys));
      const view = this.#take(group, before, seen, { ...page, changes });
      if (!page.hasMore || !isNew) return view;
    }
    return nonsense();
  }

  /** Tells changes, and holds them. */
  #take(
    group: string,
    before: GroupView,
    seen: number,
    { changes, keyChanges }: ChangesPage,
  ): GroupView {
    const { known, tell } = this.#options;
    const held = this.#assertHeld(group, before);
    const ofKeys = keyChanges.filter(isAfter(held.lastOfKeys));
    const news = [...changes, ...ofKeys].toSorted((one, other) => one.at - other.at);
    for (const { kind, userId, by, at } of news) tell.change({ group, kind, userId, by, at });
    const view = withKeyChanges(withChanges(held, changes, seen), ofKeys);
    if (news.length > 0) this.#keep(group, view);
    return known.viewOf(group) ?? view;
  }

  async #lookAnew(group: string): Promise<GroupView> {
    const { known, register, userId } = this.#options;
    const before = known.viewOf(group);
    const listed = await this.#readAll(group, 0);
    const { groupId, changes } = listed;
    const held = before?.groupId === groupId ? before : undefined;
    const showsAll = held?.showsAll ?? (await register.showsAll(group));
    const none = { members: new Map<number, number>(), last: null, lastOfKeys: 0 };
    const blank = { groupId, showsAll, epoch: 0, freshFrom: 0, ...held, ...none };
    let view = withKeyChanges(withChanges(blank, changes, 0), listed.keyChanges);
    const isWhole = changes[0]?.number === 1;
    if (!isWhole) {
      // Some have joined that no change is kept of. Who comes or goes meanwhile is in the changes that follow.
      const { epoch, last } = view;
      const ids = await register.members(group);
      const since = view.members;
      const members = new Map(ids.map((id) => [id, since.get(id) ?? epoch]));
      const rest = await this.#readAll(group, last?.number ?? 0);
      if (rest.groupId !== groupId) return nonsense();
      view = withKeyChanges(withChanges({ ...view, members }, rest.changes, 0), rest.keyChanges);
    }
    if (known.viewOf(group) !== before) {
      // Epochs alone may have been seen meanwhile.
      if (known.viewOf(group)?.last !== before?.last) return overtaken();
      const { epoch = 0, freshFrom = 0 } = held ? (known.viewOf(group) ?? {}) : {};
      view = withEpochs(view, { keyEpoch: epoch, freshFrom });
    }
    if (held) view = withoutKeysOfGone(withoutEarlierComing(view, held), held);
    this.#assertInside(group);
    this.#keep(group, view);
    const isAlone = view.members.size === 1 && view.members.has(userId);
    const isAnother = before !== undefined && !held;
    if (!isAlone || isAnother) this.#tellMembers(group, view, isAnother);
    return view;
  }

  /** All that are kept with numbers above this, and all of keys. */
  async #readAll(group: string, after: number): Promise<ChangesPage> {
    const { register } = this.#options;
    const place = { members: after, keys: 0 };
    let whole: ChangesPage | undefined;
    for (let pages = 0; pages < pagesMax; pages++) {
      const page = await register.changes(group, place);
      const [first] = page.changes;
      // The oldest may have been dropped, and none after that.
      const isFirst = after === 0 && place.members === 0;
      if (!areInOrder(page.changes, isFirst && first ? first.number - 1 : place.members))
        return nonsense();
      if (whole && whole.groupId !== page.groupId) return nonsense();
      whole = {
        ...page,
        changes: [...(whole?.changes ?? []), ...page.changes],
        keyChanges: [...(whole?.keyChanges ?? []), ...page.keyChanges],
      };
      place.members = whole.changes.at(-1)?.number ?? place.members;
      place.keys = whole.keyChanges.at(-1)?.number ?? place.keys;
      if (!page.hasMore) return whole;
    }
    return nonsense();
  }

  #tellMembers(group: string, view: GroupView, isAnother = false): void {
    const members = [...view.members.keys()].toSorted((one, other) => one - other);
    this.#options.tell.members({ group, members, ...(isAnother && { isAnother: true }) });
  }

  /** What is held by now. Throws if other changes were told meanwhile, or the user has left. */
  #assertHeld(group: string, before: GroupView): GroupView {
    this.#assertInside(group);
    const held = this.#options.known.viewOf(group);
    return held?.last === before.last ? held : overtaken();
  }

  #assertInside(group: string): void {
    if (this.#options.known.isLeft(group)) throw new CimError('not-a-member');
  }

  #keep(group: string, view: GroupView): void {
    this.#options.known.keep(group, view);
    this.#options.onKnown();
  }
}

function withKeyChanges(view: GroupView, changes: ChangesPage['keyChanges']): GroupView {
  const lastOfKeys = changes.at(-1)?.number ?? view.lastOfKeys;
  let next = { ...view, lastOfKeys };
  for (const { epoch, kind } of changes) {
    const freshFrom = kind === 'drawn' ? epoch : 0;
    next = withEpochs(next, { keyEpoch: epoch, freshFrom });
  }
  return next;
}

/** Whoever is gone without a change that tells it, and without a key drawn since, has the keys of till now. */
function withoutKeysOfGone(view: GroupView, held: GroupView): GroupView {
  const isAnyGone = [...held.members.keys()].some((userId) => !view.members.has(userId));
  if (!isAnyGone || view.freshFrom > held.epoch) return view;
  const next = view.epoch + 1;
  return withEpochs(view, { keyEpoch: next, freshFrom: next });
}

/** Each the one after the one before. */
function areInOrder(changes: readonly MemberChange[], after: number): boolean {
  return changes.every(({ number }, index) => number === after + 1 + index);
}

function isAfter(last: number): (change: { readonly number: number }) => boolean {
  return ({ number }) => number > last;
}

/** It is to be read once more. */
function overtaken(): never {
  throw new CimError('unavailable', 'the user has left a group, or is in it again');
}

/** Whoever answers may be anybody's program: what makes no sense is no answer. */
function nonsense(): never {
  throw new CimError('internal', 'a route answered no changes of a group');
}

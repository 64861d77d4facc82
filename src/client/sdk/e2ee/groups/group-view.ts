/**
 * What a device holds of an encrypted group: who is in it, and how far its keys have come. It is made of
 * the changes that its user was told, and of nothing else. Keys are drawn, given and taken by that alone,
 * whatever the cluster says at the moment: nobody is given a key who was not told of before, no epoch comes
 * back, and no key of before somebody went. Pure; kept with the device's state.
 */

/** Of who is a member, as the group's register has it. */
export interface MemberChange {
  /** In its list, from 1 on, without a gap. */
  readonly number: number;
  /** Of the group, from then on. */
  readonly epoch: number;
  readonly kind: 'created' | 'joined' | 'left' | 'removed';
  /** Whom it is about. */
  readonly userId: number;
  readonly by: number;
  /** ms since 1970. */
  readonly at: number;
}

export interface GroupView {
  /** Of this group, and of no other that had its name. */
  readonly groupId: string;
  /** Who joins may read what was said before. */
  readonly showsAll: boolean;
  /**
   * By user id: since which epoch, as far as that is known; they are given no key of before. Those of then,
   * while they are to be told anew.
   */
  readonly members: ReadonlyMap<number, number>;
  /** The highest that was seen. */
  readonly epoch: number;
  /** The highest that was seen: into this epoch no key is ratcheted. */
  readonly freshFrom: number;
  /** The last change that was told; null: the members are to be learned, and told, anew. */
  readonly last: MemberChange | null;
  /** The number of the last change of keys that was told. */
  readonly lastOfKeys: number;
}

/**
 * When its user is in it no more: who is a member then is told anew. Who was one stays known: of whom the
 * group has no more then, and nothing was told, has the keys of till now.
 */
export function toBeToldAnew(view: GroupView): GroupView {
  return { ...view, last: null };
}

/** As it is saved. */
export type SavedView = Omit<GroupView, 'members'> & {
  readonly members: readonly (readonly [number, number])[];
};

export function savedView(view: GroupView): SavedView {
  return { ...view, members: [...view.members] };
}

export function restoredView(saved: SavedView): GroupView {
  return { ...saved, members: new Map(saved.members) };
}

export function isSavedView(value: unknown): value is SavedView {
  const { groupId, showsAll, members, epoch, freshFrom, last, lastOfKeys } = fieldsOf(value);
  return (
    isGroupId(groupId) &&
    typeof showsAll === 'boolean' &&
    Array.isArray(members) &&
    members.every((entry) => Array.isArray(entry) && entry.length === 2 && entry.every(isCount)) &&
    [epoch, freshFrom, lastOfKeys].every(isCount) &&
    (last === null || isMemberChange(last))
  );
}

export function isGroupId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value);
}

const kinds: readonly unknown[] = ['created', 'joined', 'left', 'removed'];

export function isMemberChange(value: unknown): value is MemberChange {
  const { number, epoch, kind, userId, by, at } = fieldsOf(value);
  return kinds.includes(kind) && [number, epoch, userId, by, at].every(isCount);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return (value ?? {}) as Record<string, unknown>;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

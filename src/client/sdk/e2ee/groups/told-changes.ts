/** What a device holds of an encrypted group (group-view.ts) with what it is told. Pure. */
import type { GroupView, MemberChange } from './group-view.ts';

/**
 * With changes that are told. They are of epochs after `seen`, the highest that was seen before they were
 * asked for, whatever the cluster says: keys up to that one are of before who comes, and with who goes.
 */
export function withChanges(
  view: GroupView,
  changes: readonly MemberChange[],
  seen: number,
): GroupView {
  const members = new Map(view.members);
  let { epoch, freshFrom } = view;
  for (const { userId, kind, epoch: said } of changes) {
    const since = Math.max(said, seen + 1);
    epoch = Math.max(epoch, since);
    const isThere = kind === 'created' || kind === 'joined';
    if (isThere) members.set(userId, since);
    else {
      members.delete(userId);
      freshFrom = Math.max(freshFrom, since);
    }
  }
  return { ...view, members, epoch, freshFrom, last: changes.at(-1) ?? view.last };
}

/**
 * Told anew, when who is in `held` was told before: of them nobody came earlier than was told then, and
 * nobody else before the highest epoch that was seen.
 */
export function withoutEarlierComing(view: GroupView, held: GroupView): GroupView {
  const members = new Map(view.members);
  let { epoch } = view;
  for (const [userId, since] of members) {
    const first = held.members.get(userId) ?? held.epoch + 1;
    members.set(userId, Math.max(since, first));
    epoch = Math.max(epoch, first);
  }
  return { ...view, members, epoch };
}

/** What the register says of its epochs: it can only make them later. */
export function withEpochs(
  view: GroupView,
  { keyEpoch, freshFrom }: { readonly keyEpoch: number; readonly freshFrom: number },
): GroupView {
  const isKnown = keyEpoch <= view.epoch && freshFrom <= view.freshFrom;
  if (isKnown) return view;
  return {
    ...view,
    epoch: Math.max(view.epoch, keyEpoch),
    freshFrom: Math.max(view.freshFrom, freshFrom),
  };
}

export function isSameChange(one: MemberChange | undefined, other: MemberChange): boolean {
  return (
    one !== undefined &&
    one.number === other.number &&
    one.epoch === other.epoch &&
    one.kind === other.kind &&
    one.userId === other.userId &&
    one.by === other.by &&
    one.at === other.at
  );
}

/** Who of a group has got and read a message of it. */
import type { GroupMarks } from '../sdk/index.ts';
import type { RecentMessage } from './recent-messages.ts';

export interface ReadBy {
  readonly id: string;
  readonly group: string;
  /** Without the author, where they are named. */
  readonly members: number;
  /** Who has read it has it. */
  readonly delivered: number;
  readonly read: number;
  /** Each member but the author, by id; null: the group is too large. */
  readonly named: Named | null;
}

interface Named {
  readonly read: readonly number[];
  /** They have it, and have not read it. */
  readonly delivered: readonly number[];
  readonly missing: readonly number[];
}

export function readByOf(
  { id, from }: Pick<RecentMessage, 'id' | 'from'>,
  { group, seq, named, members, delivered, read }: GroupMarks,
): ReadBy {
  if (!named) return { id, group, members, delivered, read, named };
  const others = named.filter(({ userId }) => userId !== from);
  const groups = Object.groupBy(others, (each) => {
    if (each.read >= seq) return 'read';
    return each.delivered >= seq ? 'delivered' : 'missing';
  });
  const ids = (members: typeof others = []) => members.map(({ userId }) => userId);
  const readers = ids(groups.read);
  const holders = ids(groups.delivered);
  return {
    id,
    group,
    members: others.length,
    delivered: readers.length + holders.length,
    read: readers.length,
    named: { read: readers, delivered: holders, missing: ids(groups.missing) },
  };
}

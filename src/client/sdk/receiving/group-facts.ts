/** What a group is, as a server tells it: not all that a server may write is what a server says. */
import { groupEntries } from '../../../base/group-entry.ts';
import type { ServerFrame } from '../../../codec/sdk-frame.ts';
import type { GroupFacts } from '../client-events.ts';

export type ToldFacts = NonNullable<ServerFrame['facts']>;

/** With its version. */
export function readFacts(
  group: string,
  { title, owner, admins, entry, sharePercent, version, keyEpoch }: ToldFacts,
): [facts: GroupFacts, version: number] {
  const facts = {
    group,
    title: title || group,
    owner: owner ?? 0,
    admins: admins ?? [],
    entry: groupEntries.find((each) => each === entry) ?? 'open',
    sharePercent: sharePercent || null,
    e2ee: (keyEpoch ?? 0) > 0,
  };
  return [facts, version ?? 0];
}

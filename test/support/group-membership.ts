/** A group as a route tells it to a member. */
import type { GroupMembership } from '../../src/client/sdk/index.ts';

export function groupMembership<Given extends Partial<GroupMembership>>(
  group: string,
  given: Given,
) {
  const place = { joined: 0, cursor: 0, head: 0 };
  const settings = { title: group, admins: [], entry: 'open', history: 'joined' } as const;
  return { group, owner: 1, ...settings, sharePercent: null, version: 1, ...place, ...given };
}

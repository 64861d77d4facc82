/** A group as a route tells it to a member. */
import type { GroupMembership } from '../../src/client/sdk/index.ts';

export function groupMembership<Given extends Partial<GroupMembership>>(
  group: string,
  given: Given,
) {
  const place = { joined: 0, cursor: 0, head: 0 };
  const settings = { title: group, admins: [], entry: 'open', history: 'joined' } as const;
  const fixed = { owner: 1, e2ee: false, sharePercent: null, version: 1, keyEpoch: 0 };
  return { group, ...fixed, ...settings, ...place, ...given };
}

/** How far people have got in conversations, for those who are not connected. */
import { CimError } from '../../base/errors.ts';
import { markKind } from '../../codec/generated/wire.ts';
import { parseIdentity } from '../../codec/identity.ts';
import { requireMembership } from '../membership.ts';
import type { RouteOperations } from '../operations.ts';
import { callerOf, type OperationsContext } from './context.ts';

export function markOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'marksOfPeers' | 'marksOfGroup' | 'markRead'> {
  const { store, marks } = context;
  return {
    async marksOfPeers(userId, peers) {
      if (peers.length === 0) return [];
      const found = await store.marks.ofPeers(userId, peers);
      return peers.map((peer, index) => ({
        peer,
        sources: (found[index] ?? []).map(({ epochHex: epoch, delivered, read }) => ({
          epoch,
          delivered,
          read,
        })),
      }));
    },

    async marksOfGroup(userId, group, seq) {
      await requireMembership(store.groups, group, userId);
      return store.marks.ofGroup(group, seq);
    },

    async markRead(userId, { id, seq, quietly }) {
      await callerOf(context, userId);
      const message = parseIdentity(id);
      if (!message) throw new CimError('invalid-argument', 'id: must be the id of a message');
      const { from, epochHex, to, group, sendSeq } = message;
      if (from === userId || (group === '' && to !== userId))
        throw new CimError('invalid-argument', 'id: must be of a message of somebody to the user');
      const kind = quietly ? markKind.readQuietly : markKind.read;
      await marks.take([{ userId, group, marks: [{ from, epochHex, sendSeq, seq, kind }] }]);
    },
  };
}

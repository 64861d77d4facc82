/** A user's conversations, pinned ones first and then the newest, and what the account keeps of each. */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { lobby } from '../../codec/commands.ts';
import type { Conversation, ConversationName } from '../../store/conversations.ts';
import { type Membership, unreadableUpTo } from '../../store/groups.ts';
import type { Store } from '../../store/store.ts';
import { groupTimeline, userTimeline } from '../../store/timelines.ts';
import { requireMembership } from '../membership.ts';
import { historyMessage } from '../messages/history.ts';
import type { ConversationEntry, HistoryMessage } from '../operation-shapes.ts';
import type { RouteOperations } from '../operations.ts';
import { callerOf, type OperationsContext, requireUser } from './context.ts';

export function conversationListOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'conversations' | 'setConversation'> {
  const { store } = context;
  return {
    async conversations(userId, { before, limit }) {
      const memberships = await store.groups.of(userId);
      const names = memberships.map(({ group }) => group);
      const [own, ofGroups] = await Promise.all([
        store.conversations.list(userId),
        names.length === 0 ? [] : store.conversations.ofGroups(userId, names),
      ]);
      const all = [...own, ...ofGroups.flatMap((each) => each ?? [])].sort(inOrder);
      const start = before === undefined ? undefined : placeOf(before);
      const rest = start ? all.filter((each) => inOrder(start, each) < 0) : all;
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      return {
        conversations: await withLast(store, userId, page, memberships),
        next: last && rest.length > page.length ? nextAfter(last) : null,
        scannedBytes: all.length * rowBytes,
      };
    },

    async setConversation(userId, conversation, flags) {
      await callerOf(context, userId);
      const { muted, pinned } = flags;
      if (muted === undefined && pinned === undefined)
        throw new CimError('invalid-argument', 'muted: either this or pinned must be given');
      if (muted || pinned) await requireConversation(context, userId, conversation);
      for (const [flag, isSet] of [
        ['muted', muted],
        ['pinned', pinned],
      ] as const) {
        if (isSet === undefined) continue;
        const result = await store.conversations.setFlag(userId, conversation, flag, isSet);
        if (result === 'too-many')
          throw new CimError('too-many', `${limits.flaggedPerUserMax} conversations have a flag`);
      }
    },
  };
}

/** Who was deleted, and a group that was left, lose their flags all the same. */
async function requireConversation(
  context: OperationsContext,
  userId: number,
  { peer, group }: ConversationName,
): Promise<void> {
  if (group === '') await requireUser(context, peer);
  else if (group !== lobby) await requireMembership(context.store.groups, group, userId);
}

/** What the store reads for a conversation, about, whether it is on the page or not. */
const rowBytes = 64;

type Place = Pick<Conversation, 'peer' | 'group' | 'at' | 'isPinned'>;

/** Pinned ones first, then the newest; of the same moment in the order of their names. */
function inOrder(one: Place, other: Place): number {
  if (one.isPinned !== other.isPinned) return one.isPinned ? -1 : 1;
  if (one.at !== other.at) return other.at - one.at;
  return nameOf(one) < nameOf(other) ? -1 : nameOf(one) === nameOf(other) ? 0 : 1;
}

function nameOf({ peer, group }: Place): string {
  return group === '' ? `${peer}` : `#${group}`;
}

/** `1769853900000.7`, `pinned.1769853900000.#builds`. */
function nextAfter(last: Place): string {
  return `${last.isPinned ? 'pinned.' : ''}${last.at}.${nameOf(last)}`;
}

function placeOf(position: string): Place {
  const [, pinned, at, peer = '0', group = ''] =
    /^(pinned\.)?(\d{1,16})\.(?:(\d{1,16})|#(.+))$/su.exec(position) ?? [];
  if (at === undefined)
    throw new CimError('invalid-argument', 'before: must be the next of a page');
  return { at: Number(at), peer: Number(peer), group, isPinned: pinned !== undefined };
}

/** With the newest message of each, as long as they fit a page. */
async function withLast(
  { timelines }: Store,
  userId: number,
  page: readonly Conversation[],
  memberships: readonly Membership[],
): Promise<ConversationEntry[]> {
  const entries: ConversationEntry[] = [];
  const isOwnUnread = page.some(({ group, unread }) => group === '' && unread > 0);
  const oldest = isOwnUnread ? await oldestKept(timelines, userId) : 0;
  let bytes = 0;
  for (const { peer, group, at, seq, unread: counted, isMuted, isPinned } of page) {
    // In a timeline of the user's own the store counts what retention has taken, too.
    const unread = group === '' ? Math.max(0, Math.min(counted, seq - oldest + 1)) : counted;
    const entry = { peer, group, at, unread, isMuted, isPinned };
    const membership = memberships.find((each) => each.group === group);
    const isReadable = seq > (membership ? unreadableUpTo(membership) : 0);
    let last: HistoryMessage | undefined;
    if (isReadable && bytes < limits.pageBytesMax) {
      const timeline = group === '' ? userTimeline(userId) : groupTimeline(group);
      const [stored] = await timelines.readBack(timeline, seq + 1, 1);
      if (stored?.seq === seq) last = historyMessage(seq, stored.body);
      bytes += stored?.body.length ?? 0;
    }
    entries.push({ ...entry, ...(last && { last }) });
  }
  return entries;
}

async function oldestKept(timelines: Store['timelines'], userId: number): Promise<number> {
  const { first } = await timelines.read({ timeline: userTimeline(userId), after: 0, limit: 1 });
  return first;
}

/** Conversations by name: `u7` with user 7, `#builds` in a group. */
import type { Conversation, Message, Target } from '../../client/sdk/index.ts';

export type TargetKey = string;

export function keyOf(target: Target): TargetKey {
  return 'to' in target ? `u${target.to}` : `#${target.group}`;
}

/** Undefined: it is no conversation. */
export function targetOf(key: TargetKey): Target | undefined {
  if (key.startsWith('#') && key.length > 1) return { group: key.slice(1) };
  const to = /^u(\d{1,16})$/.exec(key)?.[1];
  return to !== undefined && Number.isSafeInteger(Number(to)) && Number(to) > 0
    ? { to: Number(to) }
    : undefined;
}

/** Where a message is, for one of those who can read it. */
export function targetOfMessage(
  { from, to, group }: Pick<Message, 'from' | 'to' | 'group'>,
  userId: number,
): Target {
  if (group !== undefined) return { group };
  return { to: from === userId ? (to ?? userId) : from };
}

export function targetOfConversation({ peer, group }: Conversation): Target {
  return group === undefined ? { to: peer ?? 0 } : { group };
}

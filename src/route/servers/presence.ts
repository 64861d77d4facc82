/**
 * Who is online: asked of the live servers themselves, who know it, so there is no list that could
 * grow stale.
 */
import { callOne } from '../../api/batch-call.ts';
import type { OnlineEntry } from '../../api/server-api.ts';
import type { Account } from '../../store/accounts.ts';
import type { ServerDirectory } from './server-directory.ts';

/**
 * The first `limit` users with ids above `after` who have a live connection, each once, by id. Fewer
 * than asked: that was all. A server that does not answer in time is left out.
 */
export async function onlineUsers(
  servers: ServerDirectory,
  addresses: readonly string[],
  page: OnlineEntry,
): Promise<Account[]> {
  const names = new Map<number, string>();
  // Each gives its own first ones, so the first ones of all are among these.
  const answers = addresses.map((address) => callOne(servers.at(address).online, page));
  for (const { userIds, userNames } of await Promise.all(answers))
    for (const [index, userId] of userIds.entries()) names.set(userId, userNames[index] as string);
  return [...names]
    .map(([userId, name]) => ({ userId, name }))
    .sort((one, other) => one.userId - other.userId)
    .slice(0, page.limit);
}

/**
 * Who is online: asked of the live servers themselves, who know it, so there is no list that could
 * grow stale.
 */
import { callOne } from '../api/batch-call.ts';
import type { Account } from '../store/accounts.ts';
import type { ServerDirectory } from './server-directory.ts';

/**
 * Everybody with a live connection, each once, by id. A server that does not answer in time is left
 * out.
 */
export async function onlineUsers(
  servers: ServerDirectory,
  addresses: Iterable<string>,
): Promise<Account[]> {
  const answers = await Promise.all(
    [...addresses].map((address) => callOne(servers.at(address).online, {})),
  );
  const names = new Map<number, string>();
  for (const { userIds, userNames } of answers) {
    for (let index = 0; index < userIds.length; index++)
      names.set(userIds[index] as number, userNames[index] as string);
  }
  return [...names].map(([userId, name]) => ({ userId, name })).sort((a, b) => a.userId - b.userId);
}

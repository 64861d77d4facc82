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
  const names = new Map<number, string>();
  const askAll = async (address: string) => {
    let after = 0;
    do {
      const { userIds, userNames, next } = await callOne(servers.at(address).online, { after });
      for (let index = 0; index < userIds.length; index++)
        names.set(userIds[index] as number, userNames[index] as string);
      after = next;
    } while (after !== 0);
  };
  await Promise.all([...addresses].map(askAll));
  return [...names].map(([userId, name]) => ({ userId, name })).sort((a, b) => a.userId - b.userId);
}

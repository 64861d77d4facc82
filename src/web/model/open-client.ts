/** A client of the SDK in this browser, for one account. */
import {
  browserPlatform,
  indexedDbSecretKeeper,
  indexedDbStorage,
} from '../../client/sdk/browser/index.ts';
import { CimClient, type User, whoIs } from '../../client/sdk/index.ts';
import type { Client } from './chat.ts';

/** Routes serve the page, so they are where it comes from. */
const routes = [location.origin];
const platform = browserPlatform();

export interface Proof {
  /** The secret of an account that this browser does not have yet. */
  readonly secret?: string;
  /** What an application vouches for the user with. */
  readonly token?: () => Promise<string>;
}

export function openClient({ userId, userName }: User, { secret, token }: Proof = {}): Client {
  const place = placeOf(userId);
  const keeper = indexedDbSecretKeeper(place);
  return new CimClient({
    userId,
    userName,
    routes,
    platform,
    credentials: token ? { token } : { keeper, ...(secret !== undefined && { secret }) },
    storage: indexedDbStorage(place),
  });
}

/** Whom a token speaks for. */
export function userOf(token: string): Promise<User> {
  return whoIs(token, { routes, platform });
}

/** Deletes what this browser has of the account: it has to be closed. */
export async function forgetClient({ userId }: User): Promise<void> {
  for (const { name } of await indexedDB.databases())
    if (name?.startsWith(`cim.${placeOf(userId)}`)) await deleted(name);
}

/** With an end of its own: no account's is the beginning of another's. */
function placeOf(userId: number): string {
  return `${userId}@chat`;
}

/** Also if it could not be: then another tab has it still. */
function deleted(name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => resolve();
    request.onblocked = () => resolve();
  });
}

/** The client of the SDK in this browser, for one account: one device, however many tabs show it. */
import {
  browserPlatform,
  indexedDbSecretKeeper,
  type TabClient,
  tabClient,
} from '../../client/sdk/browser/index.ts';
import { type User, whoIs } from '../../client/sdk/index.ts';

/** Routes serve the page, so they are where it comes from. */
const routes = [location.origin];

export interface Proof {
  /** The secret of an account that this browser does not have yet. */
  readonly secret?: string;
  /** What an application vouches for the user with. */
  readonly token?: () => Promise<string>;
}

/** `onBehind`: this tab has slept for so long that what it shows is to be read anew. */
export function openClient(
  { userId, userName }: User,
  { secret, token }: Proof,
  onBehind: () => void,
): TabClient {
  // With an end of its own: no account's name is the beginning of another's.
  const name = `${userId}@chat`;
  const keeper = indexedDbSecretKeeper(name);
  const credentials = token ? { token } : { keeper, ...(secret !== undefined && { secret }) };
  return tabClient({ name, userId, userName, routes, credentials, onBehind });
}

/** Whom a token speaks for. */
export function userOf(token: string): Promise<User> {
  return whoIs(token, { routes, platform: browserPlatform() });
}

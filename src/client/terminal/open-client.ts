/** From settings to a CimClient: where its routes are, whose it is, and where it keeps its state. */
import { join } from 'node:path';
import { assertSecret } from '../../auth/account-secret.ts';
import { CimError, describeError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { Tls } from '../../base/network/tls.ts';
import { assertUserName } from '../../base/text/names.ts';
import type { ClientSettings, SendSettings } from '../../config/settings.ts';
import { lookUpRoutes } from '../../registry/visit-registry.ts';
import { CimClient, type Credentials, type User, whoIs } from '../sdk/index.ts';
import { folderSecretKeeper, folderStorage, nodePlatform } from '../sdk/node/node-platform.ts';

export type OpenClientSettings = Partial<Pick<ClientSettings, 'receipts'>> &
  Pick<
    SendSettings,
    | 'userId'
    | 'name'
    | 'route'
    | 'zk'
    | 'zkAuth'
    | 'state'
    | 'secret'
    | 'token'
    | 'e2ee'
    | 'portOwner'
    | 'tlsCa'
    | 'tlsName'
  >;

export interface OpenClientOptions {
  readonly log: Logger;
  /** It leaves nothing behind but the secret of the account. */
  readonly isEphemeral: boolean;
  readonly ask: NonNullable<Credentials['ask']>;
}

export interface OpenedClient {
  readonly client: CimClient;
  readonly user: User;
}

/**
 * Rejects with a CimError: `bad-config`, or what a route says that has to tell whom the token speaks
 * for.
 */
export async function openClient(
  settings: OpenClientSettings,
  { log, isEphemeral, ask }: OpenClientOptions,
): Promise<OpenedClient> {
  const { route, zk, zkAuth, state, secret, token, e2ee, tlsCa, tlsName } = settings;
  const { receipts = 'all' } = settings;
  assertGiven(secret);
  const routes =
    zk === undefined ? route : () => lookUpRoutes({ zookeeper: zk, auth: zkAuth }, log);
  const platform = nodePlatform(await Tls.open({ tlsCa, tlsName }), settings.portOwner);
  const user = userOf(settings) ?? (await whoIs(token ?? '', { routes, platform }));
  // One folder may serve several users: each has its own in it.
  const folder = state === undefined ? undefined : join(state, `${user.userId}`);
  const client = new CimClient({
    ...user,
    routes,
    platform,
    e2ee,
    receipts,
    credentials: {
      secret,
      ...(token === undefined ? { ask } : { token: async () => token }),
      ...(folder !== undefined && { keeper: folderSecretKeeper(folder) }),
    },
    ...(folder !== undefined && !isEphemeral && { storage: folderStorage(folder) }),
  });
  return { client, user };
}

/** As what is wrong with any other setting. */
function assertGiven(secret: string | undefined): void {
  try {
    if (secret !== undefined) assertSecret(secret);
  } catch (error) {
    const reason = describeError(error);
    throw new CimError('bad-config', `--secret, --secret-file or CIM_SECRET: ${reason}`);
  }
}

/** Throws `usage`. */
function userOf({ userId, name }: OpenClientSettings): User | undefined {
  if (userId === undefined || name === undefined) return undefined;
  try {
    assertUserName(name);
  } catch (error) {
    throw new CimError('usage', `--name: ${describeError(error).replace(/^userName: /, '')}`);
  }
  return { userId, userName: name };
}

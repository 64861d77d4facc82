/** From settings to a CimClient: where its routes are, and where it keeps its state. */
import { join } from 'node:path';
import type { Logger } from '../../base/log.ts';
import { Tls, type TlsSettings } from '../../base/tls.ts';
import { lookUpRoutes } from '../../registry/visit-registry.ts';
import { CimClient } from '../sdk/index.ts';
import { folderStorage, nodePlatform } from '../sdk/node/node-platform.ts';

export interface OpenClientOptions extends Pick<TlsSettings, 'tlsCa' | 'tlsName'> {
  readonly userId: number;
  readonly name: string;
  readonly route: readonly string[];
  /** Where routes are looked up, instead. */
  readonly zk: string | undefined;
  /** Without one the device is ephemeral: it leaves nothing behind. */
  readonly state: string | undefined;
}

/** Rejects with `bad-config`. */
export async function openClient(
  { userId, name, route, zk, state, tlsCa, tlsName }: OpenClientOptions,
  log: Logger,
): Promise<CimClient> {
  return new CimClient({
    userId,
    userName: name,
    routes: zk === undefined ? route : () => lookUpRoutes(zk, log),
    platform: nodePlatform(await Tls.open({ tlsCa, tlsName })),
    // One folder may serve several users: each has its own in it.
    ...(state !== undefined && {
      storage: folderStorage(join(state, `${userId}`)),
    }),
  });
}

/** From settings to a CimClient: where its routes are, and where it keeps its state. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { openRegistry } from '../../registry/open-registry.ts';
import { routeAddress } from '../../registry/registry.ts';
import { CimClient } from '../sdk/index.ts';
import { folderStorage, nodePlatform } from '../sdk/node/node-platform.ts';

export interface OpenClientOptions {
  readonly userId: number;
  readonly name: string;
  readonly route: readonly string[];
  /** Where routes are looked up, instead. */
  readonly zk: string | undefined;
  /** Without one the device is ephemeral: it leaves nothing behind. */
  readonly state: string | undefined;
}

export function openClient(
  { userId, name, route, zk, state }: OpenClientOptions,
  log: Logger,
): CimClient {
  return new CimClient({
    userId,
    userName: name,
    routes: zk === undefined ? route : () => lookUpRoutes(zk, log),
    platform: nodePlatform(),
    // One folder may serve several users: each has its own in it.
    ...(state !== undefined && {
      storage: folderStorage(join(state, `${userId}`)),
    }),
  });
}

const lookUpMsMax = 5_000;

/** A look, not a watch: clients are many, and routes are asked for only when none of those known answers. */
async function lookUpRoutes(zookeeper: string, log: Logger): Promise<string[]> {
  const registry = await openRegistry({
    zookeeper,
    sessionTimeoutMs: 2 * lookUpMsMax,
    follow: ['routes'],
    log,
  });
  try {
    const isReached = await Promise.race([
      registry.whenConnected().then(() => true),
      delay(lookUpMsMax, false),
    ]);
    if (!isReached) throw new CimError('unavailable', `ZooKeeper does not answer at ${zookeeper}`);
    return registry.view.routes.map((each) => `http://${routeAddress(each)}`);
  } finally {
    await registry.close();
  }
}

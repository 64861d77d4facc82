/**
 * A look into the registry, not a watch: for clients and operators, who are many and ask seldom.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CimError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { openRegistry } from './open-registry.ts';
import { originOfRoute, type Registry } from './registry.ts';

export interface RegistryAddress {
  /** `host[:port],…[/chroot]` */
  readonly zookeeper: string;
  /** `user:password`, where its nodes are protected. */
  readonly auth: string | undefined;
}

const visitMsMax = 5_000;

/**
 * Opens the registry, hands it to `look` once it is reached, and closes it. Rejects with
 * `unavailable` if it is not, `not-allowed` if it may not be read.
 */
export async function visitRegistry<T>(
  { zookeeper, auth }: RegistryAddress,
  log: Logger,
  look: (registry: Registry) => T | Promise<T>,
): Promise<T> {
  const registry = await openRegistry({
    zookeeper,
    auth,
    sessionTimeoutMs: 2 * visitMsMax,
    follow: ['routes'],
    log,
  });
  try {
    const isReached = await Promise.race([
      registry.whenConnected().then(() => true),
      delay(visitMsMax, false, { ref: false }),
    ]);
    if (!isReached) throw new CimError('unavailable', `ZooKeeper does not answer at ${zookeeper}`);
    return await look(registry);
  } finally {
    await registry.close();
  }
}

/** The base URLs of the routes that are there. */
export function lookUpRoutes(registryAddress: RegistryAddress, log: Logger): Promise<string[]> {
  return visitRegistry(registryAddress, log, ({ view }) => view.routes.map(originOfRoute));
}

/**
 * How roles come by a registry: one of the cluster, or one of this process. The native ZooKeeper
 * client is loaded here at the earliest.
 */
import type { LocalRegistryHub } from './local/local-registry.ts';
import type { Registry } from './registry.ts';
import type { ZooKeeperRegistryOptions } from './zookeeper/zookeeper-registry.ts';

export type { LocalRegistryHub, ZooKeeperRegistryOptions };

/**
 * Through ZooKeeper. Returns at once, whether ZooKeeper is there or not: `whenConnected` tells when
 * it is. Rejects with `bad-config` if its client cannot be loaded.
 */
export async function openRegistry(options: ZooKeeperRegistryOptions): Promise<Registry> {
  const { loadNativeClient } = await import('./zookeeper/native-client.ts');
  await loadNativeClient();
  const { ZooKeeperRegistry } = await import('./zookeeper/zookeeper-registry.ts');
  return new ZooKeeperRegistry(options);
}

/** Within this process: each `join()` is one role's registry. */
export async function createLocalRegistry(): Promise<LocalRegistryHub> {
  const { LocalRegistryHub } = await import('./local/local-registry.ts');
  return new LocalRegistryHub();
}

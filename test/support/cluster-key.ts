/** Keys of clusters with a secret that a test has chosen: each is derived once in a process. */
import { ClusterKey } from '../../src/base/secrets/cluster-key.ts';

const derived = new Map<string, ClusterKey>();

export function clusterKeyOf(secret: string): ClusterKey {
  const key = derived.get(secret) ?? ClusterKey.deriveSync(secret);
  derived.set(secret, key);
  return key;
}

/** As roles have them, derived before anybody waits for them: the first is their own. */
export function clusterKeysOf(...secrets: readonly string[]): () => readonly ClusterKey[] {
  const keys = secrets.map(clusterKeyOf);
  return () => keys;
}

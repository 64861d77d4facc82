/**
 * Finds the routes that `cim admin` asks, and the cluster secret that it proves to know. The secret
 * was given, is in ZooKeeper where the roles have agreed on it, or is that of this user's `cim
 * dev`.
 */

import { CimError } from '../../base/errors.ts';
import { createLogger } from '../../base/log.ts';
import { isLoopback } from '../../base/network/loopback.ts';
import { Tls } from '../../base/network/tls.ts';
import { ClusterKey } from '../../base/secrets/cluster-key.ts';
import { drawSecret } from '../../base/secrets/secret.ts';
import { readSecretFile } from '../../base/secrets/secret-file.ts';
import { protocolVersion } from '../../codec/commands.ts';
import type { AdminSettings } from '../../config/settings.ts';
import { jsonRequester } from '../../http/client.ts';
import { requestAsOperator } from '../../http/operator-call.ts';
import { originOfRoute } from '../../registry/registry.ts';
import type { RegistryAddress } from '../../registry/visit-registry.ts';
import type { Ask } from './action.ts';

interface Cluster {
  readonly routes: readonly string[];
  /** For this route; undefined: none is known. */
  secretFor(route: string): string | undefined;
}

/** Above what a route waits for its servers and its store. */
const answerMsMax = 5_000;

/** What tells where a cluster is, and its secret. */
export type ClusterSettings = Pick<
  AdminSettings,
  'route' | 'zk' | 'zkAuth' | 'clusterSecret' | 'data' | 'tlsCa' | 'tlsName'
>;

export async function askCluster(settings: ClusterSettings): Promise<Ask> {
  return (await openCluster(settings)).ask;
}

/** With the routes that are asked. */
export async function openCluster(
  settings: ClusterSettings,
): Promise<{ readonly ask: Ask; readonly routes: readonly string[] }> {
  const { tlsCa, tlsName } = settings;
  const request = jsonRequester(await Tls.open({ tlsCa, tlsName }));
  const { routes, secretFor } = await findCluster(settings);
  const ask: Ask = async (method, path, body, timeoutMs = answerMsMax) => {
    let failure = new CimError('unavailable', 'no route is known');
    for (const route of routes) {
      const secret = secretFor(route);
      const headers = { 'x-cim-version': String(protocolVersion) };
      const call = { method, headers, body, timeoutMs };
      try {
        if (secret === undefined) return await request(`${route}${path}`, call);
        const key = ClusterKey.deriveSync(secret);
        return await requestAsOperator(request, key, route, path, call);
      } catch (error) {
        if (!(error instanceof CimError)) throw error;
        if (error.kind === 'unauthenticated') throw neededSecret(route, error);
        // Whoever does not prove to be of this cluster keeps nobody from the routes that do.
        if (error.kind !== 'unavailable' && error.kind !== 'not-allowed') throw error;
        failure = error;
      }
    }
    throw failure;
  };
  return { ask, routes };
}

function neededSecret(route: string, cause: CimError): CimError {
  return new CimError(
    'not-allowed',
    `${route} wants the cluster secret: give it (--cluster-secret-file FILE), or --zk HOST:PORT, where roles without one have agreed on theirs`,
    { cause },
  );
}

async function findCluster(settings: ClusterSettings): Promise<Cluster> {
  const { route, zk, zkAuth, clusterSecret, data } = settings;
  if (zk !== undefined) return findInZookeeper({ zookeeper: zk, auth: zkAuth }, clusterSecret);
  if (clusterSecret !== undefined) return { routes: route, secretFor: () => clusterSecret };
  const kept = data === undefined ? undefined : await readSecretFile(data);
  // A route elsewhere is no `cim dev` of this machine, and has no business with its secret.
  return { routes: route, secretFor: (url) => (isLocal(url) ? kept : undefined) };
}

/** The routes are looked up there, and the secret if the roles have agreed on one. */
async function findInZookeeper(
  registryAddress: RegistryAddress,
  clusterSecret: string | undefined,
): Promise<Cluster> {
  const { visitRegistry } = await import('../../registry/visit-registry.ts');
  return visitRegistry(registryAddress, createLogger('admin', 'silent'), async (registry) => {
    const routes = registry.view.routes.map(originOfRoute);
    // Asked only where a route is alive, and so has agreed or was told: nothing is made up here.
    const secret =
      clusterSecret === undefined && routes.length > 0
        ? await registry.agreeOnSecret(drawSecret)
        : clusterSecret;
    return { routes, secretFor: () => secret };
  });
}

function isLocal(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

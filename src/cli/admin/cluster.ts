/**
 * The routes that `cim admin` asks, and the cluster secret that it shows them: given, agreed on in
 * ZooKeeper, or that of the `cim dev` of this user.
 */
import { CimError } from '../../base/errors.ts';
import { createLogger } from '../../base/log.ts';
import { isLoopback } from '../../base/loopback.ts';
import { drawSecret } from '../../base/secret.ts';
import { readSecretFile } from '../../base/secret-file.ts';
import { Tls } from '../../base/tls.ts';
import { protocolVersion } from '../../codec/commands.ts';
import type { AdminSettings } from '../../config/settings.ts';
import { jsonRequester } from '../../http/client.ts';
import { originOfRoute } from '../../registry/registry.ts';
import type { RegistryPlace } from '../../registry/visit-registry.ts';
import type { Ask } from './action.ts';

interface Cluster {
  readonly routes: readonly string[];
  /** For this route; undefined: none is known. */
  secretFor(route: string): string | undefined;
}

/** Above what a route waits for its servers and its store. */
const answerMsMax = 5_000;

export async function askCluster(settings: AdminSettings): Promise<Ask> {
  const request = jsonRequester(await Tls.open(settings));
  const { routes, secretFor } = await findCluster(settings);
  return async (method, path, body) => {
    let failure = new CimError('unavailable', 'no route is known');
    for (const route of routes) {
      const secret = secretFor(route);
      const headers = {
        'x-cim-version': String(protocolVersion),
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      };
      try {
        const options = { method, headers, body, timeoutMs: answerMsMax };
        return await request(`${route}${path}`, options);
      } catch (error) {
        if (!(error instanceof CimError)) throw error;
        if (error.kind === 'unauthenticated') throw wrongSecret(route, secret, error);
        if (error.kind !== 'unavailable') throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

function wrongSecret(route: string, secret: string | undefined, cause: CimError): CimError {
  const problem = secret === undefined ? 'is needed by' : 'is not the one of';
  return new CimError(
    'not-allowed',
    `--cluster-secret ${problem} ${route}; if none was set, --zk finds the one agreed on`,
    { cause },
  );
}

async function findCluster(settings: AdminSettings): Promise<Cluster> {
  const { route, zk, zkAuth, clusterSecret, data } = settings;
  if (zk !== undefined) return findInZookeeper({ zookeeper: zk, auth: zkAuth }, clusterSecret);
  if (clusterSecret !== undefined) return { routes: route, secretFor: () => clusterSecret };
  const kept = data === undefined ? undefined : await readSecretFile(data);
  // A route elsewhere is no `cim dev` of this machine, and has no business with its secret.
  return { routes: route, secretFor: (url) => (isLocal(url) ? kept : undefined) };
}

/** The routes are looked up there, and the secret if the roles have agreed on one. */
async function findInZookeeper(
  place: RegistryPlace,
  clusterSecret: string | undefined,
): Promise<Cluster> {
  const { visitRegistry } = await import('../../registry/visit-registry.ts');
  return visitRegistry(place, createLogger('admin', 'silent'), async (registry) => {
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

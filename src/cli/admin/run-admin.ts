/** The actions of `cim admin`, each one call to a route. */
import { CimError, exitCodes } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { createLogger } from '../../base/log.ts';
import { safeJson } from '../../base/safe-text.ts';
import { drawSecret } from '../../base/secret.ts';
import { Tls } from '../../base/tls.ts';
import { protocolVersion } from '../../codec/commands.ts';
import type { AdminSettings } from '../../config/settings.ts';
import { didYouMean } from '../../config/suggest.ts';
import { type JsonRequest, jsonRequester } from '../../http/client.ts';
import { originOfRoute } from '../../registry/registry.ts';
import { formatTable } from './table.ts';

interface Action {
  /** What the target is, if the action has one. */
  readonly target?: string;
  run(ask: Ask, target: string): Promise<Result>;
}

/** One call to the first route that answers; its `dataBody`. */
type Ask = (method: JsonRequest['method'], path: string, body?: unknown) => Promise<unknown>;

interface Result {
  /** For --json, a line each. */
  readonly objects: readonly object[];
  /** For people. */
  readonly text: string;
}

/** Above what a route waits for its servers and its store. */
const answerMsMax = 5_000;

const actions: Readonly<Record<string, Action>> = {
  servers: { run: servers },
  online: { run: online },
  kick: { target: 'the id of a user', run: kick },
  drain: { target: 'a server, as ip:port or by its instance,', run: drain },
  counters: { run: counters },
};

/** Resolves to the exit code. */
export async function runAdmin(
  settings: AdminSettings,
  words: readonly string[],
  out: { write(text: string): unknown },
): Promise<number> {
  const [name = '', target, surplus] = words;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) {
    const suggestion = didYouMean(name, Object.keys(actions));
    throw new CimError('usage', `${name}: is not an action${suggestion}`);
  }
  if (action.target !== undefined && target === undefined) {
    throw new CimError('usage', `${name}: ${action.target} must be given`);
  }
  const unwanted = action.target === undefined ? target : surplus;
  if (unwanted !== undefined) throw new CimError('usage', `${unwanted}: is one argument too many`);

  const request = jsonRequester(await Tls.open(settings));
  const ask = askRoutes(await findCluster(settings), request);
  const { objects, text } = await action.run(ask, target ?? '');
  out.write(settings.json ? objects.map((object) => `${safeJson(object)}\n`).join('') : text);
  return exitCodes.ok;
}

interface Server {
  readonly instance: string;
  readonly ip: string;
  readonly cimServerPort: number;
  readonly httpPort: number;
  readonly version: string;
  readonly connections: number;
  readonly choosable: boolean;
}

async function servers(ask: Ask): Promise<Result> {
  const found = (await ask('GET', '/servers')) as readonly Server[];
  const rows = found.map(
    ({ ip, cimServerPort, httpPort, connections, choosable, version, instance }) => [
      `${ip}:${cimServerPort}`,
      String(httpPort),
      String(connections),
      choosable ? 'yes' : 'no',
      version,
      instance,
    ],
  );
  const header = ['ADDRESS', 'HTTP PORT', 'CONNECTIONS', 'TAKES LOGINS', 'VERSION', 'INSTANCE'];
  return {
    objects: found,
    text: rows.length > 0 ? formatTable(header, rows) : 'no server is alive\n',
  };
}

interface User {
  readonly userId: number;
  readonly userName: string;
}

async function online(ask: Ask): Promise<Result> {
  const found = ((await ask('GET', '/onlineUser')) ?? []) as readonly User[];
  const rows = found.map(({ userId, userName }) => [String(userId), userName]);
  return {
    objects: found,
    text: rows.length > 0 ? formatTable(['USER ID', 'NAME'], rows) : 'nobody is online\n',
  };
}

async function kick(ask: Ask, target: string): Promise<Result> {
  const userId = /^\d{1,16}$/.test(target) ? Number(target) : 0;
  if (userId < 1 || userId > limits.userIdMax)
    throw new CimError('usage', `${target}: is not the id of a user`);
  const { ended } = (await ask('POST', '/kick', { userId })) as { readonly ended: number };
  const text = `${ended} ${ended === 1 ? 'connection' : 'connections'} of user ${userId} ended\n`;
  return { objects: [{ userId, ended }], text };
}

async function drain(ask: Ask, server: string): Promise<Result> {
  await ask('POST', '/drain', { server });
  const text = `${server} takes no more logins, and everybody there is sent elsewhere\n`;
  return { objects: [{ server }], text };
}

interface Counter {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}

async function counters(ask: Ask): Promise<Result> {
  const found = (await ask('GET', '/counters')) as readonly Counter[];
  const rows = found.map(({ name, value, description }) => [name, String(value), description]);
  return { objects: found, text: formatTable(['NAME', 'VALUE', 'WHAT IT COUNTS'], rows) };
}

type Cluster = Pick<AdminSettings, 'route' | 'clusterSecret'>;

/** By `--zk` the routes are looked up, and the secret if the roles have agreed on one there. */
async function findCluster({ route, zk, clusterSecret }: AdminSettings): Promise<Cluster> {
  if (zk === undefined) return { route, clusterSecret };
  const { visitRegistry } = await import('../../registry/visit-registry.ts');
  return visitRegistry(zk, createLogger('admin', 'silent'), async (registry) => {
    const found = registry.view.routes.map(originOfRoute);
    // Asked only where a route is alive, and so has agreed or was told: nothing is made up here.
    if (clusterSecret !== undefined || found.length === 0) return { route: found, clusterSecret };
    return { route: found, clusterSecret: await registry.agreeOnSecret(drawSecret) };
  });
}

function askRoutes(
  { route, clusterSecret }: Cluster,
  request: ReturnType<typeof jsonRequester>,
): Ask {
  const headers = {
    'x-cim-version': String(protocolVersion),
    ...(clusterSecret === undefined ? {} : { authorization: `Bearer ${clusterSecret}` }),
  };
  return async (method, path, body) => {
    let failure = new CimError('unavailable', 'no route is known');
    for (const origin of route) {
      try {
        const options = { method, headers, body, timeoutMs: answerMsMax };
        return await request(`${origin}${path}`, options);
      } catch (error) {
        if (!(error instanceof CimError)) throw error;
        if (error.kind === 'not-allowed') {
          const problem = clusterSecret === undefined ? 'is needed by' : 'is not the one of';
          throw new CimError(
            'not-allowed',
            `--cluster-secret ${problem} ${origin}; if none was set, --zk finds the one agreed on`,
          );
        }
        if (error.kind !== 'unavailable') throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

/**
 * An HTTP port of a role: endpoints behind one envelope, with their documentation and health.
 * Fastify is known here and nowhere else; its own logger is off, so that no header and no body of a
 * caller is ever logged.
 */
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { type Identity, identify, nobody, type Proofs } from '../auth/identity.ts';
import { CimError, describeError, errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/tls.ts';
import type { CallerLimits } from '../limits/caller-limits.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import { assertMayAct, assertMayCall } from './access.ts';
import { assertRate, assertSends, withGuess } from './caller-limits.ts';
import type { Endpoint } from './endpoint.ts';
import { errorEnvelope, successEnvelope } from './envelope.ts';
import { asCimError, refuseConnection } from './failures.ts';
import { healthEndpoints } from './health.ts';
import { idempotencyKeyHeader, readIdempotencyKey } from './idempotency-key.ts';
import { parseJsonBody } from './json-body.ts';
import { documentationOf, openApiOptions } from './open-api.ts';
import { readBody } from './schema.ts';
import { createSecureServer } from './secure-server.ts';
import { ServerSockets } from './server-sockets.ts';
import { isOwnUpgrade } from './upgrade.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface HttpAppOptions {
  readonly title: string;
  readonly version: string;
  readonly log: Logger;
  /** Beside these there are /healthz, /readyz and /openapi.json. */
  readonly endpoints: readonly Endpoint[];
  readonly proofs: Proofs;
  /** `--auth open`: whoever shows nothing may act for any user. */
  readonly open?: boolean;
  /** What keeps the role from working, in one line each. */
  readonly problems: () => Promise<readonly string[]>;
  /** The port speaks HTTPS, and nothing else. */
  readonly tls?: TlsPort | undefined;
  /** Doors that its settings leave open, in one line each. */
  readonly warnings?: readonly string[];
  /** Of connections; none if absent. */
  readonly portLimits?: PortLimits;
  /** Of callers; none if absent. */
  readonly callerLimits?: CallerLimits;
}

export interface HttpApp {
  /** For what shares the port: upgrades. */
  readonly server: Server;
  /** Answers a request without a socket, for tests. */
  readonly inject: FastifyInstance['inject'];
  /**
   * Rejects with `port-taken`, naming the port. Port 0 takes a free one. `isShared`: other processes
   * may listen on the same one, and the operating system gives each a part of the connections.
   */
  listen(address: Address & { readonly isShared?: boolean }): Promise<Address>;
  /**
   * Takes no more connections, closes idle ones, finishes what is being answered, and cuts off what
   * has not ended within a bound.
   */
  close(): Promise<void>;
}

export function buildHttpApp(options: HttpAppOptions): HttpApp {
  const endpoints = [...healthEndpoints(options), ...options.endpoints];
  const app = createFastify(options);
  refuseUnknownPaths(app, endpoints);
  app.register(swagger, openApiOptions(options));
  app.register(async (scope) => {
    for (const endpoint of endpoints) addEndpoint(scope, endpoint, options);
    scope.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  });

  const sockets = new ServerSockets(app.server, options.portLimits);
  return {
    server: app.server,
    inject: app.inject.bind(app) as FastifyInstance['inject'],
    listen: (address) => listen(app, address),
    close: async () => {
      const cutOff = setTimeout(() => sockets.destroyAll(), limits.httpCloseMsMax);
      const closed = app.close();
      sockets.destroySilent();
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/** Answers hold what others have written: no browser may take them for anything but JSON. */
const notSniffed = { 'x-content-type-options': 'nosniff' };

function createFastify({ log, tls, portLimits }: HttpAppOptions): FastifyInstance {
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const failure = asCimError(error);
    if (!failure) {
      const { method, routeOptions } = request;
      const { stack } = error as Error;
      log.error(
        { method, path: routeOptions.url, error: describeError(error), stack },
        'an HTTP request failed',
      );
    }
    return sendFailure(reply, failure ?? new CimError('internal'));
  };
  const timeouts = {
    requestTimeout: limits.httpRequestMsMax,
    keepAliveTimeout: limits.httpIdleMsMax,
  };
  const connections = {
    shouldUpgradeCallback: isOwnUpgrade,
    // Fastify sets the other bound too late for this one to follow it.
    headersTimeout: limits.httpRequestMsMax,
    // Node looks every half minute for who has taken too long: as long again as they may take.
    connectionsCheckingInterval: limits.sweepMs,
  };
  const app = fastify<Server>({
    logger: false,
    bodyLimit: limits.httpBodyBytesMax,
    trustProxy: (address: string) => portLimits?.addresses.isTrustedProxy(address) === true,
    ...timeouts,
    // What still comes over a kept connection while the port closes is answered as ever; it is the
    // last answer there.
    return503OnClosing: false,
    http: connections,
    ...(tls && {
      serverFactory: (handler: RequestListener) =>
        createSecureServer(tls, { ...timeouts, ...connections }, handler),
    }),
    // No hook is called for these.
    frameworkErrors: (error, request, reply) => fail(error, request, reply.headers(notSniffed)),
    clientErrorHandler: refuseConnection,
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers(notSniffed);
  });
  app.setErrorHandler<FastifyError>(fail);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async ({ headers }: FastifyRequest, bytes: Buffer) =>
      parseJsonBody(bytes, headers['content-type'] ?? ''),
  );
  // Fastify gets the schemas for the documentation alone: readBody checks them.
  app.setValidatorCompiler(() => () => true);
  // Endpoints name their fields one by one, so nothing has to be filtered.
  app.setSerializerCompiler(() => JSON.stringify);
  return app;
}

function sendFailure(reply: FastifyReply, failure: CimError): FastifyReply {
  if (failure.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  if (failure.retryAfterMs !== undefined)
    reply.header('retry-after', Math.ceil(failure.retryAfterMs / 1_000));
  return reply.code(errorTable[failure.kind].status).send(errorEnvelope(failure));
}

/** Before the body is looked at: whoever has the path or the method wrong should hear that. */
function refuseUnknownPaths(app: FastifyInstance, endpoints: readonly Endpoint[]): void {
  const allowed = new Map(
    endpoints.map(({ path, method }) => [path, method === 'GET' ? 'GET, HEAD' : method]),
  );
  app.addHook('onRequest', async ({ is404, url, method }, reply) => {
    if (!is404) return;
    const allow = allowed.get(url.split('?', 1)[0] ?? '');
    if (allow === undefined) throw new CimError('not-found');
    reply.header('allow', allow);
    throw new CimError('wrong-method', `${method} is not possible here, but ${allow} is`);
  });
}

function addEndpoint(
  scope: FastifyInstance,
  endpoint: Endpoint,
  { proofs, open = false, callerLimits }: HttpAppOptions,
): void {
  const { access } = endpoint;
  const identities = new WeakMap<FastifyRequest, Identity>();
  scope.route({
    method: endpoint.method,
    url: endpoint.path,
    schema: documentationOf(endpoint, open),
    // Before the body is read: nobody gets that far without a reason.
    onRequest: async (request) => {
      if (callerLimits) await assertRate(callerLimits, endpoint, request.ip);
      if (access.who === 'anyone') return;
      const identity = await identify(proofs, request.headers.authorization);
      assertMayCall(access, identity, open);
      identities.set(request, identity);
    },
    handler: async (request) => {
      const { body, headers } = request;
      const identity = identities.get(request) ?? nobody;
      const fields = endpoint.body ? readBody(endpoint.body, body) : {};
      assertMayAct(access, identity, fields);
      const java = headers['x-cim-version'] === undefined;
      const key = endpoint.repeatable && readIdempotencyKey(headers[idempotencyKeyHeader]);
      const caller = { java, identity, ...(key === undefined ? {} : { key }) };
      const handle = () => endpoint.handle(fields, caller);
      if (!callerLimits) return successEnvelope(await handle());
      assertSends(callerLimits, endpoint, fields, identity, request.ip);
      const account = endpoint.guesses?.(fields);
      if (account === undefined) return successEnvelope(await handle());
      return successEnvelope(await withGuess(callerLimits, account, request.ip, handle));
    },
  });
}

async function listen(
  app: FastifyInstance,
  { host, port, isShared = false }: Parameters<HttpApp['listen']>[0],
): Promise<Address> {
  await app.ready();
  // Fastify's types do not know reusePort; it hands all options on to Node.js.
  const options = { host, port, reusePort: isShared };
  try {
    await app.listen(options);
  } catch (cause) {
    throw new CimError('port-taken', `HTTP port ${port} on ${host} cannot be listened on`, {
      cause,
    });
  }
  return { host, port: (app.server.address() as AddressInfo).port };
}

/**
 * An HTTP port of a role: endpoints behind one envelope, with their documentation and health.
 * Fastify is known here and nowhere else; its own logger is off, so that no header and no body of a
 * caller is ever logged.
 */
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import cors from '@fastify/cors';
import swagger from '@fastify/swagger';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import { type Identity, identify, nobody, type Proofs } from '../auth/identity.ts';
import { OperatorGate } from '../auth/operator-proof.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { CimError, describeError, errorTable } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { HostPort } from '../base/network/host-port.ts';
import { type ListeningAddress, listenFailure, listenOn } from '../base/network/listening.ts';
import type { TlsPort } from '../base/network/tls.ts';
import type { Health } from '../base/process/health.ts';
import type { CallerLimits } from '../limits/caller-limits.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import type { ReadRate } from '../limits/read-rates.ts';
import { assertMayAct, assertMayCall } from './access.ts';
import { type NoteAudit, withAudit } from './audit.ts';
import {
  assertKept,
  assertRate,
  assertSends,
  clusterGuessFrom,
  guessFrom,
  operatorGuessFrom,
  readRateOf,
} from './caller-limits.ts';
import { type Endpoint, flagsIn, type KeptSession } from './endpoint.ts';
import { errorEnvelope, successEnvelope } from './envelope.ts';
import { asCimError } from './failures.ts';
import { healthEndpoints, healthPaths } from './health.ts';
import { createHttpServer } from './http-server.ts';
import { idempotencyKeyHeader, readIdempotencyKey } from './idempotency-key.ts';
import { parseJsonBody } from './json-body.ts';
import { documentationOf, openApiOptions } from './open-api.ts';
import { challengeEndpoint, isOfOperator, mayBeOfOperator, ProvenBodies } from './operator-gate.ts';
import { cookieOf, operatorOf } from './operator-session.ts';
import { readRequestBody } from './request-body.ts';
import { readBody } from './schema.ts';
import { Semaphore } from './semaphore.ts';
import { ServerSockets } from './server-sockets.ts';
import { addStreamEndpoints, type StreamEndpoint } from './stream-endpoint.ts';
import { isOwnUpgrade } from './upgrade.ts';
import { addWebFiles, type WebFile } from './web-files.ts';
import { assertNoForeignPage, noWebPages, type WebPageRules } from './web-pages.ts';

export interface HttpAppOptions {
  readonly title: string;
  readonly version: string;
  readonly log: Logger;
  /** Beside these there are /healthz, /readyz, /challenge and /openapi.json. */
  readonly endpoints: readonly Endpoint[];
  readonly streams?: readonly StreamEndpoint[];
  /** Of a web page that is served beside them; none if absent. */
  readonly webFiles?: readonly WebFile[];
  readonly proofs: Proofs;
  /** `--auth open`: whoever shows nothing may act for any user. */
  readonly open?: boolean;
  /** False while the role starts: all but what says how it is is refused as retryable. True, if absent. */
  readonly isOpen?: () => boolean;
  /** What /readyz tells; always well, if absent. */
  readonly health?: Pick<Health, 'report'> | undefined;
  /** The port speaks HTTPS, and nothing else. */
  readonly tls?: TlsPort | undefined;
  /** Which web pages may call it; those of others may not, if absent. */
  readonly webPages?: WebPageRules;
  /** Doors that its settings leave open, in one line each. */
  readonly warnings?: readonly string[];
  /** Of connections; none if absent. */
  readonly portLimits?: PortLimits;
  /** Of the process; nothing is weighed if absent. */
  readonly budget?: ProcessBudget;
  /** The system's, if absent. */
  readonly clock?: Clock;
  /** Of callers; none if absent. */
  readonly callerLimits?: CallerLimits;
  /** Notes what operators do; it is not noted, if absent. */
  readonly audit?: NoteAudit | undefined;
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
  listen(address: ListeningAddress & { readonly isShared?: boolean }): Promise<HostPort>;
  /**
   * Takes no more connections, closes idle ones, finishes what is being answered, and cuts off what
   * has not ended within a bound.
   */
  close(): Promise<void>;
}

export function buildHttpApp(options: HttpAppOptions): HttpApp {
  const { clock = systemClock, proofs } = options;
  const gate = new OperatorGate(proofs.clusterKeys, () => clock.monotonic());
  const operators = { gate, bodies: new ProvenBodies() };
  const endpoints = [...healthEndpoints(options), challengeEndpoint(gate), ...options.endpoints];
  const sockets = new ServerSockets({
    clock,
    limits: options.portLimits,
    budget: options.budget,
    mayBeOfOperator,
  });
  const app = createFastify(options, sockets, operators.bodies);
  admitWebPages(app, options.webPages ?? noWebPages);
  refuseStrangers(app, options, sockets, gate);
  refuseUntilOpen(app, options);
  const { streams = [], webFiles = [] } = options;
  const pages = webFiles.map(({ path }) => ({ path, method: 'GET' }) as const);
  refuseUnknownPaths(app, [...endpoints, ...streams, ...pages]);
  app.register(swagger, openApiOptions(options));
  app.register(async (scope) => {
    const reading = new Semaphore(limits.httpReadsUnderWayMax);
    for (const endpoint of endpoints) addEndpoint(scope, endpoint, options, operators, reading);
    scope.register(async (apart) =>
      addStreamEndpoints(apart, streams, (request) => sockets.stream(request)),
    );
    addWebFiles(scope, webFiles);
    // It does not change: one copy, for all who have not taken theirs yet, made before anybody waits.
    let document: Buffer;
    app.addHook('onReady', async () => {
      document = Buffer.from(JSON.stringify(app.swagger()));
    });
    scope.get('/openapi.json', { schema: { hide: true } }, (_request, reply) =>
      reply.type('application/json; charset=utf-8').send(document),
    );
  });

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

/** How long a browser may remember what it may send: each request of a page costs two otherwise. */
const preflightSeconds = 600;

/** Answers hold what others have written: no browser may take them for anything but JSON. */
const notSniffed = { 'x-content-type-options': 'nosniff' };

function createFastify(
  { log, tls, portLimits, budget }: HttpAppOptions,
  sockets: ServerSockets,
  bodies: ProvenBodies,
): FastifyInstance {
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
  const connections = {
    shouldUpgradeCallback: isOwnUpgrade,
    // Of one whose body is taken as it comes; the others have less (ServerSockets).
    requestTimeout: limits.fileChunkMsMax,
    headersTimeout: limits.httpRequestMsMax,
    keepAliveTimeout: limits.httpIdleMsMax,
    // Node looks every half minute for who has taken too long: as long again as they may take.
    connectionsCheckingInterval: limits.sweepMs,
  };
  const app = fastify<Server>({
    logger: false,
    bodyLimit: limits.httpBodyBytesMax,
    trustProxy: (address: string) => portLimits?.addresses.isTrustedProxy(address) === true,
    // What still comes over a kept connection while the port closes is answered as ever; it is the
    // last answer there.
    return503OnClosing: false,
    serverFactory: (serve: RequestListener) =>
      sockets.attach(createHttpServer(connections, tls), serve),
    // No hook is called for these.
    frameworkErrors: (error, request, reply) => fail(error, request, reply.headers(notSniffed)),
    clientErrorHandler: (error, socket) => sockets.refuse(error, socket),
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.headers(notSniffed);
    if (typeof payload === 'string' || payload instanceof Uint8Array) budget?.spend(payload.length);
  });
  app.setErrorHandler<FastifyError>(fail);
  const parsing = new Semaphore(1);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async ({ headers, raw }: FastifyRequest) => {
    const bytes = await readRequestBody(raw);
    bodies.check(raw, bytes);
    const parse = () => parseJsonBody(bytes, headers['content-type'] ?? '');
    return bytes.length <= limits.jsonAtOnceBytes
      ? parse()
      : parsing.run(() => nextTurn().then(parse));
  });
  // Fastify gets the schemas for the documentation alone: readBody checks them.
  app.setValidatorCompiler(() => () => true);
  // Endpoints name their fields one by one, so nothing has to be filtered.
  app.setSerializerCompiler(() => JSON.stringify);
  return app;
}

/** First of all hooks: a page of others learns nothing, and costs next to nothing. */
function admitWebPages(app: FastifyInstance, rules: WebPageRules): void {
  app.addHook('onRequest', async ({ headers }) => assertNoForeignPage(headers, rules));
  if (rules.allowOrigin.length === 0) return;
  app.register(cors, {
    origin: [...rules.allowOrigin],
    methods: ['GET', 'HEAD', 'POST', 'PUT'],
    allowedHeaders: [
      ...['authorization', 'content-type', 'x-cim-version', idempotencyKeyHeader],
      ...['x-cim-file', 'x-cim-sha256', 'range', 'if-range'],
    ],
    exposedHeaders: ['retry-after', 'etag', 'content-range'],
    maxAge: preflightSeconds,
  });
}

/** Where there is no place but for operators: whoever says to be one has guessed, as ever. */
function refuseStrangers(
  app: FastifyInstance,
  { proofs, portLimits }: HttpAppOptions,
  sockets: ServerSockets,
  gate: OperatorGate,
): void {
  app.addHook('onRequest', async ({ raw, ip }, reply) => {
    if (!sockets.isForOperators(raw)) return;
    reply.header('connection', 'close');
    if (await isOfOperator(raw, proofs, gate, clusterGuessFrom(portLimits, ip))) return;
    throw new CimError('busy', 'too many connections');
  });
}

function refuseUntilOpen(app: FastifyInstance, { isOpen }: HttpAppOptions): void {
  if (!isOpen) return;
  app.addHook('onRequest', async ({ routeOptions: { url = '' } }) => {
    if (isOpen() || healthPaths.has(url)) return;
    throw new CimError(
      'unavailable',
      'it is starting, please try again: /readyz says what it waits for',
    );
  });
}

function sendFailure(reply: FastifyReply, failure: CimError): FastifyReply {
  if (failure.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  if (failure.retryAfterMs !== undefined)
    reply.header('retry-after', Math.ceil(failure.retryAfterMs / 1_000));
  return reply.code(errorTable[failure.kind].status).send(errorEnvelope(failure));
}

/** Before the body is looked at: whoever has the path or the method wrong should hear that. */
function refuseUnknownPaths(
  app: FastifyInstance,
  endpoints: readonly Pick<Endpoint | StreamEndpoint, 'path' | 'method'>[],
): void {
  const allowed = endpoints.map(({ path, method }) => ({
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
    methods: method === 'GET' ? 'GET, HEAD' : method,
  }));
  app.addHook('onRequest', async ({ is404, url, raw, method }, reply) => {
    // `*` is of OPTIONS alone; the router would take it for `/`.
    if (raw.url === '*') throw new CimError('not-found');
    if (!is404) return;
    const [path = ''] = url.split('?', 1);
    const allow = allowed.find(({ pattern }) => pattern.test(path))?.methods;
    if (allow === undefined) throw new CimError('not-found');
    reply.header('allow', allow);
    throw new CimError('wrong-method', `${method} is not possible here, but ${allow} is`);
  });
}

interface Operators {
  readonly gate: OperatorGate;
  readonly bodies: ProvenBodies;
}

function addEndpoint(
  scope: FastifyInstance,
  endpoint: Endpoint,
  { proofs, open = false, callerLimits, portLimits, audit }: HttpAppOptions,
  { gate, bodies }: Operators,
  reading: Semaphore,
): void {
  const { access } = endpoint;
  const identities = new WeakMap<FastifyRequest, Identity>();
  const readRates = new WeakMap<FastifyRequest, ReadRate>();
  scope.route({
    method: endpoint.method,
    url: endpoint.path,
    schema: documentationOf(endpoint, open),
    // Before the body is read: nobody gets that far without a reason.
    onRequest: async (request) => {
      if (callerLimits) await assertRate(callerLimits, endpoint, request.ip);
      if (access.who === 'anyone') return;
      const { method, url, headers, raw } = request;
      const onProvenBody = (bodyHash: string) => bodies.expect(raw, bodyHash);
      const call = { gate, method, url, onProvenBody };
      const guess = clusterGuessFrom(portLimits, request.ip);
      const identity =
        (await operatorOf(proofs, endpoint, headers)) ??
        (await identify(proofs, headers.authorization, guess, call));
      assertMayCall(access, identity, open);
      identities.set(request, identity);
    },
    handler: async (request, reply) => {
      const { body, headers, raw, query, ip: address, protocol } = request;
      bodies.checkAll(raw);
      const identity = identities.get(request) ?? nobody;
      const fields = endpoint.body ? readBody(endpoint.body, body) : {};
      assertMayAct(access, identity, fields);
      const java = headers['x-cim-version'] === undefined;
      const key = endpoint.repeatable && readIdempotencyKey(headers[idempotencyKeyHeader]);
      const guess = guessFrom(callerLimits, address);
      if (callerLimits) {
        assertSends(callerLimits, endpoint, fields, identity, request.ip);
        const kept = { body: fields, identity, key, address: request.ip };
        await assertKept(callerLimits, endpoint, kept);
      }
      const takeReadRate = () =>
        callerLimits ? readRateOf(callerLimits, endpoint, fields, identity, request.ip) : null;
      const rate = takeReadRate();
      if (rate) readRates.set(request, rate);
      const read = (bytes: number) => rate?.spend(bytes);
      const flags = flagsIn(query, endpoint);
      const caller = {
        ...{ java, identity, guess, read, flags, address, ...(key === undefined ? {} : { key }) },
        guessOperator: operatorGuessFrom(callerLimits, address),
        keepSession: (session: KeptSession | null) =>
          void reply.header('set-cookie', cookieOf(session, { isSecure: protocol === 'https' })),
      };
      const handle = () =>
        withAudit(audit, endpoint, fields, caller, () => endpoint.handle(fields, caller));
      // Those of the same user that came before may have read too much by then.
      const handleInTurn = () => {
        takeReadRate();
        return handle();
      };
      const answer = await (isReading(endpoint) ? reading.run(handleInTurn) : handle());
      const { contentType } = endpoint;
      return contentType ? reply.type(contentType).send(answer) : successEnvelope(answer);
    },
    onSend: async (request, _reply, payload) => {
      if (typeof payload === 'string') readRates.get(request)?.spend(Buffer.byteLength(payload));
    },
  });
}

/** Whether the answer may be a page: what becomes of it in the making is several times as large. */
function isReading({ access }: Endpoint): boolean {
  return access.who === 'users' && access.keys?.includes('read') === true;
}

async function listen(
  app: FastifyInstance,
  { isShared = false, ...address }: Parameters<HttpApp['listen']>[0],
): Promise<HostPort> {
  await app.ready();
  // Fastify's types do not know reusePort; it hands all options on to Node.js.
  const { host, port } = address;
  const options = { port, reusePort: isShared };
  try {
    await listenOn(host, (each) => app.listen({ ...options, host: each }));
  } catch (cause) {
    throw listenFailure('HTTP', address, cause);
  }
  return { host, port: (app.server.address() as AddressInfo).port };
}

// Goal: of every endpoint of both roles, in every mode of --auth, what is done for nobody, for the
// user and for another one, for tokens that are no good, for each kind of key and for the cluster
// secret. Method: a table with a line for each endpoint, held against what the roles themselves say
// they have, so that none can be added without a line; a real route over a real store.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { drawApiKey } from '../../../src/auth/api-key.ts';
import { ApplicationTokens } from '../../../src/auth/application-tokens.ts';
import { Tokens } from '../../../src/auth/tokens.ts';
import { verifierOf } from '../../../src/auth/verifier.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import type { ApiKeyScope } from '../../../src/base/secrets/api-key-scope.ts';
import type { HttpApp } from '../../../src/http/app.ts';
import type { Authentication, AuthMode } from '../../../src/route/accounts/authentication.ts';
import { openAdmin } from '../../../src/route/admin/admin.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import { buildServerApp } from '../../../src/server/app.ts';
import { sendMessageEndpoint } from '../../../src/server/protocols/java/java-peers.ts';
import type { Account } from '../../../src/store/accounts.ts';
import type { Store } from '../../../src/store/store.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { figuresOf, routeFiguresOf } from '../../support/figures.ts';
import {
  amy,
  bob,
  openMemoryStore,
  RouteHarness,
  testTokens,
} from '../../support/route-harness.ts';
import { onTeardown } from '../../support/teardown.ts';
import { recordingLog } from '../http/recording-log.ts';

const modes = ['secret', 'jwt', 'open'] as const satisfies readonly AuthMode[];
const clusterKeys = clusterKeysOf('cluster', 'the next one');
const loginKey = 'A'.repeat(43);
const otherKey = 'B'.repeat(43);

// ---- who calls -------------------------------------------------------------------------------------

/** All speak of amy, whose user id the bodies below name, unless they say otherwise. */
const callers = [
  ...['nobody', 'amy', 'amy of the application', 'bob', 'bob of the application'],
  ...['expired', 'forged', 'alg none', 'revoked', 'forged for the application'],
  ...[
    'push key',
    'read key',
    'groups key',
    'topics key',
    'key of cooks',
    'key of bakers',
    'unknown key',
    'wrong secret',
  ],
  // Last, as operators end what others could go on with.
  ...['next cluster secret', 'cluster secret'],
] as const;
type CallerName = (typeof callers)[number];

const applicationSecret = 'an application and a secret of its own';
const hourMs = 3_600_000;

function applicationToken(sub: string, secret = applicationSecret): Promise<string> {
  return new SignJWT({ sub, name: 'any' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
}

/** Made once: deriving a key from a secret takes long. */
const cimTokens = {
  good: tokensOf('cluster', () => Date.now()),
  expired: tokensOf('cluster', () => Date.now() - 2 * hourMs),
  forged: tokensOf('another', () => Date.now()),
};

function tokensOf(secret: string, now: () => number): Tokens {
  return new Tokens({ clusterKeys: clusterKeysOf(secret), lifetimeMs: hourMs, now });
}

async function cimToken({ userId, name }: Account, tokens = cimTokens.good): Promise<string> {
  return (await tokens.issue({ userId, userName: name, generation: 1 })).token;
}

async function apiKey({ apiKeys }: Store, scope: ApiKeyScope): Promise<string> {
  const { id, key, hash } = drawApiKey();
  await apiKeys.add({ id, hash, scope, label: 'test', createdAt: 1 });
  return key;
}

async function credentialsIn(store: Store): Promise<Record<CallerName, string | undefined>> {
  const { userId, name } = amy;
  return {
    nobody: undefined,
    amy: await cimToken(amy),
    'amy of the application': await applicationToken(String(userId)),
    bob: await cimToken(bob),
    'bob of the application': await applicationToken(String(bob.userId)),
    expired: await cimToken(amy, cimTokens.expired),
    forged: await cimToken(amy, cimTokens.forged),
    'alg none': new UnsecuredJWT({ name, gen: 1 })
      .setIssuer('cim')
      .setSubject(String(userId))
      .setExpirationTime('1h')
      .encode(),
    revoked: (await testTokens.issue({ userId, userName: name, generation: 7 })).token,
    'forged for the application': await applicationToken(String(userId), 'x'.repeat(32)),
    'push key': await apiKey(store, { kind: 'push' }),
    'read key': await apiKey(store, { kind: 'read' }),
    'groups key': await apiKey(store, { kind: 'groups' }),
    'topics key': await apiKey(store, { kind: 'topics' }),
    'key of cooks': await apiKey(store, { kind: 'group', group: 'cooks' }),
    'key of bakers': await apiKey(store, { kind: 'group', group: 'bakers' }),
    'unknown key': drawApiKey().key,
    'wrong secret': 'cluste',
    'next cluster secret': 'the next one',
    'cluster secret': 'cluster',
  };
}

// ---- what they get ---------------------------------------------------------------------------------

/** `in`: it is done, or refused for another reason than who asks. */
type Fate = 'in' | 401 | 403;
type Fates = (caller: CallerName, mode: AuthMode) => Fate;

const always: Fates = () => 'in';

/** What is nothing here, whoever shows it: some have it only where applications sign. */
function isNothing(caller: CallerName, mode: AuthMode): boolean {
  if (caller.endsWith(' of the application')) return mode !== 'jwt';
  return (
    caller.startsWith('forged') ||
    ['expired', 'alg none', 'revoked', 'unknown key', 'wrong secret'].includes(caller)
  );
}

const operators: Fates = (caller, mode) => {
  if (caller.endsWith('cluster secret')) return 'in';
  return caller === 'nobody' || isNothing(caller, mode) ? 401 : 403;
};

/** No user, whoever they are. */
const topics: Fates = (caller, mode) => (caller === 'topics key' ? 'in' : operators(caller, mode));

/** `keys`: those that may. `bob`: what another user gets. */
function users(keys: readonly CallerName[] = [], bobGets: Fate = 403): Fates {
  return (caller, mode) => {
    if (isNothing(caller, mode)) return 401;
    if (caller === 'nobody') return mode === 'open' ? 'in' : 401;
    if (caller.startsWith('bob')) return bobGets;
    if (caller.startsWith('amy') || caller.endsWith('cluster secret')) return 'in';
    return keys.includes(caller) ? 'in' : 403;
  };
}

const push: readonly CallerName[] = ['push key'];
const pushToCooks: readonly CallerName[] = ['push key', 'key of cooks'];
const groups: readonly CallerName[] = ['groups key'];
const readGroups: readonly CallerName[] = ['read key', 'groups key'];
const read: readonly CallerName[] = ['read key'];

/** There are no keys of accounts where nobody is proven. */
function notIfOpen(fates: Fates): Fates {
  return (caller, mode) => {
    const fate = fates(caller, mode);
    return mode === 'open' && fate === 'in' ? 403 : fate;
  };
}

/** Where accounts are made by an application's word, it is that which lets in. */
const beginning: Fates = (caller, mode) => (mode === 'jwt' ? users()(caller, mode) : 'in');

/** A token of cim's own is not made longer with itself. */
const login: Fates = (caller, mode) => {
  if (mode !== 'jwt') return 'in';
  if (caller === 'amy' || caller.endsWith('cluster secret')) return 401;
  return users()(caller, mode);
};

const me: Fates = (caller, mode) => {
  if (caller.endsWith('cluster secret')) return 403;
  if (caller === 'nobody') return mode === 'open' ? 403 : 401;
  return users([], 'in')(caller, mode);
};

const { userId, name: userName } = amy;
const hash = `scrypt1.${'A'.repeat(22)}.${'A'.repeat(43)}`;
const keyPair = { publicKey: 'C'.repeat(43), wrappedKey: 'wrapped' };

/** Of each endpoint: a body that amy may send, and what callers get. */
/** Where anybody may be anybody there is nobody to keep out. */
const whereProven: Fates = (caller, mode) => {
  const fate = operators(caller, mode);
  return mode === 'open' && fate === 'in' ? 403 : fate;
};

const routeTable: Readonly<Record<string, readonly [body: object | null, fates: Fates]>> = {
  'GET /healthz': [null, always],
  'GET /readyz': [null, always],
  'POST /challenge': [{ nonce: 'x' }, always],
  'GET /openapi.json': [null, always],
  'POST /registerAccount': [{ userId, userName, loginKey }, beginning],
  'POST /login': [{ userId, userName, loginKey }, login],
  'POST /offLine': [{ userId }, users()],
  'GET /onlineUser': [null, users(read, 'in')],
  'GET /salt': [null, always],
  'POST /onlineUsers': [{}, users(read, 'in')],
  'POST /rotateSecret': [
    { userId, loginKey, newLoginKey: otherKey },
    (_, mode) => (mode === 'secret' ? 'in' : 403),
  ],
  // Whoever shows nothing has done it before amy comes with a token, which is void by then.
  'POST /deleteAccount': [
    { userId, loginKey: otherKey },
    (caller, mode) => (mode === 'open' && caller === 'amy' ? 401 : users()(caller, mode)),
  ],
  'GET /me': [null, me],
  'POST /p2pRoute': [{ userId, receiveUserId: bob.userId, msg: 'hi' }, users(push)],
  'POST /groupRoute': [{ userId, group: 'Cooks', msg: 'hi' }, users(pushToCooks)],
  'POST /fetchOfflineMsgs': [{ receiveUserId: userId }, users()],
  'POST /createGroup': [{ userId, group: 'cooks' }, users(groups)],
  'POST /joinGroup': [{ userId, group: 'cooks' }, users(groups)],
  'POST /leaveGroup': [{ userId, group: 'cooks' }, users(groups)],
  'POST /setGroup': [{ userId, group: 'cooks', title: 'The cooks' }, users(groups)],
  'POST /setGroupAdmin': [{ userId, group: 'cooks', peer: bob.userId, admin: true }, users(groups)],
  'POST /handOverGroup': [{ userId, group: 'cooks', peer: bob.userId }, users(groups)],
  'POST /inviteToGroup': [{ userId, group: 'cooks', peer: bob.userId }, users(groups)],
  'POST /removeMember': [{ userId, group: 'cooks', peer: bob.userId }, users(groups)],
  'POST /groupInfo': [{ userId, group: 'cooks' }, users(readGroups)],
  'POST /invitations': [{ userId }, users(readGroups)],
  'POST /block': [{ userId, peer: bob.userId }, users()],
  'POST /unblock': [{ userId, peer: bob.userId }, users()],
  'POST /blocked': [{ userId }, users()],
  'POST /presence': [{ userIds: [1, 2] }, users(read, 'in')],
  'POST /lastSeen': [{ userId, isShown: true }, users()],
  'POST /conversations': [{ userId }, users(['read key'])],
  'POST /setConversation': [{ userId, peer: bob.userId, muted: true }, users()],
  'POST /marks': [{ userId, peers: [bob.userId] }, users(['read key'])],
  'POST /markRead': [
    { userId, id: `${bob.userId}.0123456789abcdef.${userId}.1`, seq: 1 },
    users(['push key']),
  ],
  'POST /ownTrace': [{ userId, id: `${userId}.0123456789abcdef.7.1` }, users(['read key'])],
  'POST /groups': [{ userId }, users(readGroups)],
  'POST /groupMembers': [{ userId, group: 'cooks' }, users(readGroups)],
  'POST /groupKeys': [{ userId, group: 'cooks' }, users()],
  'POST /drawGroupKey': [
    { userId, group: 'cooks', epoch: 1, draw: 'd'.repeat(22), slots: [], commit: false },
    users(),
  ],
  'POST /giveGroupKey': [{ userId, group: 'cooks', slots: [] }, users()],
  'POST /forgetGroupKeys': [{ userId, group: 'cooks' }, users()],
  'POST /groupChanges': [{ userId, group: 'cooks' }, users()],
  'POST /history': [{ userId }, users(read)],
  'POST /delay': [
    { id: 's', from: userId, group: 'cooks', text: 'hi', delaySeconds: 60 },
    users(pushToCooks),
  ],
  'POST /delayed': [{ userId }, users(read)],
  'POST /cancelDelayed': [{ userId, id: 's' }, users(push)],
  'POST /publishKey': [{ userId, ...keyPair }, notIfOpen(users())],
  'POST /ownKey': [{ userId }, notIfOpen(users())],
  'POST /keys': [{ userIds: [1, 2] }, notIfOpen(users([], 'in'))],
  'POST /files': [
    {
      ...{ userId, id: 'A'.repeat(22), bytes: 1, type: 'image/png', sha256: 'ab'.repeat(32) },
    },
    users(push),
  ],
  // Whoever has the capability.
  'PUT /files/{id}/{number}': [null, always],
  'GET /files/{id}': [null, always],
  'POST /finishFile': [{ id: 'A'.repeat(22), capability: 'c' }, always],
  'POST /cancelFile': [{ id: 'A'.repeat(22), capability: 'c' }, always],
  'POST /fileUsage': [{}, operators],
  'POST /servers': [{}, operators],
  'POST /kick': [{ userId: bob.userId }, operators],
  'POST /blockAccount': [{ userId: bob.userId }, whereProven],
  'POST /unblockAccount': [{ userId: bob.userId }, whereProven],
  'POST /resetSecret': [{ userId, loginKey: otherKey }, operators],
  'POST /newStoreId': [{}, operators],
  'POST /backup': [{}, operators],
  'POST /importAccounts': [{ userIds: [], userNames: [] }, operators],
  'POST /importMessages': [
    { ids: [], senders: [], senderNames: [], receivers: [], texts: [], times: [] },
    operators,
  ],
  'POST /drain': [{ server: '10.0.0.1:9000' }, operators],
  'POST /createApiKey': [{ label: 'shop', scope: 'push' }, operators],
  'GET /apiKeys': [null, operators],
  'POST /revokeApiKey': [{ id: '0'.repeat(16) }, operators],
  'POST /publish': [{ topic: 'a', text: '1', retain: true }, topics],
  'POST /retained': [{ filter: 'a/#' }, topics],
  'POST /createDeviceKey': [{ name: 'lamp', allow: ['pub a'] }, operators],
  'POST /deviceKeys': [{}, operators],
  'POST /revokeDeviceKey': [{ id: '0'.repeat(16) }, operators],
  'GET /cluster': [null, operators],
  'GET /clusterVitals': [null, operators],
  'POST /trace': [{ id: `${userId}.0123456789abcdef.7.1` }, operators],
  'POST /outlook': [{ to: userId }, operators],
  'POST /pushes': [{ timeline: 'u:1', seq: 1 }, operators],
  'GET /counters': [null, operators],
  'GET /metrics': [null, operators],
  'GET /status': [null, operators],
  'GET /vitals': [null, operators],
  'POST /createOperator': [{ name: 'op', role: 'view', hash }, operators],
  'POST /changeOperator': [{ name: 'op', role: 'manage' }, operators],
  'POST /removeOperator': [{ name: 'op' }, operators],
  'GET /operators': [null, operators],
  'POST /auditLog': [{}, operators],
  'POST /people': [{ find: '1' }, operators],
  'POST /person': [{ userId }, operators],
  'POST /group': [{ group: 'cooks' }, operators],
  'POST /deleteGroup': [{ group: 'cooks' }, operators],
};

/** In a browser; those who have signed in: operators.test.ts. */
const adminTable: typeof routeTable = {
  ...Object.fromEntries(
    [
      ...['POST /servers', 'POST /kick', 'POST /resetSecret', 'POST /drain', 'GET /operators'],
      ...['POST /createApiKey', 'GET /apiKeys', 'POST /revokeApiKey', 'POST /auditLog'],
      ...['GET /cluster', 'GET /clusterVitals', 'POST /people', 'POST /person', 'POST /group'],
      ...['POST /deleteGroup', 'POST /trace', 'POST /outlook'],
      ...['POST /blockAccount', 'POST /unblockAccount'],
    ].map((name) => [name.replace(' ', ' /admin'), routeTable[name]!]),
  ),
  // Whoever is here guesses a password.
  'POST /admin/signIn': [{ name: 'nobody', password: 'x' }, () => 401],
  'POST /admin/signOut': [{}, operators],
  // Of an account, which none of these is.
  'GET /admin/me': [
    null,
    (caller, mode) => (caller.endsWith('cluster secret') ? 401 : operators(caller, mode)),
  ],
};

/** A server knows no users: to it a token is nothing. */
const clusterOnly: Fates = (caller) => (caller.endsWith('cluster secret') ? 'in' : 401);

const serverTable: typeof routeTable = {
  'GET /healthz': [null, always],
  'GET /readyz': [null, always],
  'POST /challenge': [{ nonce: 'x' }, always],
  'GET /openapi.json': [null, always],
  'POST /sendMsg': [{ userId, cmd: 'MESSAGE', msg: 'hi', properties: {} }, clusterOnly],
  'GET /counters': [null, clusterOnly],
  'GET /metrics': [null, clusterOnly],
  'GET /status': [null, clusterOnly],
  'GET /vitals': [null, clusterOnly],
};

// ---- the roles -------------------------------------------------------------------------------------

async function authenticationOf(mode: AuthMode): Promise<Authentication> {
  if (mode !== 'jwt') return { mode, tokens: testTokens };
  const application = await ApplicationTokens.open({
    ...{ secret: applicationSecret, keys: undefined, issuer: undefined, audience: undefined },
    ...{ idClaim: 'sub', nameClaim: 'name', now: () => Date.now() },
  });
  return { mode, tokens: testTokens, application };
}

async function openRoute(mode: AuthMode): Promise<{ app: HttpApp; store: Store }> {
  const store = await openMemoryStore();
  for (const account of [amy, bob])
    await store.accounts.register({ ...account, verifier: verifierOf(loginKey) });
  const route = await RouteHarness.start({ store, authentication: await authenticationOf(mode) });
  await store.groups.create('cooks', amy.userId);
  const { operations, callers: users, counters } = route.core;
  const app = buildRouteApp(operations, {
    ...{
      mode,
      ...routeFiguresOf(counters),
      warnings: [],
      version: '9.9.9',
      log: recordingLog().log,
    },
    proofs: { clusterKeys, users },
    hasDashboard: true,
    admin: openAdmin({
      ...{ core: route.core, clusterKeys, clock: systemClock, log: recordingLog().log },
    }),
  });
  onTeardown(() => app.close());
  return { app, store };
}

function openServer(): HttpApp {
  const endpoints = [sendMessageEndpoint(() => {})];
  const { log } = recordingLog();
  const options = { clusterKeys, figures: figuresOf(new Counters()), log, version: '9.9.9' };
  const app = buildServerApp(endpoints, options);
  onTeardown(() => app.close());
  return app;
}

/** What each caller got of an endpoint. */
async function fatesAt(app: HttpApp, store: Store, name: string, body: object | null) {
  const [method, url = ''] = name.split(' ') as ['GET' | 'POST', string];
  const found: Partial<Record<CallerName, Fate>> = {};
  for (const [caller, bearer] of Object.entries(await credentialsIn(store))) {
    const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
    const { statusCode, headers, json } = await app.inject({
      ...{ method, url, headers: authorization },
      ...(body ? { body } : {}),
    });
    expect(statusCode).toBeLessThan(500);
    const isRefused = statusCode === 401 || statusCode === 403;
    if (isRefused) {
      // As a Java caller parses it, strictly.
      expect(Object.keys(json())).toEqual(['code', 'message', 'reqNo', 'dataBody']);
      expect(json().code).toBe(statusCode === 401 ? '9301' : '9300');
    }
    expect(headers['www-authenticate']).toBe(statusCode === 401 ? 'Bearer' : undefined);
    found[caller as CallerName] = isRefused ? (statusCode as Fate) : 'in';
  }
  return found;
}

function expected(fates: Fates, mode: AuthMode) {
  return Object.fromEntries(callers.map((caller) => [caller, fates(caller, mode)]));
}

async function endpointsOf(app: HttpApp): Promise<string[]> {
  const { paths } = (await app.inject('/openapi.json')).json();
  const found = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'head')
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  return [...found, 'GET /openapi.json'].sort();
}

test.each(modes)('the table has every endpoint of a route: %s', async (mode) => {
  const { app } = await openRoute(mode);
  expect(await endpointsOf(app)).toEqual(Object.keys({ ...routeTable, ...adminTable }).sort());
});

test('the table has every endpoint of a server', async () => {
  expect(await endpointsOf(openServer())).toEqual(Object.keys(serverTable).sort());
});

describe.each(modes)('a route with --auth %s', (mode) => {
  test.each(Object.entries({ ...routeTable, ...adminTable }))('%s', async (name, [body, fates]) => {
    const { app, store } = await openRoute(mode);
    expect(await fatesAt(app, store, name, body)).toEqual(expected(fates, mode));
  });
});

test.each(Object.entries(serverTable))('a server: %s', async (name, [body, fates]) => {
  const store = await openMemoryStore();
  const found = await fatesAt(openServer(), store, name, body);
  expect(found).toEqual(expected(fates, 'secret'));
});

test('docs/guides/nginx.conf lets through what users and applications may ask, and nothing else', () => {
  const config = readFileSync('docs/guides/nginx.conf', 'utf8');
  const [, listed = ''] = /location ~ \^\/\(([\w|]+)\)\$ /.exec(config) ?? [];
  const forUsers = Object.entries(routeTable)
    .filter(
      ([name, [, fates]]) =>
        fates !== operators && fates !== whereProven && !/\/(openapi.json|challenge)$/.test(name),
    )
    .map(([name]) => name.replace(/^\w+ \//, ''))
    .filter((name) => !/^files(\/|$)/.test(name));
  expect(listed.split('|').sort()).toEqual(forUsers.sort());
  expect(config.match(/location [^{]+/g)).toHaveLength(5);
  expect(config).toContain('location ~ ^/files(/|$) {');
  expect(config).toContain('location = /ws {');
  expect(config).toContain('location ~ ^/(service-worker\\.js|web/[^/]+)?$ {');
  expect(config).toContain('location / { return 404; }');
});

// Goal: an operator is let in by an account of their own and by nothing less, may do what the role
// says, is out at once when the account changes, and what they do is noted. Method: a real route over
// a real store, its HTTP port, called as a browser calls it.
import { beforeEach, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { hashOperatorPassword } from '../../../src/auth/operator-password.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { CimError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { Counters } from '../../../src/base/process/counters.ts';
import type { HttpApp } from '../../../src/http/app.ts';
import { CallerLimits } from '../../../src/limits/caller-limits.ts';
import { PortLimits } from '../../../src/limits/port-limits.ts';
import { openAdmin } from '../../../src/route/admin/admin.ts';
import { buildRouteApp } from '../../../src/route/app.ts';
import type { AuditEntry } from '../../../src/store/audit.ts';
import type { OperatorRole } from '../../../src/store/operators.ts';
import type { Store } from '../../../src/store/store.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';
import { routeFiguresOf } from '../../support/figures.ts';
import { amy, openMemoryStore, RouteHarness, testTokens } from '../../support/route-harness.ts';
import { onTeardown } from '../../support/teardown.ts';
import { recordingLog } from '../http/recording-log.ts';

const password = 'a horse and its battery';
const from = '198.51.100.7';
const perMinute = 3;
const clusterKeys = clusterKeysOf('cluster');
/** Made once: it takes long. */
const hashed = hashOperatorPassword(password);

let store: Store;
let app: HttpApp;
let log: ReturnType<typeof recordingLog>;
let now: number;
let monotonic: number;

interface Session {
  readonly cookie: string;
  readonly half: string;
}

beforeEach(async () => {
  store = await openMemoryStore();
  log = recordingLog();
  now = Date.now();
  monotonic = 0;
  app = await openRoute();
  for (const role of ['view', 'manage'] as const) await make(role);
});

async function openRoute(keys = clusterKeys, trustProxy: string[] = []): Promise<HttpApp> {
  const authentication = { mode: 'secret', tokens: testTokens } as const;
  const { core } = await RouteHarness.start({ store, authentication });
  const counters = new Counters();
  const settings = {
    ...{ trustProxy, limitLoopback: false, loginFailureRate: perMinute },
    ...{ loginRate: 10_000, registrationRate: 10_000, sendRate: 10_000, sendBytesRate: 10_000_000 },
    readBytesRate: 10_000_000,
  };
  const clock = { ...systemClock, now: () => now, monotonic: () => monotonic };
  const opened = buildRouteApp(core.operations, {
    ...{ mode: 'secret', warnings: [], version: '9.9.9', log: log.log },
    ...routeFiguresOf(counters),
    proofs: { clusterKeys: keys, users: core.callers },
    hasDashboard: true,
    admin: openAdmin({
      ...{ core, clusterKeys: keys, clock, log: log.log },
    }),
    callerLimits: new CallerLimits(settings, counters, () => 0),
    portLimits: new PortLimits({ ...settings, connectionsPerIp: 100 }, 100, counters),
  });
  onTeardown(() => opened.close());
  return opened;
}

async function make(role: OperatorRole, name: string = role): Promise<void> {
  const id = `id of ${name}, ${Math.random()}`;
  const operator = { name, id, role, hash: await hashed, generation: 1, createdAt: 1 };
  await store.operators.add(operator);
}

async function ask(
  path: string,
  body: object | undefined,
  headers: Record<string, string> = {},
  { at = app, address = from } = {},
) {
  return at.inject({
    method: body === undefined ? 'GET' : 'POST',
    url: path,
    remoteAddress: address,
    headers: { 'x-cim-version': '1', ...headers },
    ...(body && { body }),
  });
}

async function signIn(name: string, given = password, where?: Parameters<typeof ask>[3]) {
  const answer = await ask('/admin/signIn', { name, password: given }, {}, where);
  const [cookie = ''] = String(answer.headers['set-cookie'] ?? '').split(';', 1);
  const session: Session = { cookie, half: answer.json().dataBody?.half ?? '' };
  return { answer, session };
}

function bearing({ cookie, half }: Session): Record<string, string> {
  return { cookie, 'x-cim-operator': half };
}

async function statusOf(session: Session, path = '/admin/me', body?: object): Promise<number> {
  return (await ask(path, body, bearing(session))).statusCode;
}

async function audited(): Promise<Omit<AuditEntry, 'place' | 'at'>[]> {
  const entries = await store.audit.page({ limit: 100 });
  return entries.map(({ place: _, at: __, ...rest }) => rest);
}

test('who signs in is told who they are, and bears it as a browser does', async () => {
  const { answer, session } = await signIn('manage');
  expect(answer.json().dataBody).toEqual({
    ...{ name: 'manage', role: 'manage', half: session.half },
    endsAt: now + limits.operatorSessionMs,
  });
  const [, ...attributes] = String(answer.headers['set-cookie']).split('; ');
  expect(attributes.slice(0, 3)).toEqual(['Path=/admin', 'HttpOnly', 'SameSite=Strict']);
  const me = await ask('/admin/me', undefined, bearing(session));
  expect(me.json().dataBody).toEqual({ name: 'manage', role: 'manage' });
});

test('the cookie is for TLS alone where a trusted proxy speaks it, and nobody else says so', async () => {
  const attributesFrom = async (at: HttpApp, address: string, proto?: string) => {
    const headers = proto === undefined ? {} : { 'x-forwarded-proto': proto };
    const body = { name: 'manage', password };
    const answer = await ask('/admin/signIn', body, headers, { at, address });
    return String(answer.headers['set-cookie']).split('; ');
  };
  const behind = await openRoute(clusterKeys, ['10.0.0.7']);
  expect(await attributesFrom(behind, '10.0.0.7', 'https')).toContain('Secure');
  expect(await attributesFrom(behind, '10.0.0.7', 'http')).not.toContain('Secure');
  expect(await attributesFrom(behind, '10.0.0.7')).not.toContain('Secure');
  expect(await attributesFrom(behind, '10.0.0.8', 'https')).not.toContain('Secure');
  expect(await attributesFrom(app, '10.0.0.7', 'https')).not.toContain('Secure');
});

test.each([
  ['/admin/cluster', undefined],
  ['/admin/clusterVitals', undefined],
  ['/admin/people', { find: 'amy' }],
  ['/admin/person', { userId: 1 }],
  ['/admin/group', { group: 'cooks' }],
  ['/admin/servers', {}],
  ['/admin/apiKeys', undefined],
  ['/admin/operators', undefined],
])('%s is for both roles', async (path, body) => {
  await store.groups.create('cooks', 1);
  for (const name of ['view', 'manage'])
    expect(await statusOf((await signIn(name)).session, path, body)).toBe(200);
});

test.each([
  ['/admin/kick', { userId: 1 }],
  ['/admin/resetSecret', { userId: 1, loginKey: 'A'.repeat(43) }],
  ['/admin/createApiKey', { label: 'x', scope: 'push' }],
  ['/admin/revokeApiKey', { id: 'none' }],
  ['/admin/drain', { server: 'none' }],
  ['/admin/deleteGroup', { group: 'cooks' }],
])('%s is for who manages, and noted', async (path, body) => {
  await store.groups.create('cooks', 1);
  expect(await statusOf((await signIn('view')).session, path, body)).toBe(403);
  expect(await audited()).toHaveLength(1);
  expect(await statusOf((await signIn('manage')).session, path, body)).not.toBe(403);
  const [{ by, action } = { by: '', action: '' }] = await audited();
  expect([by, `/admin/${action}`]).toEqual(['manage', path]);
});

test('people are found by number, by name whatever its case, and not by what is no id', async () => {
  const { session } = await signIn('view');
  const find = async (text: string) =>
    (await ask('/admin/people', { find: text }, bearing(session))).json().dataBody;
  expect(await find(' 1 ')).toEqual([{ userId: 1, name: 'amy' }]);
  expect(await find('AMY')).toEqual([{ userId: 1, name: 'amy' }]);
  for (const nobody of ['99', '9'.repeat(16), 'zoe', '']) expect(await find(nobody)).toEqual([]);
});

test('a person is told with sessions, groups and what waits, and a group with its members', async () => {
  await store.groups.create('cooks', 1);
  const { session } = await signIn('view');
  const person = await ask('/admin/person', { userId: 1 }, bearing(session));
  expect(person.json().dataBody).toEqual({
    ...{ userId: 1, name: 'amy', sessions: [], hasKey: false, isBlocked: false },
    schedules: [],
    groups: [{ group: 'cooks', title: 'cooks', owner: 1, keyEpoch: 0 }],
  });
  const group = await ask('/admin/group', { group: 'Cooks' }, bearing(session));
  expect(group.json().dataBody).toMatchObject({
    ...{ group: 'cooks', owner: 1, isEncrypted: false },
    members: [{ userId: 1, name: 'amy' }],
  });
});

test('a group that is deleted has nobody, and its name is free', async () => {
  await store.groups.create('cooks', 1);
  await store.groups.join('cooks', 2);
  const { session } = await signIn('manage');
  const answer = await ask('/admin/deleteGroup', { group: 'cooks' }, bearing(session));
  expect(answer.json().dataBody).toEqual({ left: 2 });
  expect(await store.groups.find('cooks')).toBeNull();
  expect(await store.groups.of(2)).toEqual([]);
});

test('any route takes what another has given, if it is of the cluster', async () => {
  const { session } = await signIn('view');
  const [another, foreign] = [await openRoute(), await openRoute(clusterKeysOf('another'))];
  const at = async (each: HttpApp) =>
    (await ask('/admin/me', undefined, bearing(session), { at: each })).statusCode;
  expect([await at(another), await at(foreign)]).toEqual([200, 401]);
});

test('one half is worth nothing, nor is one of each of two sessions', async () => {
  const [one, other] = [(await signIn('manage')).session, (await signIn('manage')).session];
  const asked = async (headers: Record<string, string>) =>
    (await ask('/admin/me', undefined, headers)).statusCode;
  expect(await asked({ cookie: one.cookie })).toBe(401);
  expect(await asked({ 'x-cim-operator': one.half })).toBe(401);
  expect(await asked({ cookie: one.cookie, 'x-cim-operator': other.half })).toBe(401);
  expect(await asked({ cookie: one.cookie, 'x-cim-operator': '' })).toBe(401);
  expect(await asked({ cookie: `a=b; ${one.cookie}; c=d`, 'x-cim-operator': one.half })).toBe(200);
});

test('a token of a user is none of an operator, nor the other way round', async () => {
  const { session } = await signIn('manage');
  const token = session.cookie.slice(session.cookie.indexOf('=') + 1);
  const asUser = await ask('/groups', { userId: 1 }, { authorization: `Bearer ${token}` });
  expect(asUser.statusCode).toBe(401);
  const { token: ofAmy } = await testTokens.issue({ ...amy, userName: amy.name, generation: 1 });
  expect(await statusOf({ ...session, cookie: `cim-operator=${ofAmy}` })).toBe(401);
});

test('a token without a half, or of another algorithm, lets nobody in', async () => {
  const [key] = clusterKeys();
  const { id } = (await store.operators.find('manage'))!;
  const sign = (claims: object, alg = 'HS256') =>
    new SignJWT({ id, gen: 1, ...claims })
      .setProtectedHeader({ alg, kid: key!.token.id })
      .setIssuer('cim operators')
      .setSubject('manage')
      .setExpirationTime('1h')
      .sign(key!.token.bytes);
  for (const token of [await sign({}), await sign({ half: '' })])
    expect(await statusOf({ cookie: `cim-operator=${token}`, half: 'x' })).toBe(401);
});

test('while the store is away who was there looks on, and does not act; nobody else does', async () => {
  const { session } = await signIn('manage');
  const { session: idle } = await signIn('view');
  expect(await statusOf(session)).toBe(200);
  const { operators } = store;
  const find = operators.find.bind(operators);
  operators.find = async () => {
    throw new CimError('unavailable', 'Redis: gone');
  };
  for (let passed = 0; passed < 3; passed++) {
    monotonic += limits.operatorSeenMs;
    const me = await ask('/admin/me', undefined, bearing(session));
    expect(me.json().dataBody).toEqual({ name: 'manage', role: 'view' });
    expect(await statusOf(session, '/admin/kick', { userId: 1 })).toBe(403);
  }
  expect(await statusOf(idle)).toBe(503);
  operators.find = find;
  const me = await ask('/admin/me', undefined, bearing(session));
  expect(me.json().dataBody).toEqual({ name: 'manage', role: 'manage' });

  await store.operators.remove('manage');
  expect(await statusOf(session)).toBe(401);
  operators.find = async () => {
    throw new CimError('unavailable', 'Redis: gone');
  };
  expect(await statusOf(session)).toBe(503);
});

test('who has not looked for a while is not believed while the store is away', async () => {
  const { session } = await signIn('view');
  expect(await statusOf(session)).toBe(200);
  store.operators.find = async () => {
    throw new CimError('unavailable', 'Redis: gone');
  };
  monotonic += limits.operatorSeenMs + 1;
  expect(await statusOf(session)).toBe(503);
});

test('users, and endpoints for the cluster secret alone, are none of an account', async () => {
  const { session } = await signIn('manage');
  expect(await statusOf(session, '/kick', { userId: 1 })).toBe(401);
  expect(await statusOf(session, '/createOperator', {})).toBe(401);
  expect(await statusOf(session, '/groups', { userId: 1 })).toBe(401);
});

test.each<[string, () => Promise<unknown>]>([
  ['changed', () => store.operators.change('manage', { role: 'view' })],
  ['removed', () => store.operators.remove('manage')],
  [
    'removed and made anew',
    async () => {
      await store.operators.remove('manage');
      await make('manage');
    },
  ],
  [
    'too old',
    async () => {
      now += limits.operatorSessionMs + limits.clockToleranceMs + 1_000;
    },
  ],
])('an operator who was %s is out at once', async (_, happen) => {
  const { session } = await signIn('manage');
  expect(await statusOf(session)).toBe(200);
  await happen();
  expect(await statusOf(session)).toBe(401);
});

test('who signs out is out in every browser, and noted', async () => {
  const [one, other] = [(await signIn('view')).session, (await signIn('view')).session];
  const answer = await ask('/admin/signOut', {}, bearing(one));
  expect(answer.headers['set-cookie']).toContain('cim-operator=; ');
  expect(answer.headers['set-cookie']).toContain('Max-Age=0');
  expect([await statusOf(one), await statusOf(other)]).toEqual([401, 401]);
  const noted = { by: 'view', address: from, target: '', outcome: 'done' };
  const actions = ['signOut', 'signIn', 'signIn'];
  expect(await audited()).toEqual(actions.map((action) => ({ ...noted, action })));
});

test('a wrong password and an unknown name are one answer, logged and not in the audit log', async () => {
  const wrong = (await signIn('manage', 'another password')).answer;
  const unknown = (await signIn('nobody', password)).answer;
  expect(wrong.statusCode).toBe(401);
  expect(unknown.json()).toEqual(wrong.json());
  expect(wrong.headers['set-cookie']).toBeUndefined();
  expect(await audited()).toEqual([]);
  const text = JSON.stringify(log.lines);
  expect(text).toContain('an operator was not let in');
  expect(text).not.toContain('another password');
});

test('names and passwords are guessed little from one address; from another one signs in', async () => {
  const codes = [];
  for (const name of ['manage', 'view', 'amy', 'bob', 'manage'])
    codes.push((await signIn(name, 'a wrong password')).answer.statusCode);
  expect(codes).toEqual([401, 401, 401, 429, 429]);
  expect((await signIn('manage')).answer.statusCode).toBe(429);
  const elsewhere = await signIn('manage', password, { address: '203.0.113.9' });
  expect(elsewhere.answer.statusCode).toBe(200);
});

test('what is noted says who, what, to whom and what came of it', async () => {
  const secret = { authorization: 'Bearer cluster' };
  const hash = await hashed;
  await ask('/createOperator', { name: 'zoe', role: 'view', hash }, secret);
  await ask(
    '/createOperator',
    { name: 'zoe', role: 'manage', hash: `${hash.slice(0, -1)}A` },
    secret,
  );
  await ask('/changeOperator', { name: 'zoe', role: 'manage' }, secret);
  await ask('/removeOperator', { name: 'zoe' }, secret);
  await ask('/kick', { userId: 99 }, secret);
  const common = { by: '', address: from, outcome: 'done' };
  expect(await audited()).toEqual([
    { ...common, action: 'kick', target: '99', outcome: 'not-found' },
    { ...common, action: 'removeOperator', target: 'zoe' },
    { ...common, action: 'changeOperator', target: 'zoe (manage)' },
    { ...common, action: 'createOperator', target: 'zoe (manage)', outcome: 'name-taken' },
    { ...common, action: 'createOperator', target: 'zoe (view)' },
  ]);
  const { session } = await signIn('view');
  const read = await ask('/admin/auditLog', { limit: 2 }, bearing(session));
  const [newest, next] = read.json().dataBody;
  expect([newest.action, next.action]).toEqual(['signIn', 'kick']);
});

test.each(['Amy', 'a b', '', '-a', 'ä', 'a\n', 'a'.repeat(33)])('%j is no name', async (name) => {
  const secret = { authorization: 'Bearer cluster' };
  const answer = await ask('/createOperator', { name, role: 'view', hash: await hashed }, secret);
  expect(answer.statusCode).toBe(400);
});

test('a page of another site is not answered, whatever it bears', async () => {
  const { session } = await signIn('manage');
  const foreign = { ...bearing(session), origin: 'https://evil.example', host: 'cim.example' };
  expect((await ask('/admin/me', undefined, foreign)).statusCode).toBe(403);
});

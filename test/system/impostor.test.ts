// Goal: somebody who knows the id and the name of a person, and has an account of his own, but not
// that person's secret, gets nowhere by any port. Method: he tries every kind of token on the TCP
// port, every endpoint of both HTTP ports (as they list themselves) and the links between roles,
// on `cim dev` and on a cluster of the packaged executable.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { deriveAccountKeys } from '../../src/auth/account-secret.ts';
import { drawNonce } from '../../src/auth/link-proof.ts';
import { Tokens } from '../../src/auth/tokens.ts';
import { errorTable } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { closeCodes } from '../../src/codec/close-codes.ts';
import { command } from '../../src/codec/commands.ts';
import { com } from '../../src/codec/protobuf.ts';
import { encodeRequest } from '../../src/codec/sdk-frame.ts';
import { clusterKeysOf } from '../support/cluster-key.ts';
import { JavaPeer } from '../support/java-peer.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { Client, startDevelopment, startRoute, startServer } from '../support/roles.ts';
import { secretOf } from '../support/secret-of.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper } from '../support/zookeeper.ts';

const { BaseCommand } = com.crossoverjie.cim.common.protocol;

const clusterSecret = 'the secret of the cluster';
const guarded = ['--auth', 'secret', '--cluster-secret', clusterSecret];
const victim = { userId: 7, name: 'victim' };
const impostor = { userId: 8, name: 'impostor' };

interface System {
  readonly tcp: string;
  readonly route: string;
  /** Of the server. */
  readonly http: string;
  readonly redis?: TestRedis;
}

async function startDev(): Promise<System> {
  const { addresses } = await startDevelopment(['--data', ':memory:', ...guarded]);
  const { tcp = '', route = '', http = '' } = addresses;
  return { tcp, route, http };
}

async function startCluster(): Promise<System> {
  const [redis, zookeeper] = await Promise.all([startRedis(), startZooKeeper()]);
  const route = await startRoute(zookeeper.address, redis.address, guarded);
  const server = await startServer(zookeeper.address, ['--cluster-secret', clusterSecret]);
  const { tcp = '', http = '' } = server.addresses;
  return { tcp, route: route.addresses['http'] ?? '', http, redis };
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly dataBody: unknown;
}

async function call(
  origin: string,
  method: string,
  path: string,
  body: object | undefined,
  bearer: string | undefined,
): Promise<Answer> {
  const response = await fetch(`http://${origin}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-cim-version': '1',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { code, dataBody } = (await response.json()) as Answer;
  return { status: response.status, code, dataBody };
}

/** With the right secret: what the impostor lacks for the victim, and has for himself. */
async function tokenOf(system: System, { userId, name }: typeof victim): Promise<string> {
  const { loginKey } = await deriveAccountKeys(secretOf(userId), userId);
  const login = { userId, userName: name, loginKey };
  const { dataBody } = await call(system.route, 'POST', '/login', login, undefined);
  return (dataBody as { token: string }).token;
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Claims of the victim, signed in every way that he can think of. */
function forgedTokens(own: string, victims: string): Record<string, string> {
  const [header = '', , signature = ''] = own.split('.');
  const claims = { name: victim.name, gen: 1, iss: 'cim', sub: '7', exp: 9_999_999_999 };
  const kid = JSON.parse(Buffer.from(header, 'base64url').toString()).kid as string;
  const signed = (head: object, key: string) => {
    const content = `${part(head)}.${part(claims)}`;
    return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
  };
  return {
    'his own': own,
    'his own with the name changed': `${header}.${part(claims)}.${signature}`,
    'one without a signature': `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`,
    'one without a signature, of a known key': `${part({ alg: 'none', typ: 'JWT', kid })}.${part(claims)}.`,
    'one that he has signed': signed({ alg: 'HS256', typ: 'JWT', kid }, 'a key of his own'),
    'one signed with what is public': signed({ alg: 'HS256', typ: 'JWT', kid }, kid),
    'one signed with nothing': signed({ alg: 'HS256', typ: 'JWT', kid }, '\0'),
    "the victim's, with a letter changed": `${victims.slice(0, -4)}AAAA`,
    'no token at all': 'x',
  };
}

/** For these nobody has to prove anything, or any user may. */
const forAnybody = ['/healthz', '/readyz', '/salt', '/challenge'];
const forAnyUser = [...forAnybody, '/onlineUser', '/onlineUsers', '/me', '/keys', '/presence'];

/** For whoever bears the capability of a file, of which there are none here. */
const forBearers = ['/finishFile', '/cancelFile', '/files/'];
const noFile = (['no-files', 'unknown-file', 'bad-chunk'] as const).map(
  (name) => errorTable[name].code,
);

/** What browsers send for pages of others: by their origin, or under a name that they have rebound. */
const foreign: readonly Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { host: 'evil.example' },
  { host: 'evil.example', origin: 'http://evil.example' },
];

/** What would do the most harm, in fields of these names. */
const harm: Readonly<Record<string, unknown>> = {
  userId: victim.userId,
  userName: victim.name,
  from: victim.userId,
  receiveUserId: victim.userId,
  peer: impostor.userId,
  to: victim.userId,
  userIds: [victim.userId],
  group: 'victims',
  msg: 'forged',
  text: 'forged',
  id: 'x',
  label: 'x',
  delaySeconds: 0,
  server: 'x',
  scope: 'push',
  cmd: 'MESSAGE',
  properties: {},
  loginKey: 'A'.repeat(43),
  newLoginKey: 'A'.repeat(43),
  publicKey: 'A'.repeat(43),
  wrappedKey: 'A'.repeat(80),
  nonce: 'x',
  admin: true,
  isShown: true,
  seq: 1,
  epoch: 1,
  draw: 'A'.repeat(22),
  slots: [],
  commit: true,
  bytes: 1,
  type: 'text/plain',
  sha256: '0'.repeat(64),
  capability: 'A'.repeat(22),
};

interface Documentation {
  readonly paths: Record<
    string,
    Record<
      string,
      {
        readonly requestBody?: {
          content: { 'application/json': { schema: { required?: readonly string[] } } };
        };
      }
    >
  >;
}

async function endpointsOf(origin: string) {
  const { paths } = (await (await fetch(`http://${origin}/openapi.json`)).json()) as Documentation;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody }]) => {
      const required = requestBody?.content['application/json'].schema.required;
      const fields = required?.map((name) => [name, harm[name]]);
      if (path === '/p2pRoute' || path === '/sendMsg') fields?.push(['msg', harm['msg']]);
      return { path, method: method.toUpperCase(), body: fields && Object.fromEntries(fields) };
    }),
  );
}

describe.each([
  ['cim dev', startDev],
  ['a cluster', startCluster],
])('against %s', (_name, start) => {
  let system: System;
  let person: Client;
  let other: Client;
  let own: string;
  let victims: string;
  let tokens: Record<string, string>;

  beforeAll(async () => {
    system = await start();
    const routes = [`http://${system.route}`];
    person = await Client.ready({ ...victim, routes });
    other = await Client.ready({ ...impostor, routes });
    own = await tokenOf(system, impostor);
    victims = await tokenOf(system, victim);
    tokens = forgedTokens(own, victims);
  });

  /** A login as the victim. */
  async function loginWith(token: string, fields: object = {}): Promise<JavaPeer> {
    const [host = '', port = ''] = system.tcp.split(':');
    const peer = await JavaPeer.connect(host, Number(port), victim.userId, victim.name);
    peer.socket.write(
      encodeRequest({
        requestId: victim.userId,
        reqMsg: victim.name,
        protocolVersion: 1,
        device: 'laptop',
        connectionNumber: Date.now(),
        epoch: new Uint8Array(8).fill(3),
        token,
        ...fields,
      }),
    );
    return peer;
  }

  /** One that the server refuses: what it says before it ends. */
  async function logIn(token: string, fields: object = {}): Promise<JavaPeer> {
    const peer = await loginWith(token, fields);
    await peer.whenClosed();
    return peer;
  }

  function codesOf(peer: JavaPeer): unknown[] {
    return peer.frames.map(({ cmd, ...rest }) => [BaseCommand[cmd], Reflect.get(rest, 'code')]);
  }

  const refused = [['CLOSE', closeCodes['token-refused'].code]];

  test('over TCP, with every kind of token but the right one', async () => {
    for (const [what, token] of Object.entries(tokens))
      expect([what, codesOf(await logIn(token))]).toEqual([what, refused]);
    const expired = await new Tokens({
      clusterKeys: clusterKeysOf(clusterSecret),
      lifetimeMs: -limits.clockToleranceMs - 1_000,
      now: () => Date.now(),
    }).issue({ userId: victim.userId, userName: victim.name, generation: 1 });
    expect(codesOf(await logIn(expired.token))).toEqual(refused);
  });

  test('over TCP, without a token: as a cim client, as a Java client', async () => {
    expect(codesOf(await logIn(''))).toEqual([['CLOSE', closeCodes['not-allowed'].code]]);
    const java = { protocolVersion: 0, device: '', connectionNumber: 0, epoch: new Uint8Array() };
    expect(codesOf(await logIn('', java))).toEqual([]);
  });

  test.each(['route', 'http'] as const)(
    'over HTTP, at every endpoint of its port: %s',
    async (port) => {
      const endpoints = await endpointsOf(system[port]);
      expect(endpoints.length).toBeGreaterThan(3);
      const shown: (readonly [string, string | undefined, readonly string[]])[] = [
        ['nothing', undefined, forAnybody],
        ...Object.entries(tokens).map(
          ([what, token]) => [what, token, token === own ? forAnyUser : forAnybody] as const,
        ),
        ['a guess of the secret', 'test', forAnybody],
        ['a key of nobody', `cimk_0123456789abcdef_${'A'.repeat(43)}`, forAnybody],
      ];
      for (const { method, path, body } of endpoints) {
        for (const [what, bearer, allowed] of shown) {
          const { status, code } = await call(system[port], method, path, body, bearer);
          const isLetIn = code === '9000';
          expect([path, what, status, isLetIn && !allowed.includes(path)]).toEqual([
            path,
            what,
            status,
            false,
          ]);
          // A login needs no header, but the secret; the rest is not even looked at.
          const said = allowed.includes(path) ? ['9000'] : ['9100', '9300', '9301', '5100', '5101'];
          if (forBearers.some((prefix) => path.startsWith(prefix))) said.push(...noFile);
          // Whoever signs in has nothing to prove themselves by yet: what they send is looked at.
          if (path === '/admin/signIn') said.push('3000');
          expect([path, what, said]).toEqual([path, what, expect.arrayContaining([code])]);
        }
      }
    },
    120_000,
  );

  test('over the links between roles', async () => {
    for (const origin of [system.route, system.http]) {
      for (const bearer of ['', own, victims, 'test', clusterSecret, clusterSecret.toUpperCase()]) {
        const peer = new RawConnection(origin).send(
          `GET /internal/link HTTP/1.1\r\nHost: ${origin}\r\nCim-Nonce: ${drawNonce()}\r\nConnection: Upgrade\r\nUpgrade: cim-link/2\r\nAuthorization: Bearer ${bearer}\r\n\r\n`,
        );
        // Neither the secret itself, nor a proof of another handshake, is the proof of this one.
        peer.send(drawNonce());
        await peer.whenClosed();
        // `cim dev` takes no links.
        expect([[], [101]]).toContainEqual(peer.statuses);
        expect(peer.received.split('\r\n\r\n').slice(1).join('')).toBe('');
      }
    }
  });

  test.each(['route', 'http'] as const)(
    'from the page of somebody else, in the browser of an operator: %s',
    async (port) => {
      const endpoints = await endpointsOf(system[port]);
      for (const { method, path } of [...endpoints, { method: 'OPTIONS', path: '/login' }]) {
        for (const headers of foreign) {
          const asked = request(`http://${system[port]}${path}`, {
            method,
            headers: { ...headers, authorization: `Bearer ${clusterSecret}` },
          }).end();
          const [answer] = (await once(asked, 'response')) as [IncomingMessage];
          answer.resume();
          expect([path, headers, answer.statusCode]).toEqual([path, headers, 403]);
          expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        }
      }
    },
    60_000,
  );

  test('the victim has noticed nothing', async () => {
    other.say(`${victim.userId};;under his own name`);
    await person.whenText('under his own name');
    expect(person.texts).toHaveLength(1);
    expect(person.events.map(({ event }) => event)).not.toContain('offline');
  });

  test("with the victim's own token, once an operator has kicked, or the secret was changed", async () => {
    // It is the token that decides: with this one the same login is welcome.
    await (await loginWith(victims)).whenReceived(({ cmd }) => cmd === command.welcome);
    await call(system.route, 'POST', '/kick', { userId: victim.userId }, clusterSecret);
    expect(codesOf(await logIn(victims))).toEqual(refused);
    const [one, next] = await Promise.all(
      [victim.userId, 1_007].map((seed) => deriveAccountKeys(secretOf(seed), victim.userId)),
    );
    const kept = await tokenOf(system, victim);
    const { dataBody: pair } = await call(
      system.route,
      'POST',
      '/ownKey',
      { userId: victim.userId },
      kept,
    );
    const wrappedKey = (pair as { wrappedKey: string } | null)?.wrappedKey;
    const change = {
      userId: victim.userId,
      loginKey: one?.loginKey,
      newLoginKey: next?.loginKey,
      ...(wrappedKey === undefined ? {} : { wrappedKey }),
    };
    expect(await call(system.route, 'POST', '/rotateSecret', change, kept)).toMatchObject({
      code: '9000',
    });
    expect(codesOf(await logIn(kept))).toEqual(refused);
    const old = { userId: victim.userId, userName: victim.name, loginKey: one?.loginKey };
    expect(await call(system.route, 'POST', '/login', old, undefined)).toMatchObject({
      code: '9100',
    });
  });

  test('while a part is away: why, but not where that is', async () => {
    const { redis, route } = system;
    if (!redis) return;
    await redis.kill();
    await waitUntil('the route knows', async () => !(await fetch(`http://${route}/readyz`)).ok);
    const said: string[] = [];
    for (const { method, path, body } of await endpointsOf(route)) {
      const response = await fetch(`http://${route}${path}`, {
        method,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${own}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      said.push(`${path} ${response.status} ${await response.text()}`);
    }
    expect(said).toContainEqual(expect.stringMatching(/^\/readyz 503 .*Redis/));
    const port = redis.address.split(':')[1] as string;
    expect(said.filter((answer) => answer.includes(port))).toEqual([]);
  });
});

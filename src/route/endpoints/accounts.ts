/**
 * As the Java route has them: POST /registerAccount, /login, /offLine; GET /onlineUser. Of cim's own:
 * POST /onlineUsers, /rotateSecret; GET /me.
 */
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type RoleAddress, webSocketUrlOf } from '../../base/network/role-address.ts';
import { assertUserName } from '../../base/text/names.ts';
import { anyone } from '../../http/access.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import { endpointOfRole } from '../../registry/registry.ts';
import type { Account } from '../../store/accounts.ts';
import type { AuthMode } from '../accounts/authentication.ts';
import type { RouteOperations } from '../operations.ts';
import {
  account,
  boolean,
  endpoints,
  integer,
  loginKey,
  pageFields,
  serverName,
  string,
  userId,
  userName,
  wrappedKey,
} from './fields.ts';

/**
 * Servers that one login may avoid: a client names those that failed it within the last minute or
 * so.
 */
const avoidedMax = 32;

export function accountEndpoints(operations: RouteOperations, mode: AuthMode): readonly Endpoint[] {
  // With an application's tokens these make accounts and prove who they are; else these two are
  // where everybody begins.
  const byTokenIfAny = mode === 'jwt' ? ({ who: 'users', actor: 'userId' } as const) : anyone;
  return [
    endpoint({
      method: 'POST',
      path: '/registerAccount',
      access: byTokenIfAny,
      rate: 'registration',
      summary: 'Makes an account, or finds it: a name has one id for ever',
      body: {
        type: 'object',
        required: ['userName'],
        properties: {
          userName,
          userId: { ...userId, description: 'with X-Cim-Version only: the id wanted' },
          loginKey: { ...loginKey, description: `--auth secret: ${loginKey.description}` },
        },
      },
      answer: account,
      handle: async ({ userName, userId, loginKey }, { java, identity, guess }) => {
        assertUserName(userName);
        if (identity.kind === 'user') {
          if (identity.userName !== userName) throw new CimError('account-mismatch');
          return { userId: identity.userId, userName };
        }
        const account = await operations.register({
          name: userName,
          guess,
          ...(java || userId === undefined ? {} : { userId }),
          ...(loginKey === undefined ? {} : { loginKey }),
        });
        return { userId: account.userId, userName: account.name };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/login',
      access: byTokenIfAny,
      rate: 'login',
      summary: 'Chooses the server that the user is to connect to',
      body: {
        type: 'object',
        required: ['userId', 'userName'],
        properties: {
          userId,
          userName,
          loginKey: { ...loginKey, description: `--auth secret: ${loginKey.description}` },
          avoid: {
            type: 'array',
            items: serverName,
            maxItems: avoidedMax,
            description: 'with X-Cim-Version only: host:port of servers that have just failed',
          },
        },
      },
      answer: {
        type: 'object',
        description: 'with X-Cim-Version from endpoints on, else the first three',
        properties: {
          ip: string,
          cimServerPort: integer,
          httpPort: integer,
          endpoints,
          webSocket: { ...string, description: 'where browsers connect, if they can' },
          token: { ...string, description: 'for LOGIN, and for the header Authorization' },
          tokenSeconds: { ...integer, description: 'for how long it lets the user in' },
          encryption: { ...boolean, description: 'whether there are keys of accounts here' },
        },
      },
      handle: async ({ userId, userName, loginKey, avoid = [] }, { java, identity, guess }) => {
        const { address, token } = await operations.login({
          userId,
          userName,
          java,
          guess,
          avoid: java ? [] : avoid,
          ...(loginKey === undefined ? {} : { loginKey }),
          ...(identity.kind === 'user' && identity.proof === 'application-token'
            ? { vouched: true }
            : {}),
        });
        if (!token) return javaAddressOf(address);
        const webSocket = webSocketUrlOf(address);
        return {
          // What roles alone call is no business of clients.
          endpoints: address.filter(({ kind }) => kind !== 'http'),
          ...(webSocket === undefined ? {} : { webSocket }),
          token: token.token,
          tokenSeconds: token.lifetimeMs / 1_000,
          encryption: mode !== 'open',
        };
      },
    }),

    endpoint({
      method: 'POST',
      path: '/offLine',
      access: { who: 'users', actor: 'userId' },
      summary: "Ends the user's session of a Java client, never of a cim device",
      body: { type: 'object', required: ['userId'], properties: { userId } },
      handle: ({ userId }) => operations.offLine(userId),
    }),

    endpoint({
      method: 'GET',
      path: '/onlineUser',
      access: { who: 'users', keys: ['read'] },
      summary: `Everybody online, but no more than ${limits.onlineUsersMax}, by id; null if nobody is`,
      answer: { type: 'array', items: account },
      handle: async () => {
        const users = await firstOnline(operations);
        return users.length === 0 ? null : users.map(accountOf);
      },
    }),

    endpoint({
      method: 'GET',
      path: '/salt',
      access: anyone,
      rate: 'login',
      summary: 'What a secret that a person chose is stretched with, beside the user id',
      answer: { type: 'object', properties: { salt: string } },
      handle: async () => ({ salt: await operations.salt() }),
    }),

    endpoint({
      method: 'POST',
      path: '/onlineUsers',
      access: { who: 'users', keys: ['read'] },
      summary: 'A page of those online, by id',
      body: { type: 'object', required: [], properties: pageFields(limits.onlinePageMax) },
      answer: { type: 'array', items: account },
      handle: async ({ after = 0, limit = limits.onlinePageMax }) =>
        (await operations.onlineUsers({ after, limit })).map(accountOf),
    }),

    endpoint({
      method: 'POST',
      path: '/rotateSecret',
      access: anyone,
      rate: 'login',
      summary: 'Replaces the secret of an account: sessions and tokens of the old one end',
      body: {
        type: 'object',
        required: ['userId', 'loginKey', 'newLoginKey'],
        properties: {
          userId,
          loginKey,
          newLoginKey: { ...loginKey, description: 'of the new secret' },
          wrappedKey,
        },
      },
      handle: (change, { guess }) => operations.rotateSecret({ ...change, guess }),
    }),

    endpoint({
      method: 'GET',
      path: '/me',
      access: { who: 'users' },
      summary: 'Whom the token in the header Authorization speaks for',
      answer: account,
      handle: (_, { identity }) => {
        if (identity.kind !== 'user') {
          throw new CimError('not-allowed', 'this is for users, who show a token');
        }
        return { userId: identity.userId, userName: identity.userName };
      },
    }),
  ];
}

/** As Java callers read it: an IPv6 address is without brackets there. */
function javaAddressOf(address: RoleAddress) {
  const [tcp, http] = [endpointOfRole({ address }, 'tcp'), endpointOfRole({ address }, 'http')];
  return { ip: tcp.host, cimServerPort: tcp.port, httpPort: http.port };
}

/** What callers that know no pages are given: a page after the other, up to a bound. */
async function firstOnline(operations: RouteOperations): Promise<readonly Account[]> {
  const users: Account[] = [];
  const limit = limits.onlinePageMax;
  while (users.length < limits.onlineUsersMax) {
    const page = await operations.onlineUsers({ after: users.at(-1)?.userId ?? 0, limit });
    users.push(...page);
    if (page.length < limit) break;
  }
  return users;
}

function accountOf({ userId, name }: Account) {
  return { userId, userName: name };
}

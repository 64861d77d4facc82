/**
 * POST /registerAccount, /login, /offLine; GET /onlineUser [J2.4]. POST /rotateSecret; GET /me.
 */
import { CimError } from '../../base/errors.ts';
import { assertUserName, nameKey } from '../../base/names.ts';
import { anyone } from '../../http/access.ts';
import { type Endpoint, endpoint } from '../../http/endpoint.ts';
import type { AuthMode } from '../authentication.ts';
import type { RouteOperations } from '../operations.ts';
import { account, boolean, integer, loginKey, string, userId, wrappedKey } from './fields.ts';

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
      guesses: guessedName,
      summary: 'Makes an account, or finds it: a name has one id for ever',
      body: {
        type: 'object',
        required: ['userName'],
        properties: {
          userName: { type: 'string' },
          userId: { ...userId, description: 'with X-Cim-Version only: the id wanted' },
          loginKey: { ...loginKey, description: `--auth secret: ${loginKey.description}` },
        },
      },
      answer: account,
      handle: async ({ userName, userId, loginKey }, { java, identity }) => {
        assertUserName(userName);
        if (identity.kind === 'user') {
          if (identity.userName !== userName) throw new CimError('account-mismatch');
          return { userId: identity.userId, userName };
        }
        const account = await operations.register({
          name: userName,
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
      guesses: ({ userId }) => String(userId),
      summary: 'Chooses the server that the user is to connect to',
      body: {
        type: 'object',
        required: ['userId', 'userName'],
        properties: {
          userId,
          userName: { type: 'string' },
          loginKey: { ...loginKey, description: `--auth secret: ${loginKey.description}` },
          avoid: {
            type: 'array',
            items: { type: 'string' },
            maxItems: avoidedMax,
            description: 'with X-Cim-Version only: ip:port of servers that have just failed',
          },
        },
      },
      answer: {
        type: 'object',
        description: 'the last four with X-Cim-Version only',
        properties: {
          ip: string,
          cimServerPort: integer,
          httpPort: integer,
          tls: { ...boolean, description: 'whether its ports speak TLS' },
          token: { ...string, description: 'for LOGIN, and for the header Authorization' },
          tokenSeconds: { ...integer, description: 'for how long it lets the user in' },
          encryption: { ...boolean, description: 'whether there are keys of accounts here' },
        },
      },
      handle: async ({ userId, userName, loginKey, avoid = [] }, { java, identity }) => {
        const { server, token } = await operations.login({
          userId,
          userName,
          java,
          avoid: java ? [] : avoid,
          ...(loginKey === undefined ? {} : { loginKey }),
          ...(identity.kind === 'user' && identity.proof === 'application-token'
            ? { vouched: true }
            : {}),
        });
        const { ip, tcpPort, httpPort, tls } = server;
        const address = { ip, cimServerPort: tcpPort, httpPort };
        if (!token) return address;
        const tokenSeconds = token.lifetimeMs / 1_000;
        return { ...address, tls, token: token.token, tokenSeconds, encryption: mode !== 'open' };
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
      summary: 'Everybody online; null if nobody is',
      answer: { type: 'array', items: account },
      handle: async () => {
        const users = await operations.onlineUsers();
        if (users.length === 0) return null;
        return users.map(({ userId, name }) => ({ userId, userName: name }));
      },
    }),

    endpoint({
      method: 'POST',
      path: '/rotateSecret',
      access: anyone,
      rate: 'login',
      guesses: ({ userId }) => String(userId),
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
      handle: (change) => operations.rotateSecret(change),
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

/**
 * One account has many ways to write its name. What is no name is refused first: it may be as long
 * as a body, and is not to be remembered.
 */
function guessedName({ userName }: { readonly userName: string }): string {
  assertUserName(userName);
  return nameKey(userName);
}

/** Registering, logging in and out, and the secrets that it takes. */
import { matchesVerifier, verifierOf } from '../../auth/verifier.ts';
import { CimError } from '../../base/errors.ts';
import { type LiveServer, pushAddress, serverAddress } from '../../registry/registry.ts';
import type { Account, Credential } from '../../store/accounts.ts';
import { javaDevice } from '../../store/sessions.ts';
import type { RouteOperations } from '../operations.ts';
import { onlineUsers } from '../presence.ts';
import { registeredAccount } from '../registration.ts';
import { type ServerCandidate, ServerChoice } from '../server-choice.ts';
import { endAll, endSessions, liveSessions, type OperationsContext } from './context.ts';

export function accountOperations(
  context: OperationsContext,
): Pick<RouteOperations, 'register' | 'login' | 'offLine' | 'onlineUsers' | 'rotateSecret'> {
  const { store, registry, accounts, authentication, servers, strategy } = context;
  const { mode, tokens } = authentication;
  const choice = new ServerChoice(() => registry.view.choosable.map(candidateOf), strategy);

  /** The account that a caller of /login has proven to be. */
  async function loginOf({ userId, userName, loginKey, vouched }: LoginProof) {
    const credential = await store.accounts.credential(userId);
    if (mode === 'secret') assertLoginKey(credential, required(loginKey));
    if (mode === 'jwt' && !vouched) {
      throw new CimError(
        'unauthenticated',
        'this needs the header Authorization: Bearer <token>, with a token of the application',
      );
    }
    if (credential?.name !== userName) throw new CimError('account-mismatch');
    return credential;
  }

  return {
    async register({ loginKey, ...registration }) {
      if (mode === 'secret') required(loginKey);
      const verifier = loginKey === undefined ? undefined : verifierOf(loginKey);
      const result = await store.accounts.register({
        ...registration,
        ...(verifier === undefined ? {} : { verifier }),
      });
      const account = registeredAccount(result);
      const isNew = result.status === 'registered' && result.created;
      if (mode === 'secret' && !isNew) {
        assertLoginKey(await store.accounts.credential(account.userId), required(loginKey));
      }
      return account;
    },

    async login({ java, avoid, ...proof }) {
      const { userId, userName } = proof;
      if (!java) {
        const { generation } = await loginOf(proof);
        const server = choice.choose(userId, avoid);
        return { server, token: await tokens.issue({ userId, userName, generation }) };
      }
      if (mode !== 'open') await loginOf(proof);
      else if ((await accounts.find(userId))?.name !== userName)
        throw new CimError('account-mismatch');
      const sessions = await liveSessions(context, userId);
      if (sessions.some(({ device }) => device === javaDevice)) throw new CimError('repeat-login');
      const server = await choice.chooseReachable(userId);
      await store.sessions.assignJava(userId, pushAddress(server));
      return { server };
    },

    async rotateSecret({ userId, loginKey, newLoginKey, wrappedKey }) {
      if (mode !== 'secret') {
        throw new CimError('not-allowed', 'accounts have no secrets here: see --auth');
      }
      const expected = verifierOf(loginKey);
      const verifier = verifierOf(newLoginKey, 'newLoginKey');
      if (wrappedKey === undefined && (await store.accounts.keyPair(userId))) {
        // Nobody else is to learn that it has one.
        assertLoginKey(await store.accounts.credential(userId), loginKey);
        throw new CimError(
          'invalid-argument',
          'wrappedKey: must be given, as the account has a key pair',
        );
      }
      const change = { userId, expected, verifier, wrappedKey: wrappedKey ?? null };
      if ((await store.accounts.replaceSecret(change)) === null)
        throw new CimError('account-mismatch');
      await endAll(context, userId, 'secret-changed');
    },

    async offLine(userId) {
      const session = await store.sessions.endJava(userId, await store.sessions.now());
      if (session) await endSessions(context, [session], 'kicked');
    },

    onlineUsers: () => onlineUsers(servers, [...registry.view.servers.values()].map(pushAddress)),
  };
}

type LoginProof = Omit<Parameters<RouteOperations['login']>[0], 'java' | 'avoid'>;

function required(loginKey: string | undefined): string {
  if (loginKey !== undefined) return loginKey;
  throw new CimError(
    'unauthenticated',
    'loginKey: must be given, as accounts have secrets here (--auth secret)',
  );
}

/** One answer to a wrong key and to an account that does not exist. */
function assertLoginKey(credential: (Account & Credential) | null, loginKey: string): void {
  if (credential?.verifier === '') {
    throw new CimError(
      'account-mismatch',
      `the account has no secret yet: an operator gives it one with cim admin reset-secret ${credential.userId}`,
    );
  }
  if (!matchesVerifier(loginKey, credential?.verifier ?? '')) {
    throw new CimError('account-mismatch');
  }
}

function candidateOf(server: LiveServer): ServerCandidate {
  const { ip, tcpPort, httpPort, tls, connections } = server;
  return { key: serverAddress(server), ip, tcpPort, httpPort, tls, connections };
}

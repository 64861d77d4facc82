/** Registering, logging in and out, and the secrets that it takes. */
import { isOfDrawnSecret, matchesVerifier, verifierOf } from '../../auth/verifier.ts';
import { CimError } from '../../base/errors.ts';
import { nameKey } from '../../base/text/names.ts';
import type { Guess } from '../../limits/guess-rate.ts';
import { pushAddress } from '../../registry/registry.ts';
import { type Account, type Credential, isBlocked } from '../../store/accounts.ts';
import { javaDevice } from '../../store/sessions.ts';
import { registeredAccount } from '../accounts/registration.ts';
import type { RouteOperations } from '../operations.ts';
import { onlineUsers } from '../servers/presence.ts';
import { ServerChoice } from '../servers/server-choice.ts';
import {
  choosableServers,
  endAll,
  endSessions,
  liveSessions,
  type OperationsContext,
} from './context.ts';

export function accountOperations(
  context: OperationsContext,
): Pick<
  RouteOperations,
  'register' | 'login' | 'offLine' | 'onlineUsers' | 'rotateSecret' | 'salt'
> {
  const { store, registry, accounts, authentication, servers, strategy } = context;
  const { mode, tokens } = authentication;
  const choice = new ServerChoice(() => choosableServers(context), strategy);

  /** The account that a caller of /login has proven to be. */
  async function loginOf({ userId, userName, loginKey, vouched, guess }: LoginProof) {
    const credential = await store.accounts.credential(userId);
    if (!credential && (await store.deletions.isDeleted(userId)))
      throw new CimError('account-deleted');
    if (mode === 'secret') await assertLoginKey(credential, userId, loginKey, guess);
    if (mode === 'jwt' && !vouched) {
      throw new CimError(
        'unauthenticated',
        'this needs the header Authorization: Bearer <token>, with a token of the application',
      );
    }
    if (!credential) throw new CimError('account-mismatch');
    if (credential.name !== userName) throw wrongName(credential, userName);
    if (mode !== 'open' && isBlocked(credential)) throw new CimError('account-blocked');
    return credential;
  }

  return {
    async register({ loginKey, guess, ...registration }) {
      if (mode === 'secret') required(loginKey);
      const verifier = loginKey === undefined ? undefined : verifierOf(loginKey);
      const result = await store.accounts.register({
        ...registration,
        ...(verifier === undefined ? {} : { verifier }),
      });
      // Whoever holds the account may know what it is called.
      if (result.status === 'id-taken' && mode === 'secret') {
        const credential = await store.accounts.credential(result.account.userId);
        if (
          credential &&
          (await isHolder(credential, credential.userId, required(loginKey), guess))
        )
          throw wrongName(credential, registration.name);
      }
      const account = registeredAccount(result);
      const isNew = result.status === 'registered' && result.created;
      if (mode === 'secret' && !isNew) {
        const credential = await store.accounts.credential(account.userId);
        await assertLoginKey(credential, account.userId, loginKey, guess);
      }
      return account;
    },

    async login({ java, avoid, ...proof }) {
      const { userId, userName } = proof;
      if (!java) {
        const { generation } = await loginOf(proof);
        const { address } = choice.choose(userId, avoid);
        return { address, token: await tokens.issue({ userId, userName, generation }) };
      }
      if (mode !== 'open') await loginOf(proof);
      else if ((await accounts.find(userId))?.name !== userName)
        throw new CimError('account-mismatch');
      const sessions = await liveSessions(context, userId);
      if (sessions.some(({ device }) => device === javaDevice)) throw new CimError('repeat-login');
      const server = await choice.chooseReachable(userId);
      await store.sessions.assignJava(userId, pushAddress(server));
      return { address: server.address };
    },

    async rotateSecret({ userId, loginKey, newLoginKey, wrappedKey, guess }) {
      if (mode !== 'secret') {
        throw new CimError('not-allowed', 'accounts have no secrets here: see --auth');
      }
      const expected = verifierOf(loginKey);
      const verifier = verifierOf(newLoginKey, 'newLoginKey');
      const credential = await store.accounts.credential(userId);
      // The new one is there already when a call is repeated whose answer was lost; whoever shows it
      // guesses as well.
      if (!(await isHolder(credential, userId, loginKey, guess)))
        await assertLoginKey(credential, userId, newLoginKey, guess);
      // Only now, as nobody else is to learn that it has one.
      if (wrappedKey === undefined && (await store.accounts.keyPair(userId))) {
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
      if (!session) return;
      context.presenceHints.changed(userId, false);
      await endSessions(context, [session], 'kicked');
    },

    salt: () => store.identity.salt(),

    onlineUsers: (page) =>
      onlineUsers(servers, [...registry.view.servers.values()].map(pushAddress), page),
  };
}

type LoginProof = Omit<Parameters<RouteOperations['login']>[0], 'java' | 'avoid'>;

/** To somebody who has proven to be its holder, or where nobody needs to. */
function wrongName({ userId, name }: Account, given: string): CimError {
  const isSpelling = nameKey(name) === nameKey(given);
  const hint = isSpelling ? ' (case counts, and how letters are composed)' : '';
  return new CimError(
    'wrong-name',
    `account ${userId} bears the name ${JSON.stringify(name)}: log in under that one${hint}`,
  );
}

function required(loginKey: string | undefined): string {
  if (loginKey !== undefined) return loginKey;
  throw new CimError(
    'unauthenticated',
    'loginKey: must be given, as accounts have secrets here (--auth secret)',
  );
}

/** One answer to a wrong key and to an account that does not exist. */
export async function assertLoginKey(
  credential: (Account & Credential) | null,
  userId: number,
  given: string | undefined,
  guess: Guess | undefined,
): Promise<void> {
  const loginKey = required(given);
  if (credential?.verifier === '') {
    throw new CimError(
      'account-mismatch',
      `the account has no secret yet: an operator gives it one with cim admin reset-secret ${credential.userId}`,
    );
  }
  if (!(await isHolder(credential, userId, loginKey, guess)))
    throw new CimError('account-mismatch');
}

/** Nobody guesses a key of 256 random bits: whoever shows one is not held up by those who guess. */
async function isHolder(
  credential: Credential | null,
  userId: number,
  loginKey: string,
  guess: Guess | undefined,
): Promise<boolean> {
  const isRight = () => matchesVerifier(loginKey, credential?.verifier ?? '');
  return !guess || isOfDrawnSecret(loginKey) ? isRight() : guess(userId, isRight);
}

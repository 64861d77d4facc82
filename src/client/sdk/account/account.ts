/**
 * The account of a client, as routes know it. It registers the account, proves to hold it, and has
 * the token that lets its connections and requests in.
 */
import type { AccountKeys } from '../../../auth/account-secret.ts';
import { CimError } from '../../../base/errors.ts';
import { ignore } from '../../../base/ignore.ts';
import { limits } from '../../../base/limits.ts';
import { endpointOf, roleAddressOfJson } from '../../../base/network/role-address.ts';
import type { WarningKind } from '../client-events.ts';
import type { WrappedPair } from '../e2ee/key-vault.ts';
import { loaded } from '../on-demand.ts';
import type { Platform, ServerPort } from '../platform.ts';
import { asLongAsUnanswered } from '../routes/patience.ts';
import type { Call, RouteCaller } from '../routes/route-caller.ts';
import type { TokenSource } from '../routes/routes.ts';
import type { Credentials } from './credentials.ts';
import { Secrets } from './secrets.ts';

export interface AccountOptions {
  readonly userId: number;
  readonly userName: string;
  readonly credentials: Credentials;
  readonly platform: Pick<Platform, 'clock' | 'random'>;
  readonly caller: RouteCaller;
  readonly warn: (kind: WarningKind, message: string) => void;
}

/** What a login at a route gives. */
export interface AccountLogin {
  readonly server: ServerPort;
  /** For the server, and for routes; undefined: they ask for none. */
  readonly token: string | undefined;
  /** The secret that it was given for, if it was for one. */
  readonly secret: string | undefined;
}

/** `/login`'s answer. */
interface LoginAnswer {
  /** Of a server: a RoleAddress, if the route is one. */
  readonly endpoints?: unknown;
  /** Where that server speaks WebSocket. */
  readonly webSocket?: unknown;
  readonly token?: string;
  readonly tokenSeconds?: number;
  /** Routes keep keys of accounts. */
  readonly encryption?: boolean;
}

/** The token, or the knowledge that there is none, is as old as the request for it. */
interface HeldLogin extends AccountLogin {
  /** Monotonic ms. */
  readonly goodUntil: number;
}

/** What is left of its time when a token is given up: for what is on its way, and clocks that drift. */
const tokenShareUsed = 0.9;

/** Beside the one thing that it proves by, a request to log in is always the same. */
type Proof = { readonly loginKey?: string; readonly bearer?: string };

export class Account implements TokenSource {
  readonly #options: AccountOptions;
  readonly #secrets: Secrets;
  #registered = false;
  #held: HeldLogin | undefined;
  /** The one that has let the client in. */
  #secret: string | undefined;
  #keepsKeys = false;
  /** One login or change of the secret at a time: else a person could be asked twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AccountOptions) {
    const { userId, credentials, platform, warn } = options;
    this.#options = options;
    const salt = async () => {
      const answer = await options.caller.call({ method: 'GET', path: '/salt' });
      return (answer as { readonly salt: string }).salt;
    };
    this.#secrets = new Secrets({ userId, credentials, random: platform.random, salt, warn });
  }

  /** What the last login gave, if it still lets in. */
  get admission(): AccountLogin | undefined {
    const isGood = this.#held && this.#options.platform.clock.monotonic() < this.#held.goodUntil;
    return isGood ? this.#held : undefined;
  }

  /** Whether routes keep keys of accounts, as the last login told. */
  get keepsKeys(): boolean {
    return this.#keepsKeys;
  }

  /**
   * Asks a route for a server, and for a token. Rejects with the CimError with which it refuses,
   * `account-mismatch` when no secret fits.
   */
  login(avoid: readonly string[]): Promise<AccountLogin> {
    return this.#inTurn(() => this.#login(avoid));
  }

  async token(): Promise<string | undefined> {
    const { token } =
      this.admission ?? (await this.#inTurn(async () => this.admission ?? this.#login([])));
    return token;
  }

  refused(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  /**
   * Whether there is another secret to try than the one of this admission: this process has changed
   * it, or another one that keeps it at the same place.
   */
  hasOtherThan({ secret }: AccountLogin): Promise<boolean> {
    return this.#inTurn(async () => {
      const known = secret === undefined ? [] : await this.#secrets.known();
      return known.some((each) => each !== secret);
    });
  }

  /**
   * The account's secret: the one that has let the client in, or, where the word of an application
   * does that, the one that is kept. Undefined: there is none.
   */
  async secret(): Promise<string | undefined> {
    return this.#secret ?? (await this.#secrets.known())[0];
  }

  /** What is derived of it. */
  async keys(): Promise<AccountKeys | undefined> {
    const secret = await this.secret();
    return secret === undefined ? undefined : this.#secrets.keysOf(secret);
  }

  /**
   * Gives the account a new secret, which is kept here. All sessions of the user end, and all
   * tokens are void. `unconfirmed`: it is not known whether it has; the next login finds out.
   */
  rotateSecret(): Promise<void> {
    return this.#inTurn(async () => {
      const { secret, token } = this.admission ?? (await this.#login([]));
      if (secret === undefined)
        throw new CimError('not-allowed', 'this cluster lets users in without a secret');
      const next = await this.#secrets.next();
      const keys = await this.#secrets.keysOf(secret);
      const nextKeys = await this.#secrets.keysOf(next);
      const wrappedKey = this.#keepsKeys ? await this.#wrapAnew(keys, nextKeys, token) : undefined;
      const { userId, platform } = this.#options;
      const { loginKey } = keys;
      const body = { userId, loginKey, newLoginKey: nextKeys.loginKey, wrappedKey };
      await asLongAsUnanswered(platform, () => this.#post('/rotateSecret', body));
      this.#held = undefined;
      this.#secret = next;
      await this.#secrets.fits(next);
    });
  }

  /**
   * Deletes the account for good. `unconfirmed`: it is not known whether it has; the next login finds
   * out.
   */
  delete(): Promise<void> {
    return this.#inTurn(async () => {
      const { secret, token } = this.admission ?? (await this.#login([]));
      const { userId, platform } = this.#options;
      const loginKey = secret && (await this.#secrets.keysOf(secret)).loginKey;
      const body = { userId, ...(loginKey !== undefined && { loginKey }) };
      let attempts = 0;
      await asLongAsUnanswered(platform, () => {
        attempts += 1;
        return this.#post('/deleteAccount', body, token);
      }).catch((error: unknown) => {
        // The first of several was done, and its answer lost: by then the token is void.
        if (attempts === 1 || !(error instanceof CimError)) throw error;
        if (error.kind !== 'account-deleted' && error.kind !== 'unauthenticated') throw error;
      });
      this.#held = undefined;
    });
  }

  /** The account's private key for the next secret; undefined: it has none. */
  async #wrapAnew(
    { wrapKey }: AccountKeys,
    { wrapKey: nextWrapKey }: AccountKeys,
    token: string | undefined,
  ): Promise<string | undefined> {
    const { userId } = this.#options;
    const pair = (await this.#post('/ownKey', { userId }, token)) as WrappedPair | null;
    if (!pair) return undefined;
    const { wrapAnew } = await loaded(() => import('../e2ee/key-vault.ts'));
    return wrapAnew(userId, pair, wrapKey, nextWrapKey);
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(ignore('whoever asked for it is told'));
    return result;
  }

  async #login(avoid: readonly string[]): Promise<AccountLogin> {
    const askedAt = this.#options.platform.clock.monotonic();
    const { answer, secret } = await this.#prove(avoid);
    const { token, tokenSeconds = Infinity } = answer;
    this.#secret = secret;
    this.#keepsKeys = answer.encryption ?? false;
    this.#held = {
      server: serverPortIn(answer),
      token,
      secret,
      goodUntil: askedAt + tokenSeconds * 1_000 * tokenShareUsed,
    };
    return this.#held;
  }

  async #prove(
    avoid: readonly string[],
  ): Promise<{ readonly answer: LoginAnswer; readonly secret: string | undefined }> {
    const { token } = this.#options.credentials;
    if (token) {
      const answer = await this.#requestLogin({ bearer: await token() }, avoid);
      return { answer, secret: undefined };
    }
    let refusal: CimError | undefined;
    for await (const secret of this.#secrets.toTry()) {
      try {
        const { loginKey } = await this.#secrets.keysOf(secret);
        const answer = await this.#enter({ loginKey }, avoid);
        await this.#secrets.fits(secret);
        return { answer, secret };
      } catch (error) {
        if (!isMismatch(error)) throw error;
        refusal = error;
      }
    }
    if (refusal) throw refusal;
    return { answer: await this.#enterWithoutSecret(avoid), secret: undefined };
  }

  async #enterWithoutSecret(avoid: readonly string[]): Promise<LoginAnswer> {
    try {
      return await this.#enter({}, avoid);
    } catch (error) {
      if (!(error instanceof CimError) || error.kind !== 'unauthenticated') throw error;
      const { userId } = this.#options;
      const reason = `account ${userId} needs a secret, and ${this.#secrets.whyNone}`;
      throw new CimError('unauthenticated', reason, { cause: error });
    }
  }

  /** Registering is harmless when the account exists, and answers only to its holder. */
  async #enter(proof: Proof, avoid: readonly string[]): Promise<LoginAnswer> {
    if (!this.#registered) await this.#register(proof);
    this.#registered = true;
    try {
      return await this.#requestLogin(proof, avoid);
    } catch (error) {
      // Refused, or the system was set up anew and knows nobody yet: registering tells.
      if (!isMismatch(error)) throw error;
      await this.#register(proof);
      return await this.#requestLogin(proof, avoid);
    }
  }

  async #register({ loginKey }: Proof): Promise<void> {
    const { userId, userName } = this.#options;
    await this.#post('/registerAccount', { userName, userId, loginKey });
  }

  async #requestLogin({ loginKey, bearer }: Proof, avoid: readonly string[]): Promise<LoginAnswer> {
    const { userId, userName } = this.#options;
    const body = { userId, userName, loginKey, ...(avoid.length > 0 && { avoid }) };
    return (await this.#post('/login', body, bearer)) as LoginAnswer;
  }

  #post(path: string, body: Call['body'], bearer?: string): Promise<unknown> {
    return this.#options.caller.call({ method: 'POST', path, body, bearer });
  }
}

function isMismatch(error: unknown): error is CimError {
  return error instanceof CimError && error.kind === 'account-mismatch';
}

/** The first of the server's endpoints that this client speaks with. */
function serverPortIn({ endpoints, webSocket }: LoginAnswer): ServerPort {
  const { host, port, tls } = endpointOf(roleAddressOfJson(endpoints) ?? [], 'tcp') ?? {};
  if (host !== undefined && port !== undefined && tls !== undefined)
    return { host, port, tls, ...(isWebSocketUrl(webSocket) && { webSocket }) };
  throw new CimError('unavailable', 'the route names no server that this client can connect to');
}

function isWebSocketUrl(given: unknown): given is string {
  if (typeof given !== 'string' || given.length > limits.publicUrlCharactersMax) return false;
  return /^wss?:\/\//.test(given) && URL.canParse(given);
}

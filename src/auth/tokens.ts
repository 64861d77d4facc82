/**
 * The tokens that `/login` gives: signed with a key that only the roles of the cluster can derive,
 * so that a server knows whom it lets in without asking anybody. What a token cannot tell, whether
 * the account is still of that generation, is compared when the session is opened.
 */
import { createHash, scryptSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { CimError } from '../base/errors.ts';
import { tokenProblem } from './token-problem.ts';

/** Whom a token speaks for. */
export interface TokenClaims {
  readonly userId: number;
  readonly userName: string;
  /** Of the account, when the token was made. */
  readonly generation: number;
}

export interface TokensOptions {
  /** The cluster's secrets: the first signs, all verify. Empty while none is known. */
  readonly secrets: () => readonly string[];
  readonly lifetimeMs: number;
  /** ms since 1970 */
  readonly now: () => number;
}

export interface IssuedToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

interface SigningKey {
  /** Tells tokens of one secret from those of another, and says nothing of the key. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

const issuer = 'cim';

/**
 * Whoever has an account has a token, and could try on it what the cluster secret might be: each try
 * is to cost some 50 ms and 32 MiB, should an operator have chosen a secret that can be guessed.
 */
const stretching = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export class Tokens {
  readonly #options: TokensOptions;
  /** By secret: deriving takes long, and is done once. */
  readonly #keys = new Map<string, SigningKey>();

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  /** Throws `unavailable` while no secret of the cluster is known. */
  async issue({ userId, userName, generation }: TokenClaims): Promise<IssuedToken> {
    const [secret] = this.#options.secrets();
    if (secret === undefined) throw new CimError('unavailable', 'no cluster secret is known yet');
    const { id, bytes } = this.#keyOf(secret);
    const { lifetimeMs, now } = this.#options;
    const token = await new SignJWT({ name: userName, gen: generation })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: id })
      .setIssuer(issuer)
      .setSubject(String(userId))
      .setExpirationTime(new Date(now() + lifetimeMs))
      .sign(bytes);
    return { token, lifetimeMs };
  }

  /**
   * Throws `unauthenticated`, saying why in words that tell nothing secret, or `unavailable` while no
   * secret of the cluster is known.
   */
  async verify(token: string): Promise<TokenClaims> {
    if (this.#options.secrets().length === 0)
      throw new CimError('unavailable', 'no cluster secret is known yet');
    try {
      const { payload } = await jwtVerify(token, (header) => this.#find(header.kid), {
        algorithms: ['HS256'],
        issuer,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.#options.now()),
      });
      const { sub, name, gen } = payload;
      const userId = Number(sub);
      if (!Number.isSafeInteger(userId) || typeof name !== 'string' || typeof gen !== 'number')
        throw new CimError('unauthenticated', 'the token lacks what cim writes into one');
      return { userId, userName: name, generation: gen };
    } catch (error) {
      throw tokenProblem(error, 'cim');
    }
  }

  /** Whether it says that it was made by this cluster; only `verify` tells whether it was. */
  isOwn(token: string): boolean {
    try {
      const { kid } = decodeProtectedHeader(token);
      return this.#options.secrets().some((secret) => this.#keyOf(secret).id === kid);
    } catch {
      // No token at all.
      return false;
    }
  }

  #find(id: string | undefined): Uint8Array {
    for (const secret of this.#options.secrets()) {
      const key = this.#keyOf(secret);
      if (key.id === id) return key.bytes;
    }
    throw new CimError('unauthenticated', 'the token was not made by this cluster');
  }

  #keyOf(secret: string): SigningKey {
    let key = this.#keys.get(secret);
    if (!key) {
      const bytes = new Uint8Array(scryptSync(secret, 'cim token v1', 32, stretching));
      const id = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
      key = { id, bytes };
      this.#keys.set(secret, key);
    }
    return key;
  }
}

/**
 * The tokens that `/login` gives: signed with a key that only the roles of the cluster can derive,
 * so that a server knows whom it lets in without asking anybody. What a token cannot tell, whether
 * the account is still of that generation, is compared when the session is opened.
 */
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ClusterKey, TokenKey } from '../base/secrets/cluster-key.ts';
import { tokenProblem } from './token-problem.ts';

/** Whom a token speaks for. */
export interface TokenClaims {
  readonly userId: number;
  readonly userName: string;
  /** Of the account, when the token was made. */
  readonly generation: number;
}

export interface TokensOptions {
  /** Of the cluster: the first signs, all verify. Empty while no secret is known. */
  readonly clusterKeys: () => readonly ClusterKey[];
  readonly lifetimeMs: number;
  /** ms since 1970 */
  readonly now: () => number;
}

export interface IssuedToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

const issuer = 'cim';

export class Tokens {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  /** Throws `unavailable` while no secret of the cluster is known. */
  async issue({ userId, userName, generation }: TokenClaims): Promise<IssuedToken> {
    const [key] = this.#options.clusterKeys();
    if (key === undefined) throw new CimError('unavailable', 'no cluster secret is known yet');
    const { id, bytes } = key.token;
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
    if (this.#options.clusterKeys().length === 0)
      throw new CimError('unavailable', 'no cluster secret is known yet');
    try {
      const { payload } = await jwtVerify(token, (header) => this.#signer(header.kid), {
        algorithms: ['HS256'],
        issuer,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.#options.now()),
        clockTolerance: limits.clockToleranceMs / 1_000,
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
      return kid !== undefined && this.#find(kid) !== undefined;
    } catch {
      // No token at all.
      return false;
    }
  }

  #signer(id: string | undefined): Uint8Array {
    const key = this.#find(id);
    if (key) return key.bytes;
    throw new CimError('unauthenticated', 'the token was not made by this cluster');
  }

  #find(id: string | undefined): TokenKey | undefined {
    return this.#options.clusterKeys().find(({ token }) => token.id === id)?.token;
  }
}

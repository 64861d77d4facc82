/**
 * The tokens of operators who have signed in: made with a key that only the roles of the cluster can
 * derive, so any route takes what another has given. A token is one half: it holds the hash of the
 * other one, which the page keeps and says with each call. The browser sends a token by itself,
 * because of a page of others, or to another port of the same host; without the other half it is
 * worth nothing.
 */
import { createHash } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { drawSecret, equalSecrets } from '../base/secrets/secret.ts';
import { tokenProblem } from './token-problem.ts';

export interface OperatorClaims {
  readonly name: string;
  /** Of the account: another one may bear the name by now. */
  readonly id: string;
  readonly generation: number;
}

export interface OperatorSession {
  readonly token: string;
  readonly half: string;
  /** ms since 1970 */
  readonly endsAt: number;
}

/** No token of a user has it, and no token of an operator that of users. */
const issuer = 'cim operators';

export class OperatorTokens {
  readonly #keys: () => readonly ClusterKey[];
  readonly #clock: Pick<Clock, 'now'>;

  /** `keys`: of the cluster; the first signs, all verify. */
  constructor(keys: () => readonly ClusterKey[], clock: Pick<Clock, 'now'>) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Throws `unavailable` while no secret of the cluster is known. */
  async issue({ name, id, generation }: OperatorClaims): Promise<OperatorSession> {
    const [key] = this.#keys();
    if (key === undefined) throw new CimError('unavailable', 'no cluster secret is known yet');
    const half = drawSecret();
    const endsAt = this.#clock.now() + limits.operatorSessionMs;
    const token = await new SignJWT({ id, gen: generation, half: hashOf(half) })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: key.token.id })
      .setIssuer(issuer)
      .setSubject(name)
      .setExpirationTime(new Date(endsAt))
      .sign(key.token.bytes);
    return { token, half, endsAt };
  }

  /** Throws `unauthenticated`. */
  async verify(token: string, half: string): Promise<OperatorClaims> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#signer(kid), {
        algorithms: ['HS256'],
        issuer,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(this.#clock.now()),
        clockTolerance: limits.clockToleranceMs / 1_000,
      });
      const { sub: name = '', id, gen: generation, half: hash } = payload;
      if (typeof id !== 'string' || typeof generation !== 'number' || typeof hash !== 'string')
        throw new CimError('unauthenticated', 'the token lacks what cim writes into one');
      if (!equalSecrets(hashOf(half), hash))
        throw new CimError('unauthenticated', 'the token is of another page');
      return { name, id, generation };
    } catch (error) {
      throw tokenProblem(error, 'cim');
    }
  }

  #signer(id: string | undefined): Uint8Array {
    const key = this.#keys().find(({ token }) => token.id === id);
    if (key) return key.token.bytes;
    throw new CimError('unauthenticated', 'the token was not made by this cluster');
  }
}

function hashOf(half: string): string {
  return createHash('sha256').update(half).digest('base64url');
}

/**
 * Whether somebody is let in who logs in: by a token, which the server verifies itself, or by a
 * password, of which a route is asked. Such clients do not count their connections either, so those of a
 * device are put in order by the store's clock.
 */
import type { ProveEntry, ProveResult, RouteApi } from '../../api/route-api.ts';
import { limits } from '../../base/limits.ts';
import type { CloseName } from '../../codec/close-codes.ts';
import type { ServerLimits } from '../../limits/server-limits.ts';
import { BoundedGather } from '../../link/bounded-gather.ts';
import type { Login, Proof } from './client-rules.ts';
import { judgeToken, type TokenVerifier } from './token-gate.ts';

/** The session that is to be let in. */
export interface Applicant {
  readonly state: string;
  readonly address: string;
  userId: number;
  userName: string;
  generation: number;
  close(name: CloseName, reason?: string): void;
  closeWithCode(code: number, reason: string): void;
}

export interface AdmissionsOptions {
  readonly routes: Pick<RouteApi, 'prove'>;
  readonly tokens: TokenVerifier;
  readonly limits: Pick<ServerLimits, 'logins'>;
}

export class Admissions {
  readonly #options: AdmissionsOptions;
  readonly #proofs: BoundedGather<ProveEntry, ProveResult, (result: ProveResult) => void>;
  #lastNumber = 0;

  constructor(options: AdmissionsOptions) {
    this.#options = options;
    this.#proofs = new BoundedGather(
      options.routes.prove,
      limits.callsUnderWayMax,
      (settle: (result: ProveResult) => void, result) => settle(result),
    );
  }

  /** The number of its connection. Undefined: it is closed, or has gone meanwhile. */
  async judge(applicant: Applicant, login: Login): Promise<number | undefined> {
    const { tokens, limits: rates } = this.#options;
    if ((await rates.logins.take(applicant.address)) > 0) {
      applicant.close('too-fast');
      return undefined;
    }
    if (login.proof) return this.#judgeProof(applicant, login.proof);
    const verdict = await judgeToken(tokens, login);
    // It may have gone meanwhile, or everybody is sent elsewhere.
    if (applicant.state !== 'opening') return undefined;
    if ('refused' in verdict) {
      applicant.close(verdict.refused, verdict.reason);
      return undefined;
    }
    applicant.generation = verdict.generation;
    return login.connectionNumber;
  }

  async #judgeProof(applicant: Applicant, proof: Proof): Promise<number | undefined> {
    const { address } = applicant;
    const proven = await new Promise<ProveResult>((resolve) =>
      this.#proofs.add({ ...proof, address }, resolve),
    );
    if (applicant.state !== 'opening') return undefined;
    if (proven.code !== 0) {
      applicant.closeWithCode(proven.code, proven.reason);
      return undefined;
    }
    applicant.userId = proven.userId;
    applicant.userName = proven.userName;
    applicant.generation = proven.generation;
    // In microseconds, so that two that come in one millisecond are told apart.
    this.#lastNumber = Math.max(this.#lastNumber + 1, proven.at * 1_000);
    return this.#lastNumber;
  }
}

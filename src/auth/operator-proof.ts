/**
 * How an operator calls an HTTP port with the cluster secret and does not say it: the port proves
 * first that it knows the secret, so that whoever listens in its place is asked for nothing, and
 * then each call carries a proof of its own. That is of a nonce of the port, which is good once and
 * for a short time, and of the method, the path and the body: what was heard on the way cannot be
 * said again, or as something else.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { equalSecrets } from '../base/secrets/secret.ts';

export interface OperatorCall {
  readonly method: string;
  /** With its query, if any. */
  readonly path: string;
  /** base64url */
  readonly bodyHash: string;
}

/** What a port answers to a nonce of its caller. */
export interface Challenge {
  readonly nonce: string;
  /** One for each secret that it accepts. */
  readonly proofs: readonly string[];
}

const scheme = 'Cim-Proof';
const credentialPattern =
  /^Cim-Proof +((\d{1,16})\.[\w-]{22}\.[\w-]{43}) +([\w-]{43}) +([\w-]{43})$/i;

export function bodyHashOf(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** Undefined: the port does not know the secret, and is to be told nothing more. */
export function authorizeCall(
  key: ClusterKey,
  callerNonce: string,
  { nonce, proofs }: Challenge,
  call: OperatorCall,
): string | undefined {
  const expected = key.prove(wordsOfPort(callerNonce, nonce));
  if (!proofs.some((proof) => equalSecrets(proof, expected))) return undefined;
  return `${scheme} ${nonce} ${call.bodyHash} ${key.prove(wordsOfCall(nonce, call))}`;
}

export function isOperatorProof(authorization: string): boolean {
  return credentialPattern.test(authorization);
}

/** The port's end. Nonces bear their time and a seal: those that nobody uses cost no memory. */
export class OperatorGate {
  readonly #keys: () => readonly ClusterKey[];
  readonly #monotonic: () => number;
  readonly #seal = randomBytes(32);
  /** Nonces of calls that were let in, oldest first, with when they are too old anyway. */
  readonly #used = new Map<string, number>();

  /** `monotonic`: ms that only grow. */
  constructor(keys: () => readonly ClusterKey[], monotonic: () => number) {
    this.#keys = keys;
    this.#monotonic = monotonic;
  }

  /** Throws `unavailable` while no secret is known. */
  challenge(callerNonce: string): Challenge {
    const keys = this.#keys();
    if (keys.length === 0) throw new CimError('unavailable', 'no cluster secret is known yet');
    const nonce = this.#sealed(
      `${Math.floor(this.#monotonic())}.${randomBytes(16).toString('base64url')}`,
    );
    return { nonce, proofs: keys.map((key) => key.prove(wordsOfPort(callerNonce, nonce))) };
  }

  /**
   * Lets a call in, once: what its body has to be. Throws `unauthenticated`, and `busy` where too
   * many were let in of late.
   */
  admit(authorization: string, method: string, path: string): string {
    const { nonce, endsAt, bodyHash } = this.#verify(authorization, method, path);
    this.#forgetOld(this.#monotonic());
    if (this.#used.size >= limits.operatorCallsRememberedMax) throw new CimError('busy');
    this.#used.set(nonce, endsAt);
    return bodyHash;
  }

  /** Whether it would be let in. */
  recognizes(authorization: string, method: string, path: string): boolean {
    try {
      this.#verify(authorization, method, path);
      return true;
    } catch {
      // Whoever calls hears why when it is admitted.
      return false;
    }
  }

  #verify(authorization: string, method: string, path: string) {
    const [, nonce = '', at = '', bodyHash = '', proof = ''] =
      credentialPattern.exec(authorization) ?? [];
    const now = this.#monotonic();
    const isOwn = equalSecrets(this.#sealed(nonce.slice(0, nonce.lastIndexOf('.'))), nonce);
    const endsAt = Number(at) + limits.operatorNonceMsMax;
    if (!isOwn || now > endsAt || this.#used.has(nonce))
      throw new CimError('unauthenticated', 'the nonce is not of this port, too old or used');
    const expected = wordsOfCall(nonce, { method, path, bodyHash });
    if (!this.#keys().some((key) => equalSecrets(proof, key.prove(expected))))
      throw new CimError('unauthenticated', 'the proof is not of this call, or of another secret');
    return { nonce, endsAt, bodyHash };
  }

  #sealed(text: string): string {
    return `${text}.${createHmac('sha256', this.#seal).update(text).digest('base64url')}`;
  }

  #forgetOld(now: number): void {
    for (const [nonce, endsAt] of this.#used) {
      // They were let in about in the order in which they were made.
      if (now <= endsAt) return;
      this.#used.delete(nonce);
    }
  }
}

function wordsOfPort(callerNonce: string, nonce: string): readonly string[] {
  return ['cim operator', 'port', callerNonce, nonce];
}

function wordsOfCall(nonce: string, { method, path, bodyHash }: OperatorCall): readonly string[] {
  return ['cim operator', 'call', nonce, method, path, bodyHash];
}

/**
 * Who calls over HTTP: the one place that reads an Authorization header. What each may do is said
 * by the endpoints (src/http/access.ts).
 */

import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { ApiKeyScope } from '../base/secrets/api-key-scope.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { bearerOf, isTokenForm } from '../base/secrets/secret.ts';
import { isApiKey } from './api-key.ts';
import { isOperatorProof, type OperatorGate } from './operator-proof.ts';

export interface UserIdentity {
  readonly kind: 'user';
  readonly userId: number;
  readonly userName: string;
  /** A token of cim's own, or one that an application has signed. */
  readonly proof: 'cim-token' | 'application-token';
}

export interface ApplicationIdentity {
  readonly kind: 'application';
  readonly scope: ApiKeyScope;
}

/** One who has signed in with an account of their own (src/route/admin/). */
export interface OperatorAccountIdentity {
  readonly kind: 'operator-account';
  readonly name: string;
  readonly role: 'view' | 'manage';
}

export type Identity =
  /** Nothing was shown. */
  | { readonly kind: 'nobody' }
  /** Bears the cluster secret, or has proven to know it: may do everything. */
  | { readonly kind: 'operator' }
  | OperatorAccountIdentity
  | UserIdentity
  | ApplicationIdentity;

export const nobody: Identity = { kind: 'nobody' };
const operator: Identity = { kind: 'operator' };

/** What callers of a port can prove who they are by. */
export interface Proofs {
  /** Empty while none is known. */
  readonly clusterKeys: () => readonly ClusterKey[];
  /** Those who know users and applications: routes. Both throw `unauthenticated`, saying why. */
  readonly users?: {
    ofToken(token: string): Promise<UserIdentity>;
    ofApiKey(key: string): Promise<ApplicationIdentity>;
  };
  /** Those who know accounts of operators. Throws `unauthenticated`, saying why. */
  readonly operators?: {
    ofSession(token: string, half: string): Promise<OperatorAccountIdentity>;
  };
}

/** Of the secrets that are known: none, while none is. */
export function bearsClusterSecret(
  { clusterKeys }: Proofs,
  authorization: string | undefined,
): boolean {
  const bearer = bearerOf(authorization);
  return bearer !== undefined && clusterKeys().some((key) => key.isSecret(bearer));
}

/** Whether it has the form of the cluster secret, or of a proof of it; nothing is compared. */
export function isOfOperatorForm(authorization: string): boolean {
  if (authorization.length > limits.tokenCharactersMax) return false;
  return isOperatorProof(authorization) || isGuess(bearerOf(authorization));
}

/**
 * No cluster secret has the form of a key or a token (src/base/secrets/cluster-key.ts): whoever shows an old
 * one has not guessed.
 */
function isGuess(bearer: string | undefined): boolean {
  return bearer !== undefined && !isApiKey(bearer) && !isTokenForm(bearer);
}

/** How a call may prove the cluster secret in place of bearing it. */
export interface ProvableCall {
  readonly gate: OperatorGate;
  readonly method: string;
  /** With its query, if any. */
  readonly url: string;
  /** Is told the hash of the body that the caller has proven. */
  readonly onProvenBody: (bodyHash: string) => void;
}

/**
 * Runs a comparison with the cluster secret, as one guess at it. Throws `too-many-requests`, and does
 * not compare, where there were too many.
 */
export type ClusterGuess = (isRight: () => boolean) => Promise<boolean>;

/** Throws `unauthenticated` for what proves nothing, and what `guess` throws. */
export async function identify(
  proofs: Proofs,
  authorization: string | undefined,
  guess: ClusterGuess,
  call?: ProvableCall,
): Promise<Identity> {
  if (authorization === undefined) return nobody;
  if (authorization.length > limits.tokenCharactersMax) {
    throw new CimError(
      'unauthenticated',
      `the header Authorization may have ${limits.tokenCharactersMax} characters`,
    );
  }
  if (call && isOperatorProof(authorization)) {
    const { gate, method, url, onProvenBody } = call;
    await guess(() => gate.recognizes(authorization, method, url));
    onProvenBody(gate.admit(authorization, method, url));
    return operator;
  }
  const { users } = proofs;
  const bearer = bearerOf(authorization);
  if (users && bearer !== undefined) {
    if (isApiKey(bearer)) return users.ofApiKey(bearer);
    if (isTokenForm(bearer)) return users.ofToken(bearer);
  }
  if (isGuess(bearer) && (await guess(() => bearsClusterSecret(proofs, authorization))))
    return operator;
  throw new CimError(
    'unauthenticated',
    'the header Authorization holds nothing that is known here: it must be Bearer and a token, a key or the cluster secret',
  );
}

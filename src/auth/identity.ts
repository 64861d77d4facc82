/**
 * Who calls over HTTP: the one place that reads an Authorization header. What each may do is said
 * by the endpoints (src/http/access.ts).
 */
import type { ApiKeyScope } from '../base/api-key-scope.ts';
import { CimError } from '../base/errors.ts';
import { bearerOf, isOneOf } from '../base/secret.ts';
import { isApiKey } from './api-key.ts';

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

export type Identity =
  /** Nothing was shown. */
  | { readonly kind: 'nobody' }
  /** Bears the cluster secret: may do everything. */
  | { readonly kind: 'operator' }
  | UserIdentity
  | ApplicationIdentity;

export const nobody: Identity = { kind: 'nobody' };
const operator: Identity = { kind: 'operator' };

/** What callers of a port can prove who they are by. */
export interface Proofs {
  /** Empty while none is known. */
  readonly clusterSecrets: () => readonly string[];
  /** Those who know users and applications: routes. Both throw `unauthenticated`, saying why. */
  readonly users?: {
    ofToken(token: string): Promise<UserIdentity>;
    ofApiKey(key: string): Promise<ApplicationIdentity>;
  };
}

/** Throws `unauthenticated` for what proves nothing. */
export async function identify(
  { clusterSecrets, users }: Proofs,
  authorization: string | undefined,
): Promise<Identity> {
  if (authorization === undefined) return nobody;
  const bearer = bearerOf(authorization);
  // First, as it may look like anything.
  if (isOneOf(bearer, clusterSecrets())) return operator;
  if (bearer !== undefined && users) {
    if (isApiKey(bearer)) return users.ofApiKey(bearer);
    if (isToken(bearer)) return users.ofToken(bearer);
  }
  throw new CimError(
    'unauthenticated',
    'the header Authorization holds nothing that is known here: it must be Bearer and a token, a key or the cluster secret',
  );
}

/** The form of a JWS: three parts, of which the first two are not empty. */
function isToken(bearer: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(bearer);
}

/** Calls as an operator: the secret is proven, and only to who has proven to know it. */

import { drawNonce } from '../auth/link-proof.ts';
import { authorizeCall, bodyHashOf, type Challenge } from '../auth/operator-proof.ts';
import { CimError } from '../base/errors.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import type { JsonRequest, requestJson } from './client.ts';
import { challengePath } from './operator-gate.ts';

/** A nonce may be the one of another process that listens there, too: then once more. */
const attemptsMax = 3;

/**
 * As requestJson. Rejects with `not-allowed` when whoever listens at `origin` does not prove to know
 * the secret: then nothing of the call was sent there.
 */
export async function requestAsOperator(
  request: typeof requestJson,
  key: ClusterKey,
  origin: string,
  path: string,
  call: JsonRequest,
): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const authorization = await authorizationFor(request, key, origin, path, call);
    try {
      const headers = { ...call.headers, authorization };
      return await request(`${origin}${path}`, { ...call, headers });
    } catch (error) {
      const isRefused = error instanceof CimError && error.kind === 'unauthenticated';
      if (!isRefused || attempt === attemptsMax) throw error;
    }
  }
}

async function authorizationFor(
  request: typeof requestJson,
  key: ClusterKey,
  origin: string,
  path: string,
  { method, body, timeoutMs }: JsonRequest,
): Promise<string> {
  const nonce = drawNonce();
  const asked = { method: 'POST', body: { nonce }, timeoutMs } as const;
  const challenge = challengeIn(await request(`${origin}${challengePath}`, asked));
  const bodyHash = bodyHashOf(body === undefined ? '' : JSON.stringify(body));
  const call = { method, path, bodyHash };
  const authorization = challenge && authorizeCall(key, nonce, challenge, call);
  if (authorization === undefined)
    throw new CimError(
      'not-allowed',
      `${origin} did not prove that it knows this cluster secret, so it was told nothing: ask with the secret of ` +
        'that cluster (--cluster-secret-file FILE), or with --zk HOST:PORT, where roles without one have agreed on theirs',
    );
  return authorization;
}

/** Whoever answers may be anybody. */
function challengeIn(answer: unknown): Challenge | undefined {
  const { nonce, proofs } = (answer ?? {}) as Partial<Challenge>;
  if (typeof nonce !== 'string' || !Array.isArray(proofs)) return undefined;
  return { nonce, proofs: proofs.map(String) };
}

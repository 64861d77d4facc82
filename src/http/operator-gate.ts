/**
 * Operators at an HTTP port, who prove to know the cluster secret without saying it
 * (src/auth/operator-proof.ts): the endpoint that begins it, and the body that was proven.
 */
import type { IncomingMessage } from 'node:http';
import {
  bearsClusterSecret,
  type ClusterGuess,
  isOfOperatorForm,
  type Proofs,
} from '../auth/identity.ts';
import { bodyHashOf, type OperatorGate } from '../auth/operator-proof.ts';
import { CimError } from '../base/errors.ts';
import { anyone } from './access.ts';
import { type Endpoint, endpoint } from './endpoint.ts';

export const challengePath = '/challenge';

export function challengeEndpoint(gate: OperatorGate): Endpoint {
  const text = { type: 'string' } as const;
  return endpoint({
    method: 'POST',
    path: challengePath,
    access: anyone,
    summary: 'Proves that this port knows the cluster secret; begins a call of an operator',
    body: {
      type: 'object',
      required: ['nonce'],
      properties: { nonce: { type: 'string', maxLength: 64 } },
    },
    answer: {
      type: 'object',
      properties: { nonce: text, proofs: { type: 'array', items: text } },
    },
    handle: ({ nonce }) => gate.challenge(nonce),
  });
}

/** Whether a request may be an operator's, or begin to be: by its form, nothing is compared. */
export function mayBeOfOperator({ url, headers }: IncomingMessage): boolean {
  return url === challengePath || isOfOperatorForm(headers.authorization ?? '');
}

/** Whether a request that may be an operator's is, as one guess. Throws what `guess` throws. */
export async function isOfOperator(
  { method = '', url = '', headers: { authorization = '' } }: IncomingMessage,
  proofs: Proofs,
  gate: OperatorGate,
  guess: ClusterGuess,
): Promise<boolean> {
  if (url === challengePath) return true;
  return guess(
    () => bearsClusterSecret(proofs, authorization) || gate.recognizes(authorization, method, url),
  );
}

const emptyBodyHash = bodyHashOf('');

/** Bodies that were proven and have not come yet. */
export class ProvenBodies {
  readonly #expected = new WeakMap<IncomingMessage, string>();

  expect(request: IncomingMessage, bodyHash: string): void {
    this.#expected.set(request, bodyHash);
  }

  /** Throws `unauthenticated` for another one than was proven. */
  check(request: IncomingMessage, bytes: Uint8Array): void {
    const expected = this.#expected.get(request);
    if (expected === undefined) return;
    if (bodyHashOf(bytes) !== expected) throw otherBody();
    this.#expected.delete(request);
  }

  /** Throws `unauthenticated` if there was none, and one was proven. */
  checkAll(request: IncomingMessage): void {
    const expected = this.#expected.get(request);
    if (expected !== undefined && expected !== emptyBodyHash) throw otherBody();
  }
}

function otherBody(): CimError {
  return new CimError('unauthenticated', 'the body is another one than was proven');
}

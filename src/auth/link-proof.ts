/**
 * How the two ends of a link between roles prove to each other that they know the cluster secret,
 * which neither says. Each proof is of both nonces, so none is good twice; of the side that gives
 * it, so none can be sent back; and of what was dialled, so none can be passed on to another role.
 *
 *   dialler ── nonce ──────────────────────────▶ dialled
 *           ◀── nonce, a proof for each secret ──
 *           ── proof, then entries ────────────▶
 *
 * The dialled end begins: whoever dials a stranger learns that before it has proven anything.
 */
import { randomBytes } from 'node:crypto';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { equalSecrets } from '../base/secrets/secret.ts';

export interface LinkHandshake {
  /** What the dialled role is. */
  readonly role: 'route' | 'server';
  /** `host:port`, as it is announced and was dialled. */
  readonly host: string;
  readonly diallerNonce: string;
  readonly dialledNonce: string;
}

export const proofCharacters = 43;
const noncePattern = /^[\w-]{43}$/;

export function drawNonce(): string {
  return randomBytes(32).toString('base64url');
}

export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && noncePattern.test(text);
}

/** One for each secret that is accepted: the dialler knows one of them. */
export function proveAsDialled(keys: readonly ClusterKey[], handshake: LinkHandshake): string[] {
  return keys.map((key) => key.prove(wordsOf('dialled', handshake)));
}

/** Undefined unless one of the proofs of the other end is right. */
export function answerAsDialler(
  key: ClusterKey,
  handshake: LinkHandshake,
  proofs: readonly string[],
): string | undefined {
  const expected = key.prove(wordsOf('dialled', handshake));
  if (!proofs.some((proof) => equalSecrets(proof, expected))) return undefined;
  return key.prove(wordsOf('dialler', handshake));
}

export function isProofOfDialler(
  keys: readonly ClusterKey[],
  handshake: LinkHandshake,
  proof: string,
): boolean {
  return keys.some((key) => equalSecrets(proof, key.prove(wordsOf('dialler', handshake))));
}

function wordsOf(side: 'dialler' | 'dialled', handshake: LinkHandshake): readonly string[] {
  const { role, host, diallerNonce, dialledNonce } = handshake;
  return ['cim link', side, role, host, diallerNonce, dialledNonce];
}

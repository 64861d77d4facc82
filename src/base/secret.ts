/** Secrets: drawing, comparing, and the one that the roles of a cluster share. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Logger } from './log.ts';

/** Compares in time that tells nothing of either text, not even its length. */
function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Whether an Authorization header carries the secret, as `Bearer <secret>`. Never while no secret
 * is known.
 */
export function bearsSecret(
  authorization: string | undefined,
  secret: string | undefined,
): boolean {
  return secret !== undefined && equalSecrets(authorization ?? '', `Bearer ${secret}`);
}

/** 256 random bits, for a secret that nobody has to type. */
export function drawSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Where the roles of a cluster can agree on a secret that nobody set: the registry. */
interface SecretAgreement {
  agreeOnSecret(draw: () => string): Promise<string>;
}

/** What the roles of a cluster know each other by: set by the operator, or agreed on at start. */
export class ClusterSecret {
  #value: string | undefined;

  constructor(configured: string | undefined) {
    this.#value = configured;
  }

  /** Undefined until it is known; until then every internal call is refused. */
  get value(): string | undefined {
    return this.#value;
  }

  /** Resolves when the secret is known. */
  async agree(registry: SecretAgreement, log: Logger): Promise<void> {
    if (this.#value !== undefined) return;
    this.#value = await registry.agreeOnSecret(drawSecret);
    log.warn(
      'no cluster secret is set: the roles agreed on one through ZooKeeper, and whoever can read it there is trusted',
    );
  }
}

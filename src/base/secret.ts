/** Secrets: drawing, comparing, and the one that the roles of a cluster share. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Logger } from './log.ts';

/** Compares in time that tells nothing of either text, not even its length. */
export function equalSecrets(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** What an Authorization header bears. Undefined: nothing, or something else. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
}

/** Whether it is one of the secrets. Never while none is known. */
export function isOneOf(given: string | undefined, secrets: readonly string[]): boolean {
  return given !== undefined && secrets.some((secret) => equalSecrets(given, secret));
}

/** 256 random bits, for a secret that nobody has to type. */
export function drawSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Where the roles of a cluster can agree on a secret that nobody set: the registry. */
interface SecretAgreement {
  agreeOnSecret(draw: () => string): Promise<string>;
}

/** Of a secret that an operator chose. */
const charactersMin = 20;

/**
 * What the roles of a cluster know each other by: set by the operator, or agreed on at start. While
 * it is being changed a second one is accepted, but never used.
 */
export class ClusterSecret {
  #value: string | undefined;
  readonly #also: string | undefined;

  constructor(configured: string | undefined, also?: string | undefined) {
    this.#value = configured;
    this.#also = also;
  }

  /** Undefined until it is known; until then every internal call is refused. */
  get value(): string | undefined {
    return this.#value;
  }

  /** What a caller may bear; the first is what this role uses itself. Empty until it is known. */
  get accepted(): readonly string[] {
    if (this.#value === undefined) return [];
    return this.#also === undefined ? [this.#value] : [this.#value, this.#also];
  }

  /** Resolves when the secret is known. */
  async agree(registry: SecretAgreement, log: Logger): Promise<void> {
    if (this.#value !== undefined) {
      if (this.#value.length < charactersMin)
        log.warn(
          `the cluster secret has fewer than ${charactersMin} characters: it can be guessed`,
        );
      return;
    }
    this.#value = await registry.agreeOnSecret(drawSecret);
    log.warn(
      'no cluster secret is set: the roles agreed on one through ZooKeeper, and whoever can read it there is trusted',
    );
  }
}

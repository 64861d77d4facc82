/** The secret that the roles of a cluster share: set by the operator, or agreed on at start. */

import type { Logger } from '../log.ts';
import { ClusterKey } from './cluster-key.ts';
import { drawSecret } from './secret.ts';

/** Where the roles of a cluster can agree on a secret that nobody set: the registry. */
interface SecretAgreement {
  agreeOnSecret(draw: () => string): Promise<string>;
}

/** Of a secret that an operator chose. */
const charactersMin = 20;

/**
 * What the roles of a cluster know each other by. While it is being changed a second one is
 * accepted, but never used.
 */
export class ClusterSecret {
  #key: ClusterKey | undefined;
  readonly #also: ClusterKey | undefined;
  readonly #isShort: boolean;

  private constructor(key: ClusterKey | undefined, also: ClusterKey | undefined, isShort: boolean) {
    this.#key = key;
    this.#also = also;
    this.#isShort = isShort;
  }

  /** `also`: accepted beside it, or beside the one that is agreed on. */
  static async open(configured: string | undefined, also?: string): Promise<ClusterSecret> {
    const derive = (secret: string | undefined) =>
      secret === undefined ? undefined : ClusterKey.derive(secret);
    const [key, other] = await Promise.all([derive(configured), derive(also)]);
    return new ClusterSecret(key, other, (configured?.length ?? charactersMin) < charactersMin);
  }

  /** Undefined until it is known; until then every internal call is refused. */
  get key(): ClusterKey | undefined {
    return this.#key;
  }

  /** What a caller may know; the first is what this role uses itself. Empty until it is known. */
  get accepted(): readonly ClusterKey[] {
    if (this.#key === undefined) return [];
    return this.#also === undefined ? [this.#key] : [this.#key, this.#also];
  }

  /** Resolves when the secret is known. */
  async agree(registry: SecretAgreement, log: Logger): Promise<void> {
    if (this.#key !== undefined) {
      if (this.#isShort)
        log.warn(
          `the cluster secret has fewer than ${charactersMin} characters: it can be guessed`,
        );
      return;
    }
    this.#key = await ClusterKey.derive(await registry.agreeOnSecret(drawSecret));
    log.warn(
      'no cluster secret is set: the roles keep one in ZooKeeper, and whoever can read ZooKeeper has all rights of an operator. Set --cluster-secret-file or --zk-auth-file',
    );
  }
}

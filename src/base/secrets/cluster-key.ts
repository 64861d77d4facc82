/**
 * What is derived from the cluster secret. The secret itself is compared with what an operator
 * shows, and otherwise never used.
 *
 *   secret ──scrypt──▶ root ──HKDF──▶ token key   signs what `/login` gives
 *                          └─HKDF──▶ proof key   proves to know the secret (src/auth/link-proof.ts)
 *
 * Tokens and proofs are in the hands of others, who may try on them what the secret might be: each
 * try is to cost some 50 ms and 32 MiB, should an operator have chosen one that can be guessed.
 */
import {
  createHash,
  createHmac,
  hkdfSync,
  type ScryptOptions,
  scrypt,
  scryptSync,
} from 'node:crypto';
import { CimError } from '../errors.ts';
import { apiKeyPrefix, deviceKeyPrefix, equalSecrets, isTokenForm } from './secret.ts';

const keyBytes = 32;
/** The same in every cluster: roles that know nothing but the secret must come to the same key. */
const salt = 'cim cluster secret v1';
const stretching: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export interface TokenKey {
  /** Tells tokens of one secret from those of another, and says nothing of the key. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export class ClusterKey {
  readonly token: TokenKey;
  readonly #secret: string;
  readonly #proofKey: Uint8Array;

  private constructor(secret: string, root: Buffer) {
    const bytes = expand(root, 'token');
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    this.token = { id, bytes };
    this.#secret = secret;
    this.#proofKey = expand(root, 'proof');
  }

  /**
   * Beside the event loop: it takes as long as one guess is to take. Throws `bad-config` for what
   * callers would be taken for users or applications by.
   */
  static async derive(secret: string): Promise<ClusterKey> {
    const prefix = [apiKeyPrefix, deviceKeyPrefix].find((begin) => secret.startsWith(begin));
    if (isTokenForm(secret) || prefix !== undefined) {
      throw new CimError(
        'bad-config',
        `a cluster secret may not have the form of a token (three parts with dots between them) or of a key (${prefix ?? apiKeyPrefix}…): choose another`,
      );
    }
    return new Promise((resolve, reject) => {
      scrypt(secret, salt, keyBytes, stretching, (error, root) => {
        if (error) reject(error);
        else resolve(new ClusterKey(secret, root));
      });
    });
  }

  /** As derive, where nothing else waits. */
  static deriveSync(secret: string): ClusterKey {
    return new ClusterKey(secret, scryptSync(secret, salt, keyBytes, stretching));
  }

  /** Whether it is the secret itself. */
  isSecret(given: string): boolean {
    return equalSecrets(given, this.#secret);
  }

  /** Only who knows the secret can say this of these words; base64url. */
  prove(words: readonly string[]): string {
    // As JSON: no two lists of words are the same text.
    return createHmac('sha256', this.#proofKey).update(JSON.stringify(words)).digest('base64url');
  }
}

function expand(root: Buffer, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', root, '', `cim ${purpose} v1`, keyBytes));
}

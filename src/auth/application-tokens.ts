/**
 * `--auth jwt`: tokens that an application signs for its own users. Which kind of key is expected
 * decides which algorithms are, never the token: so a public key is not taken for a secret, and
 * `none` is no algorithm.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isLoopback } from '../base/network/loopback.ts';
import { tokenProblem } from './token-problem.ts';

export interface ApplicationTokensOptions {
  /** Either this, or `keys`. */
  readonly secret: string | undefined;
  /** A file, JWKS or PEM, or the URL of a JWKS. */
  readonly keys: string | undefined;
  /** What tokens must name, if given. */
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  readonly idClaim: string;
  readonly nameClaim: string;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Whom an application vouches for. */
export type VouchedUser =
  /** Its users have numbers; the name is needed for the first use only. */
  | { readonly userId: number; readonly name: string | undefined }
  /** Its users have other names for themselves: the account of this very name. */
  | { readonly userId: undefined; readonly name: string };

interface VerificationKeys {
  readonly algorithms: readonly string[];
  readonly find: JWTVerifyGetKey;
}

/** Clocks of applications differ from ours by seconds. */
const clockToleranceSeconds = 10;
/** RFC 7518, 3.2: as long as the hash. A shorter one can be guessed from any token. */
const secretBytesMin = 32;
/** RFC 7518, 3.3. */
const rsaBitsMin = 2048;
const publicKeyAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;

export class ApplicationTokens {
  readonly #options: ApplicationTokensOptions;
  #keys: VerificationKeys;

  private constructor(options: ApplicationTokensOptions, keys: VerificationKeys) {
    this.#options = options;
    this.#keys = keys;
  }

  /** Rejects with `bad-config`, naming the setting. A URL is asked when a token needs it. */
  static async open(options: ApplicationTokensOptions): Promise<ApplicationTokens> {
    return new ApplicationTokens(options, await openKeys(options));
  }

  /** Reads the keys again. Rejects with `bad-config`, and those of before stay in use. */
  async reload(): Promise<void> {
    this.#keys = await openKeys(this.#options);
  }

  /** Throws `unauthenticated`, saying why; `unavailable` when the keys cannot be had now. */
  async verify(token: string): Promise<VouchedUser> {
    const { issuer, audience, now } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys.find, {
        algorithms: [...this.#keys.algorithms],
        requiredClaims: ['exp'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now()),
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      });
      return this.#userOf(payload);
    } catch (error) {
      throw tokenProblem(error, 'the application');
    }
  }

  #userOf(payload: JWTPayload): VouchedUser {
    const { idClaim, nameClaim } = this.#options;
    const id = payload[idClaim];
    if (typeof id !== 'number' && (typeof id !== 'string' || id === '')) {
      throw new CimError('unauthenticated', `the claim ${idClaim} of the token is missing`);
    }
    if (typeof id === 'string' && !/^\d+$/.test(id)) return { userId: undefined, name: id };
    const userId = Number(id);
    // One account has one way to be written: 007 is somebody else to the application.
    const isWhole = Number.isSafeInteger(userId) && String(userId) === String(id);
    if (!isWhole || userId < 1 || userId > limits.userIdMax) {
      throw new CimError(
        'unauthenticated',
        `the claim ${idClaim} of the token must be a whole number from 1 to ${limits.userIdMax}, or a name`,
      );
    }
    const name = payload[nameClaim];
    return { userId, name: typeof name === 'string' ? name : undefined };
  }
}

function openKeys({ secret, keys }: ApplicationTokensOptions): Promise<VerificationKeys> {
  if (secret !== undefined) return openSecret(secret);
  if (keys === undefined) {
    throw badConfig('--auth jwt needs --jwt-secret or --jwt-keys');
  }
  return /^https?:\/\//i.test(keys) ? openUrl(keys) : openFile(keys);
}

async function openSecret(secret: string): Promise<VerificationKeys> {
  const bytes = new TextEncoder().encode(secret);
  if (bytes.length < secretBytesMin) {
    throw badConfig(`--jwt-secret: must have ${secretBytesMin} bytes or more`);
  }
  return { algorithms: ['HS256'], find: async () => bytes };
}

async function openUrl(text: string): Promise<VerificationKeys> {
  const url = URL.parse(text);
  if (!url) throw badConfig('--jwt-keys: is not a URL');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw badConfig(
      '--jwt-keys: must be an https:// URL: over http:// anybody on the way could put their own keys there',
    );
  }
  const keys = createRemoteJWKSet(url);
  return {
    algorithms: publicKeyAlgorithms,
    find: (header, token) =>
      keys(header, token).catch((error: unknown) => {
        // An answer without the right key is the token's fault; no answer is not.
        if (error instanceof errors.JWKSNoMatchingKey) throw error;
        if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
        throw new CimError('unavailable', "the application's keys cannot be fetched now", {
          cause: error,
        });
      }),
  };
}

async function openFile(path: string): Promise<VerificationKeys> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw badConfig(`--jwt-keys: ${path} cannot be read`, cause);
  }
  return text.trimStart().startsWith('{') ? keySetOf(text, path) : pemOf(text, path);
}

function keySetOf(text: string, path: string): VerificationKeys {
  const set = parseKeySet(text, path);
  for (const { d, kty } of set.keys) {
    if (d !== undefined || kty === 'oct') {
      throw badConfig(`--jwt-keys: ${path} holds a secret key: only public ones are needed here`);
    }
  }
  return { algorithms: publicKeyAlgorithms, find: createLocalJWKSet(set) };
}

function parseKeySet(text: string, path: string): JSONWebKeySet {
  let parsed: Partial<JSONWebKeySet>;
  try {
    parsed = JSON.parse(text) as Partial<JSONWebKeySet>;
  } catch (cause) {
    throw badConfig(`--jwt-keys: ${path} is not JSON`, cause);
  }
  const { keys } = parsed;
  const found = Array.isArray(keys) ? keys.filter((key) => typeof key === 'object' && key) : [];
  if (!found.some(isUsable)) {
    throw badConfig(`--jwt-keys: ${path} holds no key for ${publicKeyAlgorithms.join(', ')}`);
  }
  return { keys: found };
}

function isUsable({ kty, crv }: JWK): boolean {
  return kty === 'RSA' || (kty === 'EC' && crv === 'P-256') || (kty === 'OKP' && crv === 'Ed25519');
}

async function pemOf(text: string, path: string): Promise<VerificationKeys> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    throw badConfig(`--jwt-keys: ${path} holds a private key: only the public one is needed here`);
  }
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch (cause) {
    throw badConfig(`--jwt-keys: ${path} is neither a JWKS nor a public key in PEM`, cause);
  }
  const algorithm = algorithmOf(key);
  if (!algorithm) {
    throw badConfig(`--jwt-keys: ${path} is no key for ${publicKeyAlgorithms.join(', ')}`);
  }
  return { algorithms: [algorithm], find: async () => key };
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa') return bits >= rsaBitsMin ? 'RS256' : undefined;
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  const isP256 = asymmetricKeyDetails?.namedCurve === 'prime256v1';
  return asymmetricKeyType === 'ec' && isP256 ? 'ES256' : undefined;
}

function badConfig(message: string, cause?: unknown): CimError {
  return new CimError('bad-config', message, { cause });
}

/**
 * What the SDK uses of WebCrypto, in JavaScript: for where there is none. The arithmetic is that of @noble/*.
 * Its keys are plain objects, so that they can be kept where those of WebCrypto can. Nothing keeps a script
 * from reading them: `extractable` is what was asked for, no more.
 */
import { gcm } from '@noble/ciphers/aes.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { fromBase64Url, toBase64Url } from '../../../base/text/base64url.ts';

type Bytes = Uint8Array<ArrayBuffer>;
type Source = ArrayBuffer | ArrayBufferView;

interface SoftwareKey {
  readonly type: 'secret' | 'private' | 'public';
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string };
  readonly usages: readonly string[];
  readonly bytes: Bytes;
}

/** An algorithm by its name, or with what it needs besides. */
interface Parameters {
  readonly name: string;
  readonly hash?: string | { readonly name: string };
  readonly length?: number;
  readonly iv?: Source;
  readonly additionalData?: Source;
  readonly salt?: Source;
  readonly info?: Source;
  readonly iterations?: number;
  readonly public?: SoftwareKey;
}
type Algorithm = string | Parameters;

interface Jwk {
  readonly kty?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly d?: string;
}

const hashes = { 'SHA-256': sha256, 'SHA-512': sha512 };
const aesKeyBytes = 32;
const curveKeyBytes = 32;
/** What stands in front of the 32 bytes of a private key of X25519 (RFC 8410). */
const pkcs8Head = Uint8Array.of(
  ...[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
  ],
);

export const softwareCrypto = {
  async digest(algorithm: Algorithm, data: Source): Promise<ArrayBuffer> {
    return bufferOf(hashOf(algorithm)(bytesOf(data)));
  },

  async importKey(
    format: string,
    data: Source | Jwk,
    algorithm: Algorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<SoftwareKey> {
    const { name } = parametersOf(algorithm);
    const bytes = format === 'jwk' ? bytesOfJwk(data as Jwk) : bytesOf(data as Source).slice();
    const key = { extractable, algorithm: { name }, usages, bytes };
    switch (name) {
      case 'X25519':
        return format === 'raw' || (format === 'jwk' && (data as Jwk).d === undefined)
          ? { ...key, type: 'public', bytes: ofCurve(bytes) }
          : {
              ...key,
              type: 'private',
              bytes: ofCurve(format === 'pkcs8' ? ofPkcs8(bytes) : bytes),
            };
      case 'Ed25519':
        return { ...key, type: 'public', bytes: ofCurve(bytes) };
      case 'AES-GCM':
        if (bytes.length !== aesKeyBytes) throw failure('DataError', 'such a key has 32 bytes');
        return { ...key, type: 'secret' };
      case 'HKDF':
      case 'HMAC':
      case 'PBKDF2':
        return { ...key, type: 'secret' };
      default:
        throw unknown(name);
    }
  },

  async exportKey(format: string, { bytes, type, extractable }: SoftwareKey) {
    if (!extractable) throw failure('InvalidAccessError', 'the key is not extractable');
    if (format === 'raw') return bufferOf(bytes);
    if (format !== 'jwk') throw unknown(format);
    const isPrivate = type === 'private';
    const x = toBase64Url(isPrivate ? x25519.getPublicKey(bytes) : bytes);
    return { kty: 'OKP', crv: 'X25519', x, ...(isPrivate && { d: toBase64Url(bytes) }) };
  },

  async generateKey(algorithm: Algorithm, extractable: boolean, usages: readonly string[]) {
    const { name } = parametersOf(algorithm);
    const key = { extractable, algorithm: { name }, usages };
    const bytes = crypto.getRandomValues(new Uint8Array(curveKeyBytes));
    if (name === 'AES-GCM') return { ...key, type: 'secret', bytes };
    if (name !== 'X25519') throw unknown(name);
    const publicBytes = Uint8Array.from(x25519.getPublicKey(bytes));
    return {
      privateKey: { ...key, type: 'private', bytes },
      publicKey: { ...key, extractable: true, usages: [], type: 'public', bytes: publicBytes },
    };
  },

  async deriveBits(algorithm: Parameters, key: SoftwareKey, bits: number): Promise<ArrayBuffer> {
    return bufferOf(await derive(algorithm, key, bits / 8));
  },

  async deriveKey(
    algorithm: Parameters,
    key: SoftwareKey,
    { name, length = 8 * aesKeyBytes }: Parameters,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<SoftwareKey> {
    const bytes = await derive(algorithm, key, length / 8);
    return softwareCrypto.importKey('raw', bytes, name, extractable, usages);
  },

  async encrypt(algorithm: Parameters, key: SoftwareKey, data: Source): Promise<ArrayBuffer> {
    return bufferOf(aesOf(algorithm, key).encrypt(bytesOf(data)));
  },

  async decrypt(algorithm: Parameters, key: SoftwareKey, data: Source): Promise<ArrayBuffer> {
    return attempt(() => bufferOf(aesOf(algorithm, key).decrypt(bytesOf(data))));
  },

  async sign(algorithm: Algorithm, { bytes }: SoftwareKey, data: Source): Promise<ArrayBuffer> {
    const { name } = parametersOf(algorithm);
    if (name !== 'HMAC') throw unknown(name);
    return bufferOf(hmac(sha256, bytes, bytesOf(data)));
  },

  async verify(
    algorithm: Algorithm,
    { bytes }: SoftwareKey,
    signature: Source,
    data: Source,
  ): Promise<boolean> {
    const { name } = parametersOf(algorithm);
    if (name !== 'Ed25519') throw unknown(name);
    return ed25519.verify(bytesOf(signature), bytesOf(data), bytes, { zip215: false });
  },
};

async function derive(algorithm: Parameters, key: SoftwareKey, count: number): Promise<Bytes> {
  const { name, salt, info, iterations: c = 0 } = algorithm;
  switch (name) {
    case 'HKDF':
      return Uint8Array.from(
        hkdf(hashOf(algorithm), key.bytes, bytesOf(salt), bytesOf(info), count),
      );
    case 'PBKDF2':
      return Uint8Array.from(
        await pbkdf2Async(hashOf(algorithm), key.bytes, bytesOf(salt), { c, dkLen: count }),
      );
    case 'X25519': {
      const { bytes = new Uint8Array() } = algorithm.public ?? {};
      // It refuses what comes of a key of small order.
      return attempt(() => Uint8Array.from(x25519.getSharedSecret(key.bytes, bytes)));
    }
    default:
      throw unknown(name);
  }
}

function aesOf({ name, iv, additionalData }: Parameters, { bytes }: SoftwareKey) {
  if (name !== 'AES-GCM') throw unknown(name);
  return gcm(bytes, bytesOf(iv), additionalData && bytesOf(additionalData));
}

function hashOf(algorithm: Algorithm) {
  const { name, hash = name } = parametersOf(algorithm);
  const hashName = typeof hash === 'string' ? hash : hash.name;
  return hashes[hashName as keyof typeof hashes] ?? fail(unknown(hashName));
}

function parametersOf(algorithm: Algorithm): Parameters {
  return typeof algorithm === 'string' ? { name: algorithm } : algorithm;
}

function ofPkcs8(bytes: Bytes): Bytes {
  const isOurs = pkcs8Head.every((byte, index) => byte === bytes[index]);
  if (!isOurs) throw failure('DataError', 'it is no private key of X25519');
  return bytes.slice(pkcs8Head.length);
}

function bytesOfJwk({ kty, crv, x, d }: Jwk): Bytes {
  if (kty !== 'OKP' || crv !== 'X25519') throw failure('DataError', 'it is no key of X25519');
  return fromBase64Url(d ?? x ?? '') ?? new Uint8Array();
}

function ofCurve(bytes: Bytes): Bytes {
  if (bytes.length !== curveKeyBytes) throw failure('DataError', 'such a key has 32 bytes');
  return bytes;
}

function bytesOf(source: Source = new Uint8Array()): Bytes {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** What the library refuses is refused as WebCrypto does it. */
function attempt<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw failure('OperationError', 'it was altered, or is of another key', { cause });
  }
}

function unknown(name: string): Error {
  return failure('NotSupportedError', `${name} is not known here`);
}

/** Where there is no WebCrypto there need be no DOMException. */
function failure(name: string, message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { name });
}

function fail(error: Error): never {
  throw error;
}

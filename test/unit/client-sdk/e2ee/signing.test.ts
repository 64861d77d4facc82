/**
 * Signatures by X25519 pairs (XEdDSA), held against what is independent of them: the keys and the
 * verification of node:crypto, and a conversion of keys of its own.
 */
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  isSignedBy,
  sign,
  signatureBytes,
  signingKeyOf,
} from '../../../../src/client/sdk/e2ee/signing.ts';

const p = 2n ** 255n - 19n;
const q = 2n ** 252n + 27742317777372353535851937790883648493n;
const message = Buffer.from('who wrote this');

interface Pair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

function newPair(): Pair {
  const { privateKey } = generateKeyPairSync('x25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  return { privateKey: Buffer.from(d, 'base64url'), publicKey: Buffer.from(x, 'base64url') };
}

function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power((base * base) % p, exponent / 2n);
  return exponent % 2n === 1n ? (half * base) % p : half;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function toLittleEndian(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse();
}

/** RFC 7748, section 4.1: y = (u - 1) / (u + 1). */
function edwardsKeyOf(publicKey: Uint8Array) {
  const u = littleEndian(publicKey);
  const y = ((u - 1n + p) * power(u + 1n, p - 2n)) % p;
  const x = toLittleEndian(y).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

describe('a signature by a pair of X25519', () => {
  test('is one of Ed25519 under the same key in its coordinates, whatever its sign', async () => {
    for (let count = 0; count < 16; count++) {
      const { privateKey, publicKey } = newPair();
      const key = signingKeyOf(privateKey);
      const signature = await sign(key, message);
      expect(signature).toHaveLength(signatureBytes);
      expect(verify(null, message, edwardsKeyOf(publicKey), signature)).toBe(true);
      expect(await isSignedBy(publicKey, message, signature)).toBe(true);
    }
  });

  test('has the sign 0 in its key, and a scalar below the order', async () => {
    for (let count = 0; count < 16; count++) {
      const key = signingKeyOf(newPair().privateKey);
      expect((key.point.at(-1) ?? 0) & 0x80).toBe(0);
      const signature = await sign(key, message);
      expect(littleEndian(signature.subarray(32)) < q).toBe(true);
    }
  });

  test('is another one each time, and the same with the same noise', async () => {
    const key = signingKeyOf(newPair().privateKey);
    const [one, other] = [await sign(key, message), await sign(key, message)];
    expect(Buffer.from(one.subarray(0, 32)).equals(other.subarray(0, 32))).toBe(false);
    const noise = new Uint8Array(64).fill(7);
    expect(await sign(key, message, noise)).toEqual(await sign(key, message, noise));
    // The nonce depends on all: no two messages share one, even with the same noise.
    const ofOther = await sign(key, Buffer.from('another'), noise);
    expect(ofOther.subarray(0, 32)).not.toEqual((await sign(key, message, noise)).subarray(0, 32));
  });

  test('is of the clamped key, as X25519 takes it', () => {
    const { privateKey } = newPair();
    const unclamped = privateKey.slice();
    unclamped[0] = (unclamped[0] ?? 0) ^ 0x07;
    unclamped[31] = (unclamped[31] ?? 0) ^ 0xc0;
    const clamped = privateKey.slice();
    clamped[0] = (clamped[0] ?? 0) & 0xf8;
    clamped[31] = ((clamped[31] ?? 0) & 0x7f) | 0x40;
    expect(signingKeyOf(unclamped)).toEqual(signingKeyOf(clamped));
  });
});

describe('no signature', () => {
  test('is what was altered, is of another key, or of another message', async () => {
    const { privateKey, publicKey } = newPair();
    const signature = await sign(signingKeyOf(privateKey), message);
    for (const at of [0, 31, 32, 62]) {
      const altered = signature.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(await isSignedBy(publicKey, message, altered)).toBe(false);
    }
    expect(await isSignedBy(newPair().publicKey, message, signature)).toBe(false);
    expect(await isSignedBy(publicKey, Buffer.from('who wrote that'), signature)).toBe(false);
    expect(await isSignedBy(publicKey, message, signature.subarray(1))).toBe(false);
    expect(await isSignedBy(publicKey, message, new Uint8Array())).toBe(false);
  });

  test('is a second form of one', async () => {
    const { privateKey, publicKey } = newPair();
    const signature = await sign(signingKeyOf(privateKey), message);
    const other = Buffer.from(signature);
    toLittleEndian(littleEndian(signature.subarray(32)) + q).copy(other, 32);
    expect(await isSignedBy(publicKey, message, other)).toBe(false);
  });

  test('is any under a key that anybody could sign for, or that is none', async () => {
    const { privateKey } = newPair();
    const signature = await sign(signingKeyOf(privateKey), message);
    const ofSmallOrder = [0n, 1n, p - 1n, p, p + 1n].map(toLittleEndian);
    // With the neutral point as its commitment, and 0: it satisfies the equation for such keys.
    const forged = Buffer.alloc(signatureBytes);
    forged[0] = 1;
    for (const publicKey of [...ofSmallOrder, Buffer.alloc(32, 0xff), Buffer.alloc(31)]) {
      expect(await isSignedBy(publicKey, message, signature)).toBe(false);
      expect(await isSignedBy(publicKey, message, forged)).toBe(false);
    }
    // u = 2 is on the twist: there is no such point.
    expect(await isSignedBy(toLittleEndian(2n), message, signature)).toBe(false);
  });
});

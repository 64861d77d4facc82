/** What stands in for WebCrypto does as WebCrypto does: held against that of Node.js, with the same bytes. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { CryptoKeyPair } from '../../../../src/base/secrets/crypto-key.ts';
import { isOfWebCrypto, webCrypto } from '../../../../src/base/secrets/web-crypto.ts';
import { softwareCrypto } from '../../../../src/client/sdk/crypto/software-crypto.ts';
import { installCrypto } from '../../../../src/client/sdk/entries/crypto.ts';

const native = crypto.subtle;
const software = softwareCrypto as unknown as typeof native;
const [one, other] = [native, software];
/** Each way round. */
const pairs = [
  { from: one, to: other },
  { from: other, to: one },
];
const bytes = (count: number) => crypto.getRandomValues(new Uint8Array(count));
const sizes = [0, 1, 15, 16, 17, 1_000];

async function both(act: (subtle: typeof native) => Promise<ArrayBuffer>): Promise<void> {
  const [expected, got] = [await act(native), await act(software)];
  expect(got).toBeInstanceOf(ArrayBuffer);
  expect(Buffer.from(got).toString('hex')).toBe(Buffer.from(expected).toString('hex'));
}

describe('the same as WebCrypto', () => {
  test('hashes', async () => {
    for (const size of sizes) {
      const data = bytes(size);
      for (const name of ['SHA-256', 'SHA-512']) await both((subtle) => subtle.digest(name, data));
    }
  });

  test('HMAC, HKDF and PBKDF2', async () => {
    const [secret, salt, info] = [bytes(32), bytes(32), bytes(9)];
    const hmac = { name: 'HMAC', hash: 'SHA-256', length: 256 };
    await both(async (subtle) =>
      subtle.sign('HMAC', await subtle.importKey('raw', secret, hmac, false, ['sign']), info),
    );
    const hkdf = { name: 'HKDF', hash: 'SHA-256', salt, info };
    const pbkdf2 = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 1_000 };
    for (const algorithm of [hkdf, { ...hkdf, salt: new Uint8Array() }, pbkdf2])
      await both(async (subtle) => {
        const key = await subtle.importKey('raw', secret, algorithm.name, false, ['deriveBits']);
        return subtle.deriveBits(algorithm, key, 512);
      });
  });

  test.each(pairs)('what one seals by AES-GCM the other opens', async ({ from, to }) => {
    const raw = bytes(32);
    const key = (subtle: typeof native) =>
      subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
    for (const size of sizes) {
      const plain = bytes(size);
      const algorithm = { name: 'AES-GCM', iv: bytes(12), additionalData: bytes(size) };
      const sealed = await from.encrypt(algorithm, await key(from), plain);
      expect(Buffer.from(await to.decrypt(algorithm, await key(to), sealed))).toEqual(
        Buffer.from(plain),
      );
      const altered = new Uint8Array(sealed);
      altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
      const refusal = await to.decrypt(algorithm, await key(to), altered).catch((error) => error);
      expect([refusal.name, isOfWebCrypto(refusal)]).toEqual(['OperationError', true]);
      const elsewhere = { ...algorithm, additionalData: bytes(size + 1) };
      await expect(to.decrypt(elsewhere, await key(to), sealed)).rejects.toThrow();
    }
  });

  test.each(pairs)('two with keys of X25519 agree, however they are kept', async ({ from, to }) => {
    const mine = (await from.generateKey('X25519', true, ['deriveBits'])) as CryptoKeyPair;
    const yours = (await to.generateKey('X25519', true, ['deriveBits'])) as CryptoKeyPair;
    const publicOf = async (subtle: typeof native, of: typeof native, pair: CryptoKeyPair) =>
      subtle.importKey('raw', await of.exportKey('raw', pair.publicKey), 'X25519', true, []);
    const shared = await from.deriveBits(
      { name: 'X25519', public: await publicOf(from, to, yours) },
      mine.privateKey,
      256,
    );
    const jwk = await to.exportKey('jwk', yours.privateKey);
    const d = Buffer.from(jwk.d ?? '', 'base64url');
    const head = Buffer.from('302e020100300506032b656e04220420', 'hex');
    const pkcs8 = Uint8Array.from([...head, ...d]);
    for (const subtle of [native, software]) {
      const keys = [
        await subtle.importKey('jwk', jwk, 'X25519', true, ['deriveBits']),
        await subtle.importKey('pkcs8', pkcs8, 'X25519', true, ['deriveBits']),
      ];
      for (const key of keys) {
        const algorithm = { name: 'X25519', public: await publicOf(subtle, from, mine) };
        const again = await subtle.deriveBits(algorithm, key, 256);
        expect(Buffer.from(again)).toEqual(Buffer.from(shared));
      }
    }
  });

  test('nothing comes of a key of small order, or of no key', async () => {
    for (const subtle of [native, software]) {
      const pair = (await subtle.generateKey('X25519', true, ['deriveBits'])) as CryptoKeyPair;
      const nobody = await subtle.importKey('raw', new Uint8Array(32), 'X25519', true, []);
      const algorithm = { name: 'X25519', public: nobody };
      await expect(subtle.deriveBits(algorithm, pair.privateKey, 256)).rejects.toMatchObject({
        name: 'OperationError',
      });
      const short = subtle.importKey('raw', new Uint8Array(31), 'X25519', true, []);
      await expect(short).rejects.toMatchObject({ name: 'DataError' });
      const foreign = subtle.importKey('pkcs8', bytes(48), 'X25519', true, ['deriveBits']);
      await expect(foreign).rejects.toMatchObject({ name: 'DataError' });
    }
  });

  test('signatures of Ed25519', async () => {
    const pair = (await native.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
    const message = bytes(100);
    const signature = new Uint8Array(await native.sign('Ed25519', pair.privateKey, message));
    const raw = await native.exportKey('raw', pair.publicKey);
    const key = await software.importKey('raw', raw, 'Ed25519', false, ['verify']);
    const isBy = (bytesOf: Uint8Array<ArrayBuffer>, of = message) =>
      software.verify('Ed25519', key, bytesOf, of);
    expect(await isBy(signature)).toBe(true);
    expect(await isBy(signature, bytes(100))).toBe(false);
    for (const at of [0, 40]) {
      const altered = signature.slice();
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(await isBy(altered)).toBe(false);
    }
  });

  test('a key is exported only where that was asked for', async () => {
    for (const subtle of [native, software]) {
      const key = await subtle.importKey('raw', bytes(32), 'AES-GCM', false, ['encrypt']);
      await expect(subtle.exportKey('raw', key)).rejects.toMatchObject({
        name: 'InvalidAccessError',
      });
    }
  });
});

describe('where there is no WebCrypto', () => {
  const { crypto: here } = globalThis;

  afterEach(() => {
    Object.defineProperty(globalThis, 'crypto', { value: here, configurable: true });
  });

  function have(some: Partial<typeof here> | undefined): void {
    Object.defineProperty(globalThis, 'crypto', { value: some, configurable: true });
  }

  test('that is said, until it is installed', () => {
    for (const nothing of [undefined, {}]) {
      have(nothing);
      expect(webCrypto).toThrow(expect.objectContaining({ kind: 'no-web-crypto' }));
    }
    have({ getRandomValues: (array) => array });
    installCrypto();
    expect(webCrypto()).toBe(softwareCrypto);
  });

  test('nothing is installed where it is, nor where there are no random numbers', () => {
    installCrypto();
    expect(webCrypto()).toBe(native);
    for (const nothing of [undefined, {}]) {
      have(nothing);
      expect(installCrypto).toThrow(expect.objectContaining({ kind: 'no-web-crypto' }));
    }
  });
});

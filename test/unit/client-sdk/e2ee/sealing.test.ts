/**
 * The HPKE that cim uses: the library against the vector of the RFC, and cim's use of it against
 * everybody who is not the sender, the receiver, or saying the truth.
 */

import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, test } from '@jest/globals';
import { toBase64Url } from '../../../../src/base/text/base64url.ts';
import {
  exportPrivateKey,
  generateKeys,
  importKeys,
  importPublicKey,
  open,
  partOverheadBytes,
  seal,
} from '../../../../src/client/sdk/e2ee/sealing.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const text = new TextEncoder().encode('psst');

/** RFC 9180, appendix A.1.3: mode_auth, but with AES-128-GCM, as it has none with AES-256-GCM. */
describe('the vector of RFC 9180 for mode_auth', () => {
  const { kem, ...suite } = {
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes128Gcm(),
  };
  const vector = {
    info: bytes('4f6465206f6e2061204772656369616e2055726e'),
    ephemeral: bytes('6e6d8f200ea2fb20c30b003a8b4f433d2f4ed4c2658d5bc8ce2fef718059c9f7'),
    receiver: bytes('f1d4a30a4cef8d6d4e3b016e6fd3799ea057db4f345472ed302a67ce1c20cdec'),
    sender: bytes('94b020ce91d73fca4649006c7e7329a67b40c55e9e93cc907d282bbbff386f58'),
    enc: '23fb952571a14a25e3d678140cd0e5eb47a0961bb18afcf85896e5453c312e76',
    aad: bytes('436f756e742d30'),
    text: bytes('4265617574792069732074727574682c20747275746820626561757479'),
    sealed:
      '5fd92cc9d46dbf8943e72a07e42f363ed5f721212cd90bcfd072bfd9f44e06b80fd17824947496e21b680c141b',
  };
  const hpke = new CipherSuite({ kem, ...suite });

  test('is what the library makes, and opens', async () => {
    const [receiver, sender] = await Promise.all(
      [vector.receiver, vector.sender].map((material) => kem.deriveKeyPair(material)),
    );
    if (!receiver || !sender) throw new Error('no keys');
    const { info, ephemeral: ekm } = vector;
    const made = await hpke.seal(
      { recipientPublicKey: receiver.publicKey, senderKey: sender, info, ekm },
      vector.text,
      vector.aad,
    );
    expect(Buffer.from(made.enc).toString('hex')).toBe(vector.enc);
    expect(Buffer.from(made.ct).toString('hex')).toBe(vector.sealed);
    const opened = await hpke.open(
      { recipientKey: receiver, senderPublicKey: sender.publicKey, enc: bytes(vector.enc), info },
      bytes(vector.sealed),
      vector.aad,
    );
    expect(new Uint8Array(opened)).toEqual(vector.text);
  });
});

describe('sealing', () => {
  test('opens for the receiver, knowing the sender', async () => {
    const [bob, amy] = [await generateKeys(), await generateKeys()];
    const part = await seal(text, bob, amy, '1.0011223344556677.2.1');
    expect(part).toHaveLength(text.length + partOverheadBytes);
    expect(await open(part, bob, amy, '1.0011223344556677.2.1')).toEqual(text);
  });

  test('opens for nobody else, of nobody else, under no other identity', async () => {
    const [bob, amy, eve] = [await generateKeys(), await generateKeys(), await generateKeys()];
    const identity = '1.0011223344556677.2.1';
    const part = await seal(text, bob, amy, identity);
    expect(await open(part, bob, eve, identity)).toBeUndefined();
    expect(await open(part, eve, amy, identity)).toBeUndefined();
    for (const other of [
      '3.0011223344556677.2.1',
      '1.0011223344556678.2.1',
      '1.0011223344556677.3.1',
      '1.0011223344556677.2.2',
      '1.0011223344556677.2.~1',
      '',
    ]) {
      expect(await open(part, bob, amy, other)).toBeUndefined();
    }
  });

  test('never gives the same bytes twice', async () => {
    const [bob, amy] = [await generateKeys(), await generateKeys()];
    const parts = [await seal(text, bob, amy, 'a'), await seal(text, bob, amy, 'a')];
    expect(parts[0]).not.toEqual(parts[1]);
  });

  test('opens with keys that were exported and imported', async () => {
    const [bob, amy] = [await generateKeys(), await generateKeys()];
    const again = await importKeys(amy.text, await exportPrivateKey(amy));
    const sender = await importPublicKey(bob.text);
    if (!again || !sender) throw new Error('no keys');
    expect(again.id).toBe(amy.id);
    expect(await open(await seal(text, bob, amy, 'x'), sender, again, 'x')).toEqual(text);
  });

  test('what is no key is not taken for one', async () => {
    expect(await importPublicKey('')).toBeUndefined();
    expect(await importPublicKey('not base64url!')).toBeUndefined();
    expect(await importPublicKey(toBase64Url(new Uint8Array(31)))).toBeUndefined();
    const { text: publicKey } = await generateKeys();
    expect(await importKeys(publicKey, new Uint8Array(31))).toBeUndefined();
  });

  test('a key that gives away every secret is refused', async () => {
    const zero = await importPublicKey(toBase64Url(new Uint8Array(32)));
    const bob = await generateKeys();
    if (!zero) throw new Error('no key');
    await expect(seal(text, bob, zero, 'x')).rejects.toMatchObject({ kind: 'no-key' });
    expect(await open(new Uint8Array(100), zero, bob, 'x')).toBeUndefined();
  });
});

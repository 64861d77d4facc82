import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { deriveAccountKeys, formatSecret } from '../../../src/auth/account-secret.ts';

const salt = '0123456789abcdef'.repeat(2);
const drawn = formatSecret(new Uint8Array(32).fill(9));

test('the login key of a drawn secret is HKDF (RFC 5869) of its bytes, and nothing else', async () => {
  const hmac = (key: Uint8Array, data: Uint8Array) =>
    createHmac('sha256', key).update(data).digest();
  const extracted = hmac(Buffer.alloc(32), Buffer.alloc(32, 9));
  const expanded = hmac(extracted, Buffer.concat([Buffer.from('cim login v1 7'), Buffer.of(1)]));
  const { loginKey } = await deriveAccountKeys(drawn, 7);
  expect(loginKey).toBe(`drawn.${expanded.toString('base64url')}`);
});

test('the same secret gives the same keys, to one user only', async () => {
  for (const secret of [drawn, 'correct horse battery']) {
    const { loginKey } = await deriveAccountKeys(secret, 7, salt);
    expect((await deriveAccountKeys(secret, 7, salt)).loginKey).toBe(loginKey);
    expect((await deriveAccountKeys(secret, 8, salt)).loginKey).not.toBe(loginKey);
  }
});

test('the same chosen secret gives other keys in another cluster', async () => {
  const keys = (where: string) => deriveAccountKeys('correct horse battery', 7, where);
  expect((await keys(salt)).loginKey).not.toBe((await keys(`${salt.slice(1)}0`)).loginKey);
  await expect(deriveAccountKeys('correct horse battery', 7)).rejects.toThrow('salt');
});

test('what is wrapped under one secret is not opened under another', async () => {
  const iv = new Uint8Array(12);
  const { wrapKey } = await deriveAccountKeys(drawn, 7);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, wrapKey, Buffer.from('key'));
  const same = (await deriveAccountKeys(drawn, 7)).wrapKey;
  const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, same, sealed);
  expect(Buffer.from(opened).toString()).toBe('key');
  const other = (await deriveAccountKeys(formatSecret(new Uint8Array(32).fill(8)), 7)).wrapKey;
  await expect(crypto.subtle.decrypt({ name: 'AES-GCM', iv }, other, sealed)).rejects.toThrow();
  await expect(crypto.subtle.exportKey('raw', wrapKey)).rejects.toThrow();
});

test('a secret of one’s own that is too short is refused, without being told', async () => {
  const refused = deriveAccountKeys('hunter2', 7);
  await expect(refused).rejects.toMatchObject({ kind: 'invalid-argument' });
  await expect(refused).rejects.not.toThrow(/hunter2/);
});

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exportJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import {
  ApplicationTokens,
  type ApplicationTokensOptions,
} from '../../../src/auth/application-tokens.ts';
import { onTeardown } from '../../support/teardown.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const secret = 'known to the application and to cim';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const kinds = [
  ['RS256', rsa],
  ['ES256', ec],
  ['EdDSA', ed],
] as const;

function open(options: Partial<ApplicationTokensOptions>): Promise<ApplicationTokens> {
  return ApplicationTokens.open({
    ...{ secret: undefined, keys: undefined, issuer: undefined, audience: undefined },
    ...{ idClaim: 'sub', nameClaim: 'name', now: () => Date.now() },
    ...options,
  });
}

interface Signing {
  readonly alg?: string;
  readonly key?: KeyObject | Uint8Array;
  readonly kid?: string;
  readonly expires?: string | null;
}

function sign(claims: JWTPayload, signing: Signing = {}): Promise<string> {
  const { alg = 'HS256', key = Buffer.from(secret), kid, expires = '1h' } = signing;
  const token = new SignJWT(claims).setProtectedHeader({ alg, ...(kid ? { kid } : {}) });
  return (expires === null ? token : token.setExpirationTime(expires)).sign(key);
}

function fileOf(content: string): string {
  const path = join(temporaryFolder('keys'), 'keys');
  writeFileSync(path, content);
  return path;
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

async function keySetOf(...keys: readonly (readonly [kid: string, key: KeyObject])[]) {
  const jwks = keys.map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid }));
  return JSON.stringify({ keys: await Promise.all(jwks) });
}

describe('who is vouched for', () => {
  test.each([
    [
      { sub: '7', name: 'amy' },
      { userId: 7, name: 'amy' },
    ],
    [{ sub: '7' }, { userId: 7, name: undefined }],
    [
      { sub: 'auth0|5f', name: 'amy' },
      { userId: undefined, name: 'auth0|5f' },
    ],
  ])('%j', async (claims, user) => {
    expect(await (await open({ secret })).verify(await sign(claims))).toEqual(user);
  });

  test('by other claims, of which the id may be a number', async () => {
    const tokens = await open({ secret, idClaim: 'https://example.org/id', nameClaim: 'nick' });
    const token = await sign({ sub: '9', 'https://example.org/id': 7, nick: 'amy' });
    expect(await tokens.verify(token)).toEqual({ userId: 7, name: 'amy' });
  });

  test.each([
    {},
    { sub: '' },
    { sub: '0' },
    { sub: '007' },
    { sub: '9007199254740993' },
    { sub: '7'.repeat(400) },
  ])('nobody by %j', async (claims) => {
    const tokens = await open({ secret });
    await expect(tokens.verify(await sign(claims))).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: expect.stringContaining('the claim sub'),
    });
  });
});

describe.each(kinds)('%s', (alg, { publicKey, privateKey }) => {
  test('with a key in PEM', async () => {
    const tokens = await open({ keys: fileOf(pemOf(publicKey)) });
    const user = { userId: 7, name: undefined };
    expect(await tokens.verify(await sign({ sub: '7' }, { alg, key: privateKey }))).toEqual(user);
  });

  test('with a key set in a file', async () => {
    const tokens = await open({ keys: fileOf(await keySetOf(['k', publicKey])) });
    const user = { userId: 7, name: undefined };
    const token = await sign({ sub: '7' }, { alg, key: privateKey, kid: 'k' });
    expect(await tokens.verify(token)).toEqual(user);
  });

  test('a secret made of the public key is no key', async () => {
    for (const content of [pemOf(publicKey), await keySetOf(['k', publicKey])]) {
      const tokens = await open({ keys: fileOf(content) });
      const token = await sign({ sub: '7' }, { key: Buffer.from(content), kid: 'k' });
      await expect(tokens.verify(token)).rejects.toThrow('not signed as the application signs');
    }
  });
});

test('keys are read again, and those that make no sense replace none', async () => {
  const keys = fileOf(pemOf(rsa.publicKey));
  const tokens = await open({ keys });
  const token = await sign({ sub: '7' }, { alg: 'EdDSA', key: ed.privateKey });
  await expect(tokens.verify(token)).rejects.toMatchObject({ kind: 'unauthenticated' });
  writeFileSync(keys, pemOf(ed.publicKey));
  await tokens.reload();
  expect(await tokens.verify(token)).toMatchObject({ userId: 7 });
  writeFileSync(keys, 'no key');
  await expect(tokens.reload()).rejects.toMatchObject({ kind: 'bad-config' });
  expect(await tokens.verify(token)).toMatchObject({ userId: 7 });
});

describe('refused, with the reason', () => {
  test.each([
    ['expired', sign({ sub: '7' }, { expires: '-1m' }), 'the token has expired'],
    ['for ever', sign({ sub: '7' }, { expires: null }), 'the claim exp'],
    ['of another secret', sign({ sub: '7' }, { key: Buffer.alloc(32) }), 'signature'],
    ['of a public key', sign({ sub: '7' }, { alg: 'RS256', key: rsa.privateKey }), 'not signed as'],
    ['HS512', sign({ sub: '7' }, { alg: 'HS512', key: Buffer.alloc(64) }), 'not signed as'],
    [
      'alg none',
      Promise.resolve(new UnsecuredJWT({ sub: '7' }).setExpirationTime('1h').encode()),
      'not signed as',
    ],
    ['nothing', Promise.resolve('a.b.c'), 'not a token'],
  ])('%s', async (_, token, reason) => {
    await expect((await open({ secret })).verify(await token)).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: expect.stringContaining(reason),
    });
  });

  test('of another issuer, or for another audience', async () => {
    const tokens = await open({ secret, issuer: 'shop', audience: 'cim' });
    const good = { sub: '7', iss: 'shop', aud: ['cim', 'other'] };
    expect(await tokens.verify(await sign(good))).toMatchObject({ userId: 7 });
    for (const [claim, bad] of Object.entries({ iss: 'other', aud: 'other' })) {
      const token = await sign({ ...good, [claim]: bad });
      await expect(tokens.verify(token)).rejects.toThrow(`the claim ${claim} of the token`);
      await expect(tokens.verify(await sign({ sub: '7' }))).rejects.toThrow('the claim');
    }
  });
});

describe('keys at a URL', () => {
  async function keyServer() {
    const state = { body: await keySetOf(['old', rsa.publicKey]), asked: 0 };
    const server = createServer((_, response) => {
      state.asked += 1;
      response.setHeader('content-type', 'application/json');
      response.end(state.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTeardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    return { state, server, url: `http://127.0.0.1:${port}/jwks` };
  }

  test('are asked for once, and not again for a key that is not there', async () => {
    const { state, url } = await keyServer();
    const tokens = await open({ keys: url });
    expect(state.asked).toBe(0);
    const key = rsa.privateKey;
    const token = await sign({ sub: '7' }, { alg: 'RS256', key, kid: 'old' });
    for (let round = 0; round < 3; round++)
      expect(await tokens.verify(token)).toMatchObject({ userId: 7 });
    const unknown = await sign({ sub: '7' }, { alg: 'RS256', key, kid: 'new' });
    for (let round = 0; round < 3; round++)
      await expect(tokens.verify(unknown)).rejects.toMatchObject({ kind: 'unauthenticated' });
    expect(state.asked).toBe(1);
  });

  test('that cannot be had are not the fault of the token', async () => {
    const { state, url } = await keyServer();
    state.body = 'no keys';
    const token = await sign({ sub: '7' }, { alg: 'RS256', key: rsa.privateKey, kid: 'old' });
    await expect((await open({ keys: url })).verify(token)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});

test.each([
  ['nothing', {}, '--jwt-secret or --jwt-keys'],
  ['a short secret', { secret: 'x'.repeat(31) }, '--jwt-secret: must have 32 bytes'],
  ['no file', { keys: '/nowhere' }, '--jwt-keys: /nowhere cannot be read'],
  ['keys that anybody may replace', { keys: 'http://example.org/jwks' }, 'must be an https:// URL'],
])('%s: wrong settings, and the flag is named', async (_, options, message) => {
  await expect(open(options)).rejects.toMatchObject({
    kind: 'bad-config',
    message: expect.stringContaining(message),
  });
});

test.each([
  ['neither', () => 'hello', 'neither a JWKS nor a public key'],
  ['no JSON', () => '{', 'is not JSON'],
  ['no key', () => '{"keys":[null,{"kty":"EC","crv":"P-521"}]}', 'holds no key for'],
  [
    'a key that is too short',
    () => pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    'is no key for',
  ],
  [
    'a private key',
    () => ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'holds a private key',
  ],
  ['a private key in a set', () => keySetOf(['k', rsa.privateKey]), 'holds a secret key'],
  ['a secret in a set', () => '{"keys":[{"kty":"RSA"},{"kty":"oct"}]}', 'holds a secret key'],
])('a file with %s: wrong settings', async (_, content, message) => {
  const opened = open({ keys: fileOf(await content()) });
  await expect(opened).rejects.toMatchObject({
    kind: 'bad-config',
    message: expect.stringContaining(message),
  });
});

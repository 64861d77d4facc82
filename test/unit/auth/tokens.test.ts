import { describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { Tokens } from '../../../src/auth/tokens.ts';
import { limits } from '../../../src/base/limits.ts';
import { clusterKeysOf } from '../../support/cluster-key.ts';

const amy = { userId: 7, userName: 'amy', generation: 3 };
const lifetimeMs = 60_000;

function tokensOf(...secrets: string[]): Tokens {
  return new Tokens({ clusterKeys: clusterKeysOf(...secrets), lifetimeMs, now: () => Date.now() });
}

/** The parts of a JWT, with one of them replaced. */
function tampered(token: string, part: 0 | 1, change: (value: object) => object): string {
  const parts = token.split('.');
  const value = JSON.parse(Buffer.from(parts[part] ?? '', 'base64url').toString());
  parts[part] = Buffer.from(JSON.stringify(change(value))).toString('base64url');
  return parts.join('.');
}

test('what one role issues, another one with the same secret verifies', async () => {
  const { token, lifetimeMs: given } = await tokensOf('s1').issue(amy);
  expect(given).toBe(lifetimeMs);
  expect(await tokensOf('s1').verify(token)).toEqual(amy);
});

test('while the secret is being changed both are good, and the first signs', async () => {
  const { token } = await tokensOf('old').issue(amy);
  expect(await tokensOf('new', 'old').verify(token)).toEqual(amy);
  const { token: newer } = await tokensOf('new', 'old').issue(amy);
  expect(await tokensOf('new').verify(newer)).toEqual(amy);
  await expect(tokensOf('new').verify(token)).rejects.toMatchObject({ kind: 'unauthenticated' });
});

describe('refused, with the reason', () => {
  test('expired', async () => {
    const { token } = await tokensOf('s1').issue(amy);
    const later = new Tokens({
      clusterKeys: clusterKeysOf('s1'),
      lifetimeMs,
      now: () => Date.now() + lifetimeMs + limits.clockToleranceMs + 1_000,
    });
    await expect(later.verify(token)).rejects.toThrow('the token has expired');
  });

  test('of another cluster', async () => {
    const { token } = await tokensOf('theirs').issue(amy);
    await expect(tokensOf('ours').verify(token)).rejects.toThrow('not made by this cluster');
  });

  test("changed to another user's", async () => {
    const { token } = await tokensOf('s1').issue(amy);
    const forged = tampered(token, 1, (claims) => ({ ...claims, sub: '8' }));
    await expect(tokensOf('s1').verify(forged)).rejects.toThrow('signature of the token is wrong');
  });

  test('alg: none, with and without the name of our key', async () => {
    const { token } = await tokensOf('s1').issue(amy);
    const bare = tampered(token, 0, (header) => ({ ...header, alg: 'none' }));
    await expect(tokensOf('s1').verify(bare)).rejects.toThrow('not signed as cim signs');
    const unsecured = new UnsecuredJWT({ name: 'amy', gen: 3 })
      .setIssuer('cim')
      .setSubject('7')
      .setExpirationTime('1h')
      .encode();
    await expect(tokensOf('s1').verify(unsecured)).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
  });

  test('signed by whoever knows the cluster secret, but not the key derived from it', async () => {
    const { token } = await tokensOf('s1').issue(amy);
    const [header = ''] = token.split('.');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const forged = await new SignJWT({ name: 'amy', gen: 3 })
      .setProtectedHeader({ alg: 'HS256', kid })
      .setIssuer('cim')
      .setSubject('7')
      .setExpirationTime('1h')
      .sign(Buffer.from('s1'));
    await expect(tokensOf('s1').verify(forged)).rejects.toThrow('signature of the token is wrong');
  });

  test.each(['', 'x', 'a.b.c', '...', 'e30.e30.e30', `${'A'.repeat(10_000)}.e30.`])(
    'no token at all: %j',
    async (text) => {
      await expect(tokensOf('s1').verify(text)).rejects.toMatchObject({ kind: 'unauthenticated' });
    },
  );

  test('everything, while no secret is known; and none is issued', async () => {
    const { token } = await tokensOf('s1').issue(amy);
    await expect(tokensOf().verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(tokensOf().issue(amy)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

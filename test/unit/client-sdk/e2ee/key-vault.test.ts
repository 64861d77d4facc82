/** The pair of an account: one for all devices, and nothing that a route could put in its place. */
import { describe, expect, test } from '@jest/globals';
import { deriveAccountKeys } from '../../../../src/auth/account-secret.ts';
import {
  openVault,
  type WrappedPair,
  wrapAnew,
} from '../../../../src/client/sdk/e2ee/key-vault.ts';
import { secretOf } from './support/key-server.ts';

const userId = 7;
const wrapKeyOf = async (name: number, id = userId) =>
  (await deriveAccountKeys(secretOf(name), id)).wrapKey;

async function madeFor(name: number): Promise<WrappedPair> {
  let made: WrappedPair | undefined;
  await openVault({
    userId,
    wrapKey: () => wrapKeyOf(name),
    fetch: async () => null,
    publish: async (pair) => {
      made = pair;
      return pair;
    },
  });
  if (!made) throw new Error('nothing was published');
  return made;
}

function openedBy(kept: WrappedPair, wrapKey: Awaited<ReturnType<typeof wrapKeyOf>>, id = userId) {
  const publish = () => Promise.reject(new Error('there is one already'));
  return openVault({ userId: id, wrapKey: async () => wrapKey, fetch: async () => kept, publish });
}

describe('the vault', () => {
  test('opens with the same secret, and with no other, nor for another user', async () => {
    const kept = await madeFor(1);
    expect((await openedBy(kept, await wrapKeyOf(1)))?.text).toBe(kept.publicKey);
    await expect(openedBy(kept, await wrapKeyOf(2))).rejects.toMatchObject({ kind: 'no-key' });
    await expect(openedBy(kept, await wrapKeyOf(1, 8), 8)).rejects.toMatchObject({
      kind: 'no-key',
    });
  });

  test('does not open with another public key, or altered', async () => {
    const [kept, other] = [await madeFor(1), await madeFor(1)];
    const wrapKey = await wrapKeyOf(1);
    for (const forged of [
      { ...kept, publicKey: other.publicKey },
      { ...kept, wrappedKey: `${kept.wrappedKey.slice(0, -2)}AA` },
      { ...kept, wrappedKey: '' },
      { ...kept, wrappedKey: '?' },
    ]) {
      await expect(openedBy(forged, wrapKey)).rejects.toMatchObject({ kind: 'no-key' });
    }
  });

  test('that another device has filled meanwhile counts', async () => {
    const first = await madeFor(1);
    const wrapKey = await wrapKeyOf(1);
    const keys = await openVault({
      userId,
      wrapKey: async () => wrapKey,
      fetch: async () => null,
      publish: async () => first,
    });
    expect(keys?.text).toBe(first.publicKey);
  });

  test('goes over to a new secret with the same pair', async () => {
    const kept = await madeFor(1);
    const [before, after] = [await wrapKeyOf(1), await wrapKeyOf(2)];
    const moved = { ...kept, wrappedKey: await wrapAnew(userId, kept, before, after) };
    expect((await openedBy(moved, after))?.text).toBe(kept.publicKey);
    await expect(openedBy(moved, before)).rejects.toMatchObject({ kind: 'no-key' });
    await expect(wrapAnew(userId, kept, after, before)).rejects.toMatchObject({ kind: 'no-key' });
  });
});

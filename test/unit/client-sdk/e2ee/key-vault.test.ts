/** The pair of an account: one for all devices, and nothing that a route could put in its place. */
import { describe, expect, test } from '@jest/globals';
import { deriveAccountKeys } from '../../../../src/auth/account-secret.ts';
import {
  type KeyVaultOptions,
  openVault,
  type WrappedPair,
  wrapAnew,
} from '../../../../src/client/sdk/e2ee/key-vault.ts';
import type { OwnKeys } from '../../../../src/client/sdk/e2ee/sealing.ts';
import { secretOf } from './support/key-server.ts';

const userId = 7;
const wrapKeyOf = async (name: number, id = userId) =>
  (await deriveAccountKeys(secretOf(name), id)).wrapKey;

async function madeFor(name: number, held?: OwnKeys): Promise<WrappedPair> {
  let made: WrappedPair | undefined;
  const vault: KeyVaultOptions = {
    userId,
    wrapKey: () => wrapKeyOf(name),
    fetch: async () => null,
    publish: async (pair) => {
      made = pair;
      return pair;
    },
  };
  await openVault(vault, held);
  if (!made) throw new Error('nothing was published');
  return made;
}

function openedBy(kept: WrappedPair, wrapKey: Awaited<ReturnType<typeof wrapKeyOf>>, id = userId) {
  const publish = () => Promise.reject(new Error('there is one already'));
  const vault = { userId: id, wrapKey: async () => wrapKey, fetch: async () => kept, publish };
  return openVault(vault, undefined);
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
    const vault = { userId, wrapKey: async () => wrapKey, fetch: async () => null };
    const keys = await openVault({ ...vault, publish: async () => first }, undefined);
    expect(keys?.text).toBe(first.publicKey);
  });

  test('gets the pair that is held, where there is none any more', async () => {
    const before = await madeFor(1);
    const held = await openedBy(before, await wrapKeyOf(1));
    const again = await madeFor(1, held ?? undefined);
    expect(again.publicKey).toBe(before.publicKey);
    expect((await openedBy(again, await wrapKeyOf(1)))?.text).toBe(before.publicKey);
  });

  test('with a pair in it is not taken for an empty one by who has no secret', async () => {
    const kept = await madeFor(1);
    const vault = { userId, wrapKey: async () => undefined, publish: async () => kept };
    await expect(openVault({ ...vault, fetch: async () => kept }, undefined)).rejects.toMatchObject(
      { kind: 'no-key' },
    );
    expect(await openVault({ ...vault, fetch: async () => null }, undefined)).toBeNull();
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

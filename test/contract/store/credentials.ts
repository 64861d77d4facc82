/** What proves the holder of an account, and the account's pair of keys. */
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { KeyPair } from '../../../src/store/accounts.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

export function describeCredentials(fixture: StoreFixture): void {
  const accounts = () => fixture.store.accounts;
  const another = () => fixture.another.accounts;
  const freshAccount = async (verifier?: string) => {
    const account = { userId: nextUserId(), name: `Name${nextUserId()}` };
    await accounts().register({ ...account, ...(verifier === undefined ? {} : { verifier }) });
    return account;
  };
  const change = (userId: number, expected: string | null, verifier: string) => ({
    userId,
    expected,
    verifier,
    wrappedKey: null,
  });
  const publicKeysOf = async (userId: number) => (await another().publicKeys([userId]))[0];

  describe('the verifier', () => {
    test('is the one of the registration, in the first generation', async () => {
      const account = await freshAccount(verifierOf('a'));
      const credential = { ...account, verifier: verifierOf('a'), generation: 1 };
      expect(await accounts().credential(account.userId)).toEqual(credential);
      expect(await another().credential(account.userId)).toEqual(credential);
    });

    test('is empty for an account that was made without one', async () => {
      const account = await freshAccount();
      const credential = { ...account, verifier: '', generation: 1 };
      expect(await accounts().credential(account.userId)).toEqual(credential);
    });

    test('is nobody’s where there is no account', async () => {
      expect(await accounts().credential(nextUserId())).toBeNull();
    });

    test('is not changed by registering again', async () => {
      const account = await freshAccount(verifierOf('a'));
      const again = { ...account, verifier: verifierOf('b') };
      expect(await accounts().register(again)).toMatchObject({ created: false });
      expect(await accounts().register(account)).toMatchObject({ created: false });
      const bare = await freshAccount();
      expect(await accounts().register({ ...bare, verifier: verifierOf('b') })).toMatchObject({
        created: false,
      });
      const verifiers = [account, bare].map(
        async ({ userId }) => (await accounts().credential(userId))?.verifier,
      );
      expect(await Promise.all(verifiers)).toEqual([verifierOf('a'), '']);
    });

    test.each([
      ['a name and an id', true],
      ['a name', false],
    ])('of many registrations of %s at once is that of the one that made it', async (_, asked) => {
      const name = `Name${nextUserId()}`;
      const userId = nextUserId();
      const verifiers = Array.from({ length: 20 }, (__, index) => verifierOf(`${index}`));
      const results = await Promise.all(
        verifiers.map((verifier, index) =>
          (index % 2 === 0 ? accounts() : another()).register({
            name,
            verifier,
            ...(asked ? { userId } : {}),
          }),
        ),
      );
      const winners = results.flatMap((result, index) =>
        result.status === 'registered' && result.created ? [{ ...result, index }] : [],
      );
      expect(winners).toHaveLength(1);
      const [{ account, index } = { account: { userId: 0 }, index: -1 }] = winners;
      expect(await accounts().credential(account.userId)).toMatchObject({
        verifier: verifiers[index],
        generation: 1,
      });
    });
  });

  describe('replacing a secret', () => {
    test('takes the right present one, and begins a new generation', async () => {
      const account = await freshAccount(verifierOf('a'));
      const { userId } = account;
      expect(await accounts().replaceSecret(change(userId, verifierOf('a'), verifierOf('b')))).toBe(
        2,
      );
      expect(await another().credential(userId)).toEqual({
        ...account,
        verifier: verifierOf('b'),
        generation: 2,
      });
    });

    test('is refused with a wrong one, without one, and where there is no account', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      for (const wrong of [verifierOf('x'), '']) {
        expect(await accounts().replaceSecret(change(userId, wrong, verifierOf('b')))).toBeNull();
      }
      expect(await accounts().credential(userId)).toMatchObject({
        verifier: verifierOf('a'),
        generation: 1,
      });
      const stranger = nextUserId();
      for (const expected of [null, '', verifierOf('a')]) {
        expect(
          await accounts().replaceSecret(change(stranger, expected, verifierOf('b'))),
        ).toBeNull();
      }
      expect(await accounts().get([stranger])).toEqual([null]);
    });

    test('may be repeated: what is already so gives its generation', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      await accounts().offerKeys(userId, pairOf('k'));
      const rotation = { ...change(userId, verifierOf('a'), verifierOf('b')), wrappedKey: 'anew' };
      expect(await accounts().replaceSecret(rotation)).toBe(2);
      expect(await another().replaceSecret(rotation)).toBe(2);
      await accounts().revoke(userId);
      expect(await accounts().replaceSecret(rotation)).toBe(3);
      expect(await accounts().keyPair(userId)).toEqual({ ...pairOf('k'), wrappedKey: 'anew' });
    });

    test('repeated does not take away the keys that came after it', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      const rotation = change(userId, verifierOf('a'), verifierOf('b'));
      await accounts().replaceSecret(rotation);
      await accounts().offerKeys(userId, pairOf('k'));
      expect(await accounts().replaceSecret(rotation)).toBe(2);
      expect(await accounts().keyPair(userId)).toEqual(pairOf('k'));
    });

    test('resets any secret when none is expected, and gives one to who has none', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      expect(await accounts().replaceSecret(change(userId, null, verifierOf('b')))).toBe(2);
      expect(await accounts().replaceSecret(change(userId, null, verifierOf('b')))).toBe(2);
      expect(await accounts().replaceSecret(change(userId, null, verifierOf('c')))).toBe(3);
      const bare = await freshAccount();
      expect(await accounts().replaceSecret(change(bare.userId, null, verifierOf('b')))).toBe(2);
      expect(await accounts().credential(bare.userId)).toMatchObject({ verifier: verifierOf('b') });
    });

    test('of two at once one wins', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      const results = await Promise.all([
        accounts().replaceSecret(change(userId, verifierOf('a'), verifierOf('b'))),
        another().replaceSecret(change(userId, verifierOf('a'), verifierOf('c'))),
      ]);
      expect(results.toSorted()).toEqual([2, null]);
      expect(await accounts().credential(userId)).toMatchObject({
        verifier: verifierOf(results[0] === 2 ? 'b' : 'c'),
        generation: 2,
      });
    });
  });

  describe('revoking', () => {
    test('begins a new generation each time, and leaves all else', async () => {
      const account = await freshAccount(verifierOf('a'));
      const { userId } = account;
      await accounts().offerKeys(userId, pairOf('k'));
      expect(await accounts().revoke(userId)).toBe(2);
      expect(await another().revoke(userId)).toBe(3);
      expect(await accounts().credential(userId)).toEqual({
        ...account,
        verifier: verifierOf('a'),
        generation: 3,
      });
      expect(await accounts().keyPair(userId)).toEqual(pairOf('k'));
    });

    test('blocked, no generation is one of before, and none of a token', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      expect(await accounts().setBlocked(userId, false)).toBe(1);
      expect(await accounts().setBlocked(userId, true)).toBe(-2);
      expect(await another().setBlocked(userId, true)).toBe(-2);
      expect(await accounts().revoke(userId)).toBe(-3);
      expect(await accounts().replaceSecret(change(userId, null, verifierOf('b')))).toBe(-4);
      expect(await another().credential(userId)).toMatchObject({ generation: -4 });
      expect(await accounts().setBlocked(userId, false)).toBe(5);
      expect(await another().setBlocked(userId, false)).toBe(5);
      expect(await accounts().revoke(userId)).toBe(6);
    });

    test('does nothing where there is no account', async () => {
      const userId = nextUserId();
      expect(await accounts().revoke(userId)).toBeNull();
      expect(await accounts().setBlocked(userId, true)).toBeNull();
      expect(await accounts().get([userId])).toEqual([null]);
      expect(await accounts().credential(userId)).toBeNull();
    });

    test('many at once are all counted', async () => {
      const { userId } = await freshAccount();
      const generations = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? accounts() : another()).revoke(userId),
        ),
      );
      expect(generations.toSorted((one, other) => Number(one) - Number(other))).toEqual(
        Array.from({ length: 10 }, (_, index) => index + 2),
      );
    });
  });

  describe('a pair of keys', () => {
    test('is taken once: who offers another hears the one that stands', async () => {
      const account = await freshAccount();
      const { userId } = account;
      expect(await accounts().keyPair(userId)).toBeNull();
      expect(await publicKeysOf(userId)).toEqual({ account, current: null, earlier: [] });
      expect(await accounts().offerKeys(userId, pairOf('k1'))).toEqual(pairOf('k1'));
      expect(await another().offerKeys(userId, pairOf('k2'))).toEqual(pairOf('k1'));
      expect(await another().keyPair(userId)).toEqual(pairOf('k1'));
      const { publicKey: current } = pairOf('k1');
      expect(await publicKeysOf(userId)).toEqual({ account, current, earlier: [] });
    });

    test('of many offered at once one wins, and all hear which', async () => {
      const { userId } = await freshAccount();
      const pairs = Array.from({ length: 20 }, (_, index) => pairOf(`k${index}`));
      const answers = await Promise.all(
        pairs.map((pair, index) =>
          (index % 2 === 0 ? accounts() : another()).offerKeys(userId, pair),
        ),
      );
      const standing = await accounts().keyPair(userId);
      expect(pairs).toContainEqual(standing);
      expect(answers).toEqual(pairs.map(() => standing));
    });

    test('is nobody’s where there is no account, and none is made by offering it', async () => {
      const userId = nextUserId();
      expect(await accounts().offerKeys(userId, pairOf('k'))).toBeNull();
      expect(await accounts().keyPair(userId)).toBeNull();
      expect(await accounts().publicKeys([userId])).toEqual([null]);
      expect(await accounts().get([userId])).toEqual([null]);
    });

    test('is kept by a rotation, wrapped anew', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      await accounts().offerKeys(userId, pairOf('k'));
      const rotation = { ...change(userId, verifierOf('a'), verifierOf('b')), wrappedKey: 'anew' };
      await accounts().replaceSecret(rotation);
      expect(await accounts().keyPair(userId)).toEqual({ ...pairOf('k'), wrappedKey: 'anew' });
      const { publicKey: current } = pairOf('k');
      expect(await publicKeysOf(userId)).toMatchObject({ current, earlier: [] });
    });

    test('is not touched by a refused rotation', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      await accounts().offerKeys(userId, pairOf('k'));
      await accounts().replaceSecret(change(userId, verifierOf('x'), verifierOf('b')));
      expect(await accounts().keyPair(userId)).toEqual(pairOf('k'));
    });

    test('is not made by wrapping anew what is not there', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      const rotation = { ...change(userId, verifierOf('a'), verifierOf('b')), wrappedKey: 'anew' };
      expect(await accounts().replaceSecret(rotation)).toBe(2);
      expect(await accounts().keyPair(userId)).toBeNull();
      expect(await publicKeysOf(userId)).toMatchObject({ current: null, earlier: [] });
    });

    test('is lost by a reset: its public key is told as an earlier one', async () => {
      const { userId } = await freshAccount(verifierOf('a'));
      await accounts().offerKeys(userId, pairOf('k1'));
      await accounts().replaceSecret(change(userId, null, verifierOf('b')));
      expect(await accounts().keyPair(userId)).toBeNull();
      const earlier = [pairOf('k1').publicKey];
      expect(await publicKeysOf(userId)).toMatchObject({ current: null, earlier });
      expect(await accounts().offerKeys(userId, pairOf('k2'))).toEqual(pairOf('k2'));
      const { publicKey: current } = pairOf('k2');
      expect(await publicKeysOf(userId)).toMatchObject({ current, earlier });
    });

    test('of long ago is forgotten, and the same one is told once', async () => {
      const { userId } = await freshAccount();
      const count = limits.earlierKeysMax + 3;
      const pairs = Array.from({ length: count }, (_, index) => pairOf(`k${index}`));
      const again = pairs[count - 2]!;
      for (const [index, pair] of [...pairs, again].entries()) {
        await accounts().offerKeys(userId, pair);
        await accounts().replaceSecret(change(userId, null, verifierOf(`${index}`)));
      }
      const newestFirst = pairs.map(({ publicKey }) => publicKey).toReversed();
      const others = newestFirst.filter((key) => key !== again.publicKey);
      expect((await publicKeysOf(userId))?.earlier).toEqual(
        [again.publicKey, ...others].slice(0, limits.earlierKeysMax),
      );
    });
  });

  test('public keys come in the order asked, null where there is no account', async () => {
    const [amy, bob] = [await freshAccount(), await freshAccount()];
    await accounts().offerKeys(amy.userId, pairOf('amy'));
    const ofAmy = { account: amy, current: pairOf('amy').publicKey, earlier: [] };
    const ofBob = { account: bob, current: null, earlier: [] };
    const asked = [bob.userId, nextUserId(), amy.userId, bob.userId];
    expect(await accounts().publicKeys(asked)).toEqual([ofBob, null, ofAmy, ofBob]);
    expect(await accounts().publicKeys([])).toEqual([]);
  });
}

/** A verifier, never the same for two seeds. */
function verifierOf(seed: string): string {
  return Buffer.from(seed.padEnd(32, '.')).toString('hex');
}

function pairOf(seed: string): KeyPair {
  const bytes = (kind: string, length: number) =>
    Buffer.from(`${kind} ${seed}`.padEnd(length, '.')).toString('base64url');
  return { publicKey: bytes('public', 32), wrappedKey: bytes('wrapped', 60) };
}

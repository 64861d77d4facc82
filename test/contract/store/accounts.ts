import { expect, test } from '@jest/globals';
import type { RegistrationResult } from '../../../src/store/accounts.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

export function describeAccounts(fixture: StoreFixture): void {
  const freshName = () => `Name${nextUserId()}`;
  const accounts = () => fixture.store.accounts;

  test('a name gets an id, and is found by it', async () => {
    const name = freshName();
    const { status, account, created } = registered(await accounts().register({ name }));
    expect({ status, created }).toEqual({ status: 'registered', created: true });
    expect(account).toEqual({ userId: expect.any(Number), name });
    expect(Number.isSafeInteger(account.userId) && account.userId > 0).toBe(true);
    expect(await accounts().get([account.userId])).toEqual([account]);
    expect(await accounts().named(account.name.toUpperCase())).toEqual(account);
    expect(await accounts().named(`${account.name}x`)).toBeNull();
  });

  test('the id asked for is honoured', async () => {
    const account = { userId: nextUserId(), name: freshName() };
    expect(await accounts().register(account)).toEqual({
      status: 'registered',
      account,
      created: true,
    });
  });

  test('an id may have all the digits of a safe integer', async () => {
    const account = { userId: Number.MAX_SAFE_INTEGER - (nextUserId() % 1e6), name: freshName() };
    await accounts().register(account);
    expect(await accounts().get([account.userId])).toEqual([account]);
  });

  test('registering again is harmless, with the id and without', async () => {
    const account = { userId: nextUserId(), name: freshName() };
    await accounts().register(account);
    const again = { status: 'registered', account, created: false };
    expect(await accounts().register(account)).toEqual(again);
    expect(await accounts().register({ name: account.name })).toEqual(again);
  });

  test('names are one without regard to case and composition', async () => {
    const unique = nextUserId();
    const account = { userId: nextUserId(), name: `Zoë Ångström ${unique}` };
    await accounts().register(account);
    const variants = [account.name.toUpperCase(), account.name.normalize('NFD')];
    for (const name of variants) {
      expect(await accounts().register({ name })).toMatchObject({ account, created: false });
      expect(await accounts().register({ name, userId: nextUserId() })).toEqual({
        status: 'name-taken',
        account,
      });
    }
  });

  test('a name of another id is taken, and the id asked for stays free', async () => {
    const account = { userId: nextUserId(), name: freshName() };
    await accounts().register(account);
    const userId = nextUserId();
    expect(await accounts().register({ name: account.name, userId })).toEqual({
      status: 'name-taken',
      account,
    });
    expect(await accounts().get([userId])).toEqual([null]);
    expect(await accounts().register({ name: freshName(), userId })).toMatchObject({
      created: true,
    });
  });

  test('an id of another name is taken, and the name asked for stays free', async () => {
    const account = { userId: nextUserId(), name: freshName() };
    await accounts().register(account);
    const name = freshName();
    expect(await accounts().register({ name, userId: account.userId })).toEqual({
      status: 'id-taken',
      account,
    });
    expect(await accounts().register({ name, userId: nextUserId() })).toMatchObject({
      status: 'registered',
      created: true,
    });
  });

  test('concurrent calls for one name give one id', async () => {
    const name = freshName();
    const results = await Promise.all(
      [fixture.store, fixture.another].flatMap((store) =>
        Array.from({ length: 10 }, () => store.accounts.register({ name })),
      ),
    );
    const all = results.map(registered);
    expect(new Set(all.map(({ account }) => account.userId)).size).toBe(1);
    expect(all.filter(({ created }) => created)).toHaveLength(1);
  });

  test('concurrent calls for one id give one name', async () => {
    const userId = nextUserId();
    const results = await Promise.all(
      [fixture.store, fixture.another].flatMap((store) =>
        Array.from({ length: 10 }, () => store.accounts.register({ name: freshName(), userId })),
      ),
    );
    expect(results.filter(({ status }) => status === 'registered')).toHaveLength(1);
    expect(results.filter(({ status }) => status === 'id-taken')).toHaveLength(19);
    const [account] = await accounts().get([userId]);
    for (const result of results) expect(result).toMatchObject({ account });
  });

  test('concurrent calls for many names give as many ids', async () => {
    const results = await Promise.all(
      [fixture.store, fixture.another].flatMap((store) =>
        Array.from({ length: 50 }, () => store.accounts.register({ name: freshName() })),
      ),
    );
    const ids = results.map((result) => registered(result).account.userId);
    expect(new Set(ids).size).toBe(100);
  });

  test('accounts come in the order asked, null where there is none', async () => {
    const amy = { userId: nextUserId(), name: freshName() };
    const bob = { userId: nextUserId(), name: freshName() };
    await accounts().register(amy);
    await accounts().register(bob);
    const asked = [bob.userId, nextUserId(), amy.userId, bob.userId];
    expect(await accounts().get(asked)).toEqual([bob, null, amy, bob]);
    expect(await accounts().get([])).toEqual([]);
  });
}

function registered(result: RegistrationResult): RegistrationResult & { status: 'registered' } {
  if (result.status !== 'registered') throw new Error(`not registered: ${result.status}`);
  return result;
}

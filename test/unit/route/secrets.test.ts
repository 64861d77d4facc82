/** Secrets of accounts, the tokens that they give, and what ends both. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { callOne } from '../../../src/api/batch-call.ts';
import { ApplicationTokens } from '../../../src/auth/application-tokens.ts';
import type { CimError } from '../../../src/base/errors.ts';
import { closeCodes } from '../../../src/codec/close-codes.ts';
import type { AuthMode } from '../../../src/route/accounts/authentication.ts';
import { amy, bob, RouteHarness, testTokens } from '../../support/route-harness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const right = 'A'.repeat(43);
const wrong = 'B'.repeat(43);
const carol = { userId: 3, name: 'carol' };
const carolHere = { userId: 3, userName: 'carol', java: false, avoid: [] };

function start(mode: AuthMode = 'secret', clock?: VirtualClock): Promise<RouteHarness> {
  const authentication = { mode, tokens: testTokens };
  return RouteHarness.start({ authentication, ...(clock ? { clock } : {}) });
}

function codeOf(name: keyof typeof closeCodes): number {
  return closeCodes[name].code;
}

describe('an account with a secret', () => {
  let route: RouteHarness;
  beforeEach(async () => {
    route = await start();
    await route.core.operations.register({ ...carol, loginKey: right });
  });
  const { operations } = { operations: () => route.core.operations };
  const tokenOf = async (loginKey = right) =>
    (await operations().login({ ...carolHere, loginKey })).token?.token ?? '';

  test('is registered again by its holder alone', async () => {
    expect(await operations().register({ ...carol, loginKey: right })).toEqual(carol);
    for (const registration of [carol, { name: 'CAROL' }])
      await expect(
        operations().register({ ...registration, loginKey: wrong }),
      ).rejects.toMatchObject({ kind: 'account-mismatch' });
    await expect(operations().register(carol)).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: expect.stringContaining('loginKey: must be given'),
    });
  });

  test('lets its holder in alone, and tells others nothing', async () => {
    expect(await testTokens.verify(await tokenOf())).toEqual({
      userId: 3,
      userName: 'carol',
      generation: 1,
    });
    const refusals = await Promise.all(
      [
        { ...carolHere, loginKey: wrong },
        { ...carolHere, userId: 99, loginKey: right },
        { ...carolHere, userName: 'Carol', loginKey: wrong },
      ].map((login) =>
        operations()
          .login(login)
          .catch((error: CimError) => error),
      ),
    );
    const [first] = refusals;
    expect(first).toMatchObject({ kind: 'account-mismatch' });
    for (const refusal of refusals) expect(refusal).toEqual(first);
    await expect(operations().login(carolHere)).rejects.toMatchObject({ kind: 'unauthenticated' });
    await expect(operations().login({ ...carolHere, loginKey: 'x' })).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
  });

  test.each([
    ['Carol', /bears the name "carol".*case counts/],
    ['ｃａｒｏｌ', /bears the name "carol".*case counts/],
    ['dave', /bears the name "carol": log in under that one$/],
  ])('tells its holder, who comes as %s, how it is called', async (userName, message) => {
    const refusal = { kind: 'wrong-name', message: expect.stringMatching(message) };
    const login = { ...carolHere, userName, loginKey: right };
    await expect(operations().login(login)).rejects.toMatchObject(refusal);
    if (userName !== 'dave') return;
    const registration = { name: userName, userId: carol.userId };
    await expect(operations().register({ ...registration, loginKey: right })).rejects.toMatchObject(
      refusal,
    );
    await expect(operations().register({ ...registration, loginKey: wrong })).rejects.toMatchObject(
      { kind: 'id-taken' },
    );
  });

  test('that never had one says what to do', async () => {
    for (const attempt of [
      operations().register({ ...amy, loginKey: right }),
      operations().login({ ...carolHere, userId: 1, userName: 'amy', loginKey: right }),
    ])
      await expect(attempt).rejects.toMatchObject({
        kind: 'account-mismatch',
        message: expect.stringContaining('cim admin reset-secret 1'),
      });
    await operations().resetSecret(1, right);
    const login = { ...carolHere, userId: 1, userName: 'amy', loginKey: right };
    expect((await operations().login(login)).token).toBeDefined();
  });

  test('a kick of nobody says so', async () => {
    await expect(operations().kick(77)).rejects.toMatchObject({ kind: 'not-found' });
  });

  test('opens sessions with a token alone, of the present generation', async () => {
    expect((await route.connect(carol, 5)).code).toBe(codeOf('not-allowed'));
    expect((await route.connect(carol, 6, 'd', 1)).code).toBe(0);
    await operations().kick(3);
    expect((await route.connect(carol, 7, 'd', 1)).code).toBe(codeOf('token-refused'));
    expect((await route.connect(carol, 8, 'd', 2)).code).toBe(0);
  });

  test.each([
    ['kick', () => operations().kick(3), 'kicked', right],
    [
      'a new secret',
      () => operations().rotateSecret({ userId: 3, loginKey: right, newLoginKey: wrong }),
      'secret-changed',
      wrong,
    ],
    ['a reset', () => operations().resetSecret(3, wrong), 'secret-changed', wrong],
  ] as const)('%s ends sessions and tokens at once', async (_, end, why, keyAfter) => {
    const token = await tokenOf();
    await route.connect(carol, 5, 'd', 1);
    expect(await route.core.callers.ofToken(token)).toMatchObject({ userId: 3 });
    await end();
    expect(route.ended).toMatchObject([{ sessionId: 5, code: codeOf(why) }]);
    expect(await route.store.sessions.of([3])).toEqual([[]]);
    await expect(route.core.callers.ofToken(token)).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'the token was revoked: log in anew',
    });
    expect(await route.core.callers.ofToken(await tokenOf(keyAfter))).toMatchObject({ userId: 3 });
  });

  test('blocked, it lets nobody in: not with a token of before, a new secret, or another kick', async () => {
    const token = await tokenOf();
    await route.connect(carol, 5, 'd', 1);
    expect(await operations().setAccountBlocked(3, true)).toBe(1);
    expect(route.ended).toMatchObject([{ sessionId: 5, code: codeOf('blocked') }]);
    const blocked = { kind: 'account-blocked' };
    for (const attempt of [
      () => route.core.callers.ofToken(token),
      () => tokenOf(),
      async () => {
        await operations().kick(3);
        return tokenOf();
      },
      async () => {
        await operations().resetSecret(3, wrong);
        return tokenOf(wrong);
      },
    ])
      await expect(attempt()).rejects.toMatchObject(blocked);
    // Who does not prove to be its holder does not learn it.
    await expect(tokenOf(right)).rejects.toMatchObject({ kind: 'account-mismatch' });
    for (let generation = 1; generation < 6; generation++)
      expect((await route.connect(carol, 5 + generation, 'd', generation)).code).not.toBe(0);
    expect(await operations().setAccountBlocked(3, false)).toBe(0);
    await expect(route.core.callers.ofToken(token)).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
    expect(await route.core.callers.ofToken(await tokenOf(wrong))).toMatchObject({ userId: 3 });
    await expect(operations().setAccountBlocked(77, true)).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  test('is kept in by no server that did not hear of its end', async () => {
    const elsewhere = { instance: 'server-2', address: '10.0.0.2:9000:8081' };
    const session = { userId: 3, device: 'd', connectionNumber: 1, sessionId: 5, ...elsewhere };
    const opening = { ...session, ephemeral: false, generation: 1 };
    await route.store.sessions.open([opening]);
    // This route does not know that server, and cannot tell it.
    await operations().kick(3);
    expect(route.ended).toEqual([]);
    // So the server finds out when it asks, and when it reports the session again.
    const [checked] = await route.store.sessions.check([session]);
    expect(checked).toMatchObject({ known: false });
    const again = await callOne(route.core.api.open, { ...opening, userName: 'carol' });
    expect(again.code).toBe(codeOf('token-refused'));
  });

  test('changes it for its holder alone; to repeat that is harmless', async () => {
    const change = { userId: 3, loginKey: right, newLoginKey: wrong };
    const bad = { ...change, loginKey: 'C'.repeat(43) };
    await expect(operations().rotateSecret(bad)).rejects.toMatchObject({
      kind: 'account-mismatch',
    });
    await operations().rotateSecret(change);
    await operations().rotateSecret(change);
    await expect(tokenOf(right)).rejects.toMatchObject({ kind: 'account-mismatch' });
    expect(await testTokens.verify(await tokenOf(wrong))).toMatchObject({ generation: 2 });
  });

  test('keeps its key pair only if that is sealed anew', async () => {
    const pair = { publicKey: 'K'.repeat(43), wrappedKey: 'old' };
    expect(await operations().publishKey(3, pair)).toEqual(pair);
    expect(await operations().publishKey(3, { ...pair, wrappedKey: 'late' })).toEqual(pair);
    const change = { userId: 3, loginKey: right, newLoginKey: wrong };
    await expect(operations().rotateSecret(change)).rejects.toMatchObject({
      kind: 'invalid-argument',
      message: expect.stringContaining('wrappedKey: must be given'),
    });
    // Whoever does not have the secret does not hear of the key pair.
    const guess = { ...change, loginKey: 'C'.repeat(43) };
    await expect(operations().rotateSecret(guess)).rejects.toMatchObject({
      kind: 'account-mismatch',
    });
    await operations().rotateSecret({ ...change, wrappedKey: 'new' });
    expect(await operations().ownKey(3)).toEqual({ ...pair, wrappedKey: 'new' });
    await operations().resetSecret(3, right);
    expect(await operations().ownKey(3)).toBeNull();
    expect(await operations().publicKeys([3, 99])).toEqual([
      { account: carol, current: null, earlier: [pair.publicKey] },
      null,
    ]);
  });

  test.each([
    { publicKey: 'short', wrappedKey: 'w' },
    { publicKey: 'K'.repeat(43), wrappedKey: 'no base64url!' },
  ])('takes no key pair like %j', async (pair) => {
    await expect(operations().publishKey(3, pair)).rejects.toMatchObject({
      kind: 'invalid-argument',
    });
  });
});

test('a token revoked through another route is good for a second at most', async () => {
  const clock = new VirtualClock();
  const route = await start('open', clock);
  const login = { userId: 2, userName: bob.name, java: false, avoid: [] };
  const { token } = await route.core.operations.login(login);
  const bearer = token?.token ?? '';
  await route.core.callers.ofToken(bearer);
  await route.store.accounts.revoke(2);
  expect(await route.core.callers.ofToken(bearer)).toMatchObject({ userId: 2 });
  await clock.advance(1_001);
  await expect(route.core.callers.ofToken(bearer)).rejects.toThrow('revoked');
});

describe('with --auth open', () => {
  test('a token is given, none is needed, and there are no secrets and no keys', async () => {
    const { operations } = (await start('open')).core;
    const login = { userId: 1, userName: 'amy', avoid: [] };
    expect((await operations.login({ ...login, java: false })).token).toBeDefined();
    const change = { userId: 1, loginKey: right, newLoginKey: wrong };
    const pair = { publicKey: 'K'.repeat(43), wrappedKey: 'w' };
    for (const attempt of [
      operations.rotateSecret(change),
      operations.publishKey(1, pair),
      operations.ownKey(1),
      operations.publicKeys([1]),
      operations.setAccountBlocked(1, true),
    ])
      await expect(attempt).rejects.toMatchObject({ kind: 'not-allowed' });
  });
});

describe('with --auth jwt', () => {
  const secret = 'known to the application and to cim';
  async function startJwt(): Promise<RouteHarness> {
    const application = await ApplicationTokens.open({
      ...{ secret, keys: undefined, issuer: undefined, audience: undefined },
      ...{ idClaim: 'sub', nameClaim: 'name', now: () => Date.now() },
    });
    return RouteHarness.start({ authentication: { mode: 'jwt', tokens: testTokens, application } });
  }
  const sign = (claims: object) =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(secret));

  test('an account is made at the first use: of a number, or by a name', async () => {
    const { callers } = (await startJwt()).core;
    const numbered = await sign({ sub: '7', name: 'dora' });
    expect(await callers.ofToken(numbered)).toMatchObject({ userId: 7, userName: 'dora' });
    // Later the name does not matter: ids tell who it is.
    const renamed = await sign({ sub: '7', name: 'other' });
    expect(await callers.ofToken(renamed)).toMatchObject({ userId: 7, userName: 'dora' });
    const named = await sign({ sub: 'auth0|5f', name: 'amy' });
    const made = await callers.ofToken(named);
    expect(made).toMatchObject({ userName: 'auth0|5f', proof: 'application-token' });
    expect(await callers.ofToken(named)).toEqual(made);
  });

  test("a blocked account is kept out, whatever the application's token says", async () => {
    const { core } = await startJwt();
    const token = await sign({ sub: '7', name: 'dora' });
    await core.callers.ofToken(token);
    await core.operations.setAccountBlocked(7, true);
    await expect(core.callers.ofToken(token)).rejects.toMatchObject({ kind: 'account-blocked' });
    await core.operations.setAccountBlocked(7, false);
    expect(await core.callers.ofToken(token)).toMatchObject({ userId: 7 });
  });

  test.each([
    [{ sub: '8' }, 'unauthenticated', 'does not tell the name of a new user'],
    [{ sub: 'a\nb' }, 'unauthenticated', 'control characters'],
  ])('nobody becomes somebody else by %j', async (claims, kind, message) => {
    const { callers } = (await startJwt()).core;
    await expect(callers.ofToken(await sign(claims))).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
  });

  test('users of one name all get in, each as themselves', async () => {
    const route = await startJwt();
    const { callers } = route.core;
    const inAs = async (claims: object) => {
      const { userId, userName } = await callers.ofToken(await sign(claims));
      return [userId, userName];
    };
    expect(await inAs({ sub: '8', name: 'amy' })).toEqual([8, 'amy-8']);
    expect(await inAs({ sub: '9', name: 'Amy' })).toEqual([9, 'Amy-9']);
    // Somebody has the next name, too.
    await route.store.accounts.register({ name: 'amy-10' });
    const [, name] = await inAs({ sub: '10', name: 'amy' });
    expect(name).toMatch(/^amy~[0-9a-f]{16}$/);
    for (const again of [8, 9, 10]) expect((await inAs({ sub: `${again}` }))[0]).toBe(again);
    // At another route, at the same time.
    const rival = { userId: 11, name: 'amy-11' };
    const find = route.store.accounts.get.bind(route.store.accounts);
    route.store.accounts.get = async (ids) => {
      const found = await find(ids);
      route.store.accounts.get = find;
      await route.store.accounts.register(rival);
      return found;
    };
    expect(await inAs({ sub: '11', name: 'amy' })).toEqual([11, 'amy-11']);
  });

  test('users whose ids differ in case alone are two, and none is another by the name that one got', async () => {
    const { callers } = (await startJwt()).core;
    const account = async (sub: string) => callers.ofToken(await sign({ sub }));
    const lower = await account('auth0|abc');
    const upper = await account('auth0|ABC');
    expect(upper.userId).not.toBe(lower.userId);
    expect(upper.userName).toMatch(/^auth0\|ABC~[0-9a-f]{16}$/);
    const posing = await account(upper.userName);
    expect([lower.userId, upper.userId]).not.toContain(posing.userId);
    expect((await account('auth0|ABC')).userId).toBe(upper.userId);
    expect((await account('AMY')).userId).not.toBe(1);
  });

  test('a long name is cut for what tells it apart, between characters that people see', async () => {
    const { callers } = (await startJwt()).core;
    const long = '👩‍👩‍👧'.repeat(12);
    await callers.ofToken(await sign({ sub: '20', name: long }));
    const { userName } = await callers.ofToken(await sign({ sub: '21', name: long }));
    expect([...userName].length).toBeLessThanOrEqual(64);
    expect(userName).toBe(`${'👩‍👩‍👧'.repeat(12)}-21`);
    await callers.ofToken(await sign({ sub: '22', name: 'x'.repeat(64) }));
    const second = await callers.ofToken(await sign({ sub: '23', name: 'x'.repeat(64) }));
    expect(second.userName).toBe(`${'x'.repeat(61)}-23`);
  });

  test('only the word of the application gives a token', async () => {
    const { operations } = (await startJwt()).core;
    const login = { userId: 1, userName: 'amy', java: false, avoid: [] };
    expect((await operations.login({ ...login, vouched: true })).token).toBeDefined();
    await expect(operations.login({ ...login, loginKey: right })).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
  });
});

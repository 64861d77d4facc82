/** Deleting an account: who may, what other routes remember, and what is done again until it has settled. */
import { describe, expect, test } from '@jest/globals';
import { verifierOf } from '../../../src/auth/verifier.ts';
import { limits } from '../../../src/base/limits.ts';
import { closeCodes } from '../../../src/codec/close-codes.ts';
import type { AuthMode } from '../../../src/route/accounts/authentication.ts';
import type { Store } from '../../../src/store/store.ts';
import { userTimeline } from '../../../src/store/timelines.ts';
import {
  amy,
  bob,
  openMemoryStore,
  RouteHarness,
  testTokens,
} from '../../support/route-harness.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const right = 'A'.repeat(43);
const wrong = 'B'.repeat(43);

function start(mode: AuthMode, more: { store?: Store; clock?: VirtualClock } = {}) {
  return RouteHarness.start({ authentication: { mode, tokens: testTokens }, ...more });
}

/** An account with a secret. */
async function withCarol(route: RouteHarness) {
  const carol = { userId: 3, name: 'carol' };
  await route.store.accounts.register({ ...carol, verifier: verifierOf(right) });
  return carol;
}

describe('its holder', () => {
  test('proves to be that with the secret, and hears nothing without', async () => {
    const route = await start('secret');
    await withCarol(route);
    const { deleteAccount } = route.core.operations;
    await expect(deleteAccount(3, {})).rejects.toMatchObject({ kind: 'unauthenticated' });
    await expect(deleteAccount(3, { loginKey: wrong })).rejects.toMatchObject({
      kind: 'account-mismatch',
    });
    await expect(deleteAccount(99, { loginKey: right })).rejects.toMatchObject({
      kind: 'account-mismatch',
    });
    expect(await route.store.deletions.isDeleted(3)).toBe(false);
    expect(await deleteAccount(3, { loginKey: right })).toBe(0);
    await expect(deleteAccount(3, { loginKey: right })).rejects.toMatchObject({
      kind: 'account-deleted',
    });
  });

  test('and all devices are told why, and cannot come again', async () => {
    const route = await start('secret');
    const carol = await withCarol(route);
    const { deleteAccount, login, register } = route.core.operations;
    const comes = { userId: 3, userName: 'carol', loginKey: right, java: false, avoid: [] };
    const { token } = await login(comes);
    await route.connect(carol, 5, 'phone', 1);
    await route.connect(carol, 6, 'laptop', 1);
    expect(await deleteAccount(3, { loginKey: right })).toBe(2);
    const { code, meaning: reason } = closeCodes['account-deleted'];
    expect(route.ended.toSorted((one, two) => one.sessionId - two.sessionId)).toMatchObject([
      { sessionId: 5, code, reason },
      { sessionId: 6, code, reason },
    ]);
    const deleted = { kind: 'account-deleted' };
    await expect(login(comes)).rejects.toMatchObject(deleted);
    await expect(register({ ...carol, loginKey: right })).rejects.toMatchObject(deleted);
    await expect(route.core.callers.ofToken(token?.token ?? '')).rejects.toMatchObject({
      kind: 'unauthenticated',
    });
    expect((await route.connect(carol, 7, 'phone', 1)).code).toBe(closeCodes['token-refused'].code);
  });
});

test('an operator needs no proof, may repeat it, and hears of an account that never was', async () => {
  const route = await start('secret');
  await withCarol(route);
  const { deleteAccount } = route.core.operations;
  expect(await deleteAccount(3)).toBe(0);
  expect(await deleteAccount(3)).toBe(0);
  await expect(deleteAccount(99)).rejects.toMatchObject({ kind: 'not-found' });
});

describe('another route, which remembers the account,', () => {
  async function twoRoutes(clock?: VirtualClock) {
    const store = await openMemoryStore();
    const one = await start('open', { store });
    const other = await start('open', { store, ...(clock && { clock }) });
    await other.core.operations.sendPrivate({ from: amy.userId, to: bob.userId, texts: ['hi'] });
    await other.core.operations.sendPrivate({ from: bob.userId, to: amy.userId, texts: ['hi'] });
    return { store, one, other };
  }
  const send = (route: RouteHarness, from: number, to: number) =>
    route.core.operations.sendPrivate({ from, to, texts: ['late'] });

  test('refuses what is sent to them from the first message on', async () => {
    const { store, one, other } = await twoRoutes();
    await one.core.operations.deleteAccount(bob.userId);
    for (let time = 0; time < 2; time++)
      await expect(send(other, 1, 2)).rejects.toMatchObject({ kind: 'unknown-receiver' });
    expect(await store.timelines.heads([userTimeline(2)])).toEqual([0]);
    expect(await store.timelines.heads([userTimeline(1)])).toEqual([2]);
  });

  test('lets them send what was under way, and nothing more', async () => {
    const { store, one, other } = await twoRoutes();
    await one.core.operations.deleteAccount(bob.userId);
    await expect(send(other, 2, 1)).rejects.toMatchObject({ kind: 'account-deleted' });
    await expect(send(other, 2, 1)).rejects.toMatchObject({ kind: 'account-mismatch' });
    expect(await store.timelines.heads([userTimeline(1), userTimeline(2)])).toEqual([3, 0]);
  });

  test('forgets it at its next look', async () => {
    const clock = new VirtualClock();
    const { one, other } = await twoRoutes(clock);
    await one.core.operations.deleteAccount(bob.userId);
    await clock.advance(limits.deletionLookMs);
    await expect(other.core.operations.joinGroup(2, 'cooks')).rejects.toMatchObject({
      kind: 'account-mismatch',
    });
  });
});

describe('what a route leaves undone', () => {
  test('is done by the next one that looks', async () => {
    const clock = new VirtualClock();
    const store = await openMemoryStore();
    await start('open', { store, clock });
    await store.groups.create('cooks', bob.userId);
    await store.groups.join('cooks', amy.userId);
    // The route dies here.
    await store.deletions.begin(bob.userId);
    expect(await store.groups.find('cooks')).toMatchObject({ owner: bob.userId });
    await clock.advance(limits.deletionLookMs);
    expect(await store.groups.find('cooks')).toMatchObject({ owner: amy.userId });
  });
});

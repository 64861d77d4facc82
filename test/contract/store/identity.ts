import { expect, test } from '@jest/globals';
import type { StoreFixture } from '../store.ts';

export function describeIdentity(fixture: StoreFixture): void {
  test('all who ask an empty store at the same time are told the same id, and so are later ones', async () => {
    const { identity } = fixture.store;
    const others = fixture.another.identity;
    const told = await Promise.all([identity.get(), others.get(), identity.get(), others.get()]);
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(await others.get()).toBe(told[0]);
  });

  test('all are told the same salt, which outlasts the id', async () => {
    const { identity } = fixture.store;
    const others = fixture.another.identity;
    const told = await Promise.all([identity.salt(), others.salt(), identity.salt()]);
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toMatch(/^[0-9a-f]{32}$/);
    await others.renew();
    expect(await identity.salt()).toBe(told[0]);
  });

  test('an operator draws another one, which all are told from then on', async () => {
    const before = await fixture.store.identity.get();
    const drawn = await fixture.another.identity.renew();
    expect(drawn).toMatch(/^[0-9a-f]{16}$/);
    expect(drawn).not.toBe(before);
    expect(await fixture.store.identity.get()).toBe(drawn);
    expect(await fixture.another.identity.get()).toBe(drawn);
  });
}

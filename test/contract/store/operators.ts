import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { AuditRecord } from '../../../src/store/audit.ts';
import type { Operator } from '../../../src/store/operators.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

export function describeOperators(fixture: StoreFixture): void {
  test('an operator is found as it was made, and is gone when removed', async () => {
    const operator = freshOperator();
    expect(await fixture.store.operators.find(operator.name)).toBeNull();
    expect(await fixture.store.operators.add(operator)).toBe(true);
    for (const { operators } of [fixture.store, fixture.another])
      expect(await operators.find(operator.name)).toEqual(operator);
    expect(await fixture.another.operators.remove(operator.name)).toBe(true);
    expect(await fixture.store.operators.find(operator.name)).toBeNull();
    expect(await fixture.store.operators.remove(operator.name)).toBe(false);
  });

  test('making one again is harmless, another one of its name is refused', async () => {
    const operator = freshOperator();
    expect(await fixture.store.operators.add(operator)).toBe(true);
    expect(await fixture.another.operators.add(operator)).toBe(true);
    const impostor = { ...freshOperator(), name: operator.name };
    expect(await fixture.store.operators.add(impostor)).toBe(false);
    expect(await fixture.store.operators.find(operator.name)).toEqual(operator);
  });

  test('a change is of what it names, and of the generation', async () => {
    const operator = freshOperator();
    const { operators } = fixture.store;
    await operators.add(operator);
    expect(await fixture.another.operators.change(operator.name, { role: 'manage' })).toBe(true);
    const promoted = { ...operator, role: 'manage', generation: 2 };
    expect(await operators.find(operator.name)).toEqual(promoted);
    expect(await operators.change(operator.name, { hash: 'another' })).toBe(true);
    expect(await operators.change(operator.name, {})).toBe(true);
    const changed = { ...promoted, hash: 'another', generation: 4 };
    expect(await operators.find(operator.name)).toEqual(changed);
    expect(await operators.change('nobody', { role: 'manage' })).toBe(false);
    expect(await operators.find('nobody')).toBeNull();
  });

  test('they are listed by name; there are as many as there may be', async () => {
    const { operators } = await fixture.openStore();
    expect(await operators.list()).toEqual([]);
    const all = Array.from({ length: limits.operatorsMax }, () => freshOperator());
    for (const operator of all.toReversed()) expect(await operators.add(operator)).toBe(true);
    expect(await operators.add(freshOperator())).toBe(false);
    expect(await operators.add(all[0]!)).toBe(true);
    const byName = all.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    expect(await operators.list()).toEqual(byName);
    await operators.remove(all[0]!.name);
    expect(await operators.add(freshOperator())).toBe(true);
  });
}

export function describeAudit(fixture: StoreFixture): void {
  test('what was done is told from the newest, in pages', async () => {
    const { audit } = await fixture.openStore();
    expect(await audit.page({ limit: 10 })).toEqual([]);
    for (let at = 1; at <= 5; at += 1) await audit.note(recordAt(at));
    const first = await audit.page({ limit: 2 });
    expect(first.map(({ place: _, ...record }) => record)).toEqual([recordAt(5), recordAt(4)]);
    const second = await audit.page({ before: first.at(-1)!.place, limit: 10 });
    expect(second.map(({ at }) => at)).toEqual([3, 2, 1]);
    expect(await audit.page({ before: second.at(-1)!.place, limit: 10 })).toEqual([]);
  });

  test('the newest are kept, and no more', async () => {
    const { audit } = await fixture.openStore();
    const over = 3;
    const count = limits.auditEntriesMax + over;
    for (let at = 1; at <= count; at += 500) {
      const some = Array.from({ length: Math.min(500, count - at + 1) }, (_, more) => at + more);
      await Promise.all(some.map((each) => audit.note(recordAt(each))));
    }
    const kept = await audit.page({ limit: count });
    expect(kept).toHaveLength(limits.auditEntriesMax);
    expect(kept[0]?.at).toBe(count);
    expect(kept.at(-1)?.at).toBe(over + 1);
  });
}

function freshOperator(fields: Partial<Operator> = {}): Operator {
  const number = nextUserId();
  return {
    name: `op${number}`,
    id: `id${number}`,
    role: 'view',
    hash: `hash ${number}`,
    generation: 1,
    createdAt: 1_700_000_000_000 + (number % 1_000_000),
    ...fields,
  };
}

function recordAt(at: number): AuditRecord {
  return {
    ...{ at, by: 'amy', address: '10.0.0.1', action: 'kick' },
    ...{ target: 'user “7”\n', outcome: 'done' },
  };
}

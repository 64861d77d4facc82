import { expect, test } from '@jest/globals';
import { limits } from '../../../src/base/limits.ts';
import type { StoreFixture } from '../store.ts';
import { nextUserId } from './users.ts';

export function describeRequests(fixture: StoreFixture): void {
  const claimOf = (owner: number, key: string, attempt: string) => ({
    owner,
    key,
    fingerprint: `fingerprint:of ${attempt}`,
    epochHex: attempt.padStart(16, '0'),
  });

  test('the first claim holds for all that follow', async () => {
    const owner = nextUserId();
    const { owner: _, key, ...first } = claimOf(owner, 'a key: with {braces}', '1');
    expect(await fixture.store.requests.claim({ owner, key, ...first })).toEqual(first);
    expect(await fixture.store.requests.claim({ owner, key, ...first })).toEqual(first);
    expect(await fixture.another.requests.claim(claimOf(owner, key, '2'))).toEqual(first);
  });

  test("keys are the caller's own, and any characters make a difference", async () => {
    const [one, other] = [nextUserId(), nextUserId()];
    const long = 'k'.repeat(limits.idempotencyKeyCharactersMax - 1);
    const claims = [
      claimOf(one, 'key', '1'),
      claimOf(other, 'key', '2'),
      claimOf(one, 'KEY', '3'),
      claimOf(one, 'key ', '4'),
      claimOf(one, '', '5'),
      claimOf(one, `${long}1`, '6'),
      claimOf(one, `${long}2`, '7'),
    ];
    for (const claim of claims) {
      const { fingerprint, epochHex } = claim;
      expect(await fixture.store.requests.claim(claim)).toEqual({ fingerprint, epochHex });
    }
  });

  test('of many claims at once one wins, and all hear which', async () => {
    const owner = nextUserId();
    const claims = Array.from({ length: 20 }, (_, index) => claimOf(owner, 'key', `${index}`));
    const answers = await Promise.all(
      claims.map((claim, index) =>
        (index % 2 === 0 ? fixture.store : fixture.another).requests.claim(claim),
      ),
    );
    expect(new Set(answers.map(({ epochHex }) => epochHex)).size).toBe(1);
    const [{ epochHex, fingerprint } = {}] = answers;
    expect(claims).toContainEqual({ owner, key: 'key', epochHex, fingerprint });
  });
}

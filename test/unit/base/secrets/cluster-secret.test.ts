import { expect, test } from '@jest/globals';
import { createLogger } from '../../../../src/base/log.ts';
import type { ClusterKey } from '../../../../src/base/secrets/cluster-key.ts';
import { ClusterSecret } from '../../../../src/base/secrets/cluster-secret.ts';

/** Those of a few that the keys are of. */
function secretsOf(keys: readonly ClusterKey[]): (string | undefined)[] {
  return keys.map((key) => ['now', 'next', 'agreed'].find((secret) => key.isSecret(secret)));
}

test('a second secret is accepted, and never used', async () => {
  const secret = await ClusterSecret.open('now', 'next');
  expect(secretsOf(secret.accepted)).toEqual(['now', 'next']);
  expect(secret.key).toBe(secret.accepted[0]);
});

test('none is accepted before the roles have agreed', async () => {
  const secret = await ClusterSecret.open(undefined, 'next');
  expect([secret.key, secret.accepted]).toEqual([undefined, []]);
  const agreement = { agreeOnSecret: async () => 'agreed' };
  await secret.agree(agreement, createLogger('test', 'silent'));
  expect(secretsOf(secret.accepted)).toEqual(['agreed', 'next']);
});

test('one that is set and short is warned of, without being told', async () => {
  const lines: string[] = [];
  const log = Object.assign(createLogger('test', 'silent'), {
    warn: (line: string) => lines.push(line),
  });
  await (await ClusterSecret.open('hush')).agree({ agreeOnSecret: async () => 'never asked' }, log);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('fewer than 20 characters');
  expect(lines[0]).not.toContain('hush');
  await (await ClusterSecret.open('x'.repeat(20))).agree({ agreeOnSecret: async () => '' }, log);
  expect(lines).toHaveLength(1);
});

test.each(['my.cluster.secret', 'a.b.', 'cimk_whatever'])(
  '%s would be taken for a user’s or an application’s, and is refused without being told',
  async (secret) => {
    const opened = ClusterSecret.open(secret);
    await expect(opened).rejects.toMatchObject({ kind: 'bad-config' });
    await expect(opened).rejects.not.toThrow(secret);
  },
);

/** The user of Redis that docs/guides/redis.md tells operators to make for cim. */
import { readFileSync } from 'node:fs';
import type { TestRedis } from './redis.ts';

export const documentedUser = 'cim';

/** The rules of that user, as ACL SETUSER takes them, without the password. */
export function documentedRules(): string[] {
  const [, rules = ''] =
    new RegExp(`^ *user ${documentedUser} on >PASSWORD (.*)$`, 'm').exec(
      readFileSync('docs/guides/redis.md', 'utf8'),
    ) ?? [];
  return rules.split(' ');
}

/** Makes it, with these rules beside or instead of some. */
export async function makeUser(
  nodes: readonly TestRedis[],
  password: string,
  rules: readonly string[] = documentedRules(),
): Promise<void> {
  for (const node of nodes) {
    await node.command('ACL', 'SETUSER', documentedUser, 'on', `>${password}`, ...rules);
  }
}

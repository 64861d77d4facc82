/** `cim admin key create`, `key list` and `key revoke`: keys of applications. */
import { CimError } from '../../base/errors.ts';
import { scopeForms } from '../../base/secrets/api-key-scope.ts';
import type { AdminSettings } from '../../config/settings.ts';
import type { AdminResult, Ask } from './action.ts';

interface Key {
  readonly id: string;
  readonly label: string;
  readonly scope: string;
  /** ms since 1970 */
  readonly createdAt: number;
}

export async function createKey(
  ask: Ask,
  _target: string,
  { label, scope }: AdminSettings,
): Promise<AdminResult> {
  if (label === undefined)
    throw new CimError('usage', '--label: must be given: what the key is for');
  if (scope === undefined) {
    throw new CimError('usage', `--scope: must be given: ${scopeForms}`);
  }
  const created = (await ask('POST', '/createApiKey', { label, scope })) as Key & { key: string };
  const text = `The key ${created.id} for ${created.scope}, shown this once:\n  ${created.key}\n`;
  return { objects: [created], text };
}

export async function listKeys(ask: Ask): Promise<AdminResult> {
  const found = (await ask('GET', '/apiKeys')) as readonly Key[];
  const rows = found.map(({ id, label, scope, createdAt }) => [
    id,
    scope,
    new Date(createdAt).toISOString(),
    label,
  ]);
  const header = ['ID', 'SCOPE', 'CREATED', 'LABEL'];
  return { objects: found, table: { header, rows }, text: 'there is no key\n' };
}

export async function revokeKey(ask: Ask, id: string): Promise<AdminResult> {
  await ask('POST', '/revokeApiKey', { id });
  return { objects: [{ id }], text: `the key ${id} is void\n` };
}

/** `cim admin device create`, `device list` and `device revoke`: keys of devices. */
import { CimError } from '../../base/errors.ts';
import type { AdminSettings } from '../../config/settings.ts';
import type { AdminResult, Ask } from './action.ts';

interface DeviceKey {
  readonly id: string;
  readonly name: string;
  readonly allow: readonly string[];
  /** ms since 1970 */
  readonly createdAt: number;
}

interface Page {
  readonly keys: readonly DeviceKey[];
  readonly next: string | null;
}

export async function createDevice(
  ask: Ask,
  _target: string,
  { name, allow }: AdminSettings,
): Promise<AdminResult> {
  if (name === undefined) throw new CimError('usage', '--name: must be given: what %u stands for');
  if (allow === undefined)
    throw new CimError('usage', "--allow: must be given: 'pub PATTERN' or 'sub PATTERN'");
  const created = (await ask('POST', '/createDeviceKey', { name, allow })) as DeviceKey & {
    key: string;
  };
  const text = `The key ${created.id} of ${created.name}, shown this once:\n  ${created.key}\n`;
  return { objects: [created], text };
}

export async function listDevices(ask: Ask): Promise<AdminResult> {
  const found: DeviceKey[] = [];
  for (let after: string | undefined; ; ) {
    const page = (await ask('POST', '/deviceKeys', { after })) as Page;
    found.push(...page.keys);
    if (page.next === null) break;
    after = page.next;
  }
  const rows = found.map(({ id, name, allow, createdAt }) => [
    id,
    name,
    new Date(createdAt).toISOString(),
    allow.join(', '),
  ]);
  const header = ['ID', 'NAME', 'CREATED', 'MAY'];
  return { objects: found, table: { header, rows }, text: 'there is no key of a device\n' };
}

export async function revokeDevice(ask: Ask, id: string): Promise<AdminResult> {
  await ask('POST', '/revokeDeviceKey', { id });
  return { objects: [{ id }], text: `the key ${id} is void\n` };
}

/** `cim admin operator …`: accounts for the dashboard; `cim admin audit`: what operators have done. */
import { drawOperatorPassword, hashOperatorPassword } from '../../auth/operator-password.ts';
import { CimError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { AdminSettings } from '../../config/settings.ts';
import type { AdminResult, Ask } from './action.ts';

interface Operator {
  readonly name: string;
  readonly role: string;
  /** ms since 1970 */
  readonly createdAt: number;
}

interface AuditEntry {
  readonly at: number;
  readonly by: string;
  readonly address: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
}

export async function createOperator(
  ask: Ask,
  name: string,
  settings: AdminSettings,
): Promise<AdminResult> {
  const role = roleOf(settings);
  const { hash, drawn } = await passwordOf(settings);
  await ask('POST', '/createOperator', { name, role, hash });
  return told({ name, role }, `The operator ${name} may ${role}.`, drawn);
}

export async function listOperators(ask: Ask): Promise<AdminResult> {
  const found = (await ask('GET', '/operators')) as readonly Operator[];
  const rows = found.map(({ name, role, createdAt }) => [
    ...[name, role, new Date(createdAt).toISOString()],
  ]);
  return { objects: found, table: { header: ['NAME', 'ROLE', 'CREATED'], rows }, text: none };
}

const none = 'there is no operator: cim admin operator create NAME --role manage\n';

export async function changeRole(
  ask: Ask,
  name: string,
  settings: AdminSettings,
): Promise<AdminResult> {
  const role = roleOf(settings);
  await ask('POST', '/changeOperator', { name, role });
  return told({ name, role }, `The operator ${name} may ${role}, and has to sign in anew.`);
}

export async function resetOperator(
  ask: Ask,
  name: string,
  settings: AdminSettings,
): Promise<AdminResult> {
  const { hash, drawn } = await passwordOf(settings);
  await ask('POST', '/changeOperator', { name, hash });
  return told({ name }, `The operator ${name} has another password, and is signed out.`, drawn);
}

export async function removeOperator(ask: Ask, name: string): Promise<AdminResult> {
  await ask('POST', '/removeOperator', { name });
  return told({ name }, `The operator ${name} is removed, and signed out.`);
}

/** The newest: the dashboard has them all. */
export async function audit(ask: Ask): Promise<AdminResult> {
  const limit = limits.auditPageMax;
  const found = (await ask('POST', '/auditLog', { limit })) as readonly AuditEntry[];
  const rows = found.map(({ at, by, address, action, target, outcome }) => [
    ...[new Date(at).toISOString(), by || '(cluster secret)', address, action, target, outcome],
  ]);
  const header = ['WHEN', 'WHO', 'FROM', 'WHAT', 'TO', 'OUTCOME'];
  return { objects: found, table: { header, rows }, text: 'nobody has done anything\n' };
}

function roleOf({ role }: AdminSettings): 'view' | 'manage' {
  if (role !== undefined) return role;
  throw new CimError('usage', '--role: must be given: view (look) or manage (act as well)');
}

/** Stretched here: no route is told a password that nobody has signed in with. */
async function passwordOf({ operatorPassword }: AdminSettings) {
  const drawn = operatorPassword === undefined ? drawOperatorPassword() : undefined;
  return { hash: await hashOperatorPassword(operatorPassword ?? drawn ?? ''), drawn };
}

function told(object: object, line: string, password?: string): AdminResult {
  if (password === undefined) return { objects: [object], text: `${line}\n` };
  const shown = `The password, shown this once:\n  ${password}\n`;
  return { objects: [{ ...object, password }], text: `${line}\n${shown}` };
}

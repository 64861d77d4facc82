/** Of the roles of the cluster, as a route tells of them (GET /cluster). */
import { CimError } from '../../base/errors.ts';
import { type FaultName, faultOf, faults } from '../../base/process/faults.ts';
import { version } from '../../base/process/version.ts';
import type { RoleStatus } from '../../http/status.ts';
import type { Told } from '../../route/cluster/cluster-roles.ts';
import type { Ask } from '../admin/action.ts';
import { bad, type Check, type Finding, ok, warn } from './finding.ts';
import { clockFindings } from './service-checks.ts';

type Role = Told<RoleStatus>;

/** What a route tells anybody. */
interface Readiness {
  readonly degraded?: readonly string[];
  readonly warnings?: readonly string[];
}

/** Why only what a route tells everybody is known, and what to do about it. */
const partly = {
  'not-allowed': warn(
    'roles',
    'without the cluster secret only what a route tells everybody is known',
    'give it (--cluster-secret-file FILE), or --zk where roles have agreed on theirs',
  ),
  'not-found': warn(
    'roles',
    'the route is of a version that does not tell of others',
    'upgrade it',
  ),
};

export function roleCheck(ask: Ask): Check {
  return {
    name: 'roles',
    run: async () => {
      const asked = Date.now();
      try {
        const roles = (await ask('GET', '/cluster')) as readonly Role[];
        return roleFindings(roles, { at: asked, takenMs: Date.now() - asked });
      } catch (error) {
        if (!(error instanceof CimError) || !(error.kind in partly)) throw error;
        return [partly[error.kind as keyof typeof partly], ...(await askEverybodys(ask))];
      }
    },
  };
}

/** The answers were given within `takenMs` after `at`, by this machine's clock. */
export function roleFindings(
  roles: readonly Role[],
  { at, takenMs }: { readonly at: number; readonly takenMs: number },
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const role of roles) {
    const name = `${role.role} ${role.address}`;
    if ('silent' in role) {
      const remedy = 'see that it runs, and that routes reach its HTTP port';
      findings.push(bad(name, role.silent, remedy));
      continue;
    }
    for (const { condition, reason, remedy } of role.problems)
      findings.push(isPassing(condition) ? warn(name, reason, remedy) : bad(name, reason, remedy));
    for (const warning of role.warnings)
      findings.push(warn(name, warning, 'docs/how-it-works/security.md says what that lets in'));
    if (role.problems.length === 0) findings.push(ok(name, `version ${role.version}, well`));
    findings.push(...clockFindings(`that of ${name}`, at - role.at, takenMs));
  }
  return [...findings, ...versionFindings(roles), ...absentFindings(roles)];
}

/** What is no reason to be called at night. */
function isPassing(name: FaultName): boolean {
  return faultOf(name).log === 'life' || name === 'slow-readers' || name === 'clock-differs';
}

function versionFindings(roles: readonly Role[]): readonly Finding[] {
  const versions = [...new Set([version, ...roles.map((role) => role.version)])].sort();
  if (versions.length === 1) return [];
  const remedy = 'bring all to one version, server by server: only neighbours work together';
  return [warn('versions', `there are ${versions.join(', ')}`, remedy)];
}

function absentFindings(roles: readonly Role[]): readonly Finding[] {
  if (roles.some(({ role }) => role === 'server')) return [];
  return [bad('roles', 'there is no server', 'start one: nobody can connect')];
}

async function askEverybodys(ask: Ask): Promise<readonly Finding[]> {
  const reasons = await reasonsOf(ask);
  if (reasons.length === 0) return [ok('roles', 'a route answers, and is well')];
  return reasons.map((reason) => {
    const fault = Object.values(faults).find(({ words }) => reason.startsWith(words));
    return bad('roles', reason, fault?.remedy ?? 'docs/guides/bad-days.md');
  });
}

async function reasonsOf(ask: Ask): Promise<readonly string[]> {
  try {
    const answer = (await ask('GET', '/readyz')) as Readiness | null;
    return answer?.degraded ?? [];
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    return error.message.split('; ');
  }
}

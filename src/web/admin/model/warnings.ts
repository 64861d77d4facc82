/** What is the matter with a cluster, the worst first. */
import type { FaultName } from '../../../base/process/faults.ts';
import { statusOf } from './cluster.ts';
import type { ClusterRole } from './shapes.ts';

export type Warning =
  /** What a role says of itself. */
  | {
      readonly kind: 'problem';
      readonly isBad: boolean;
      readonly fault: FaultName;
      readonly reason: string;
      readonly remedy: string;
      readonly since: number;
      readonly roles: readonly string[];
    }
  | {
      readonly kind: 'silent';
      readonly isBad: true;
      readonly role: string;
      readonly reason: string;
    }
  | { readonly kind: 'nobody-takes-logins'; readonly isBad: true }
  | { readonly kind: 'versions'; readonly isBad: false; readonly versions: readonly string[] }
  | { readonly kind: 'door'; readonly isBad: false; readonly text: string };

/** Not worth a warning: they belong to what somebody has just asked for. */
const lives: ReadonlySet<FaultName> = new Set(['starting', 'stopping', 'draining']);

export function warningsOf(roles: readonly ClusterRole[]): readonly Warning[] {
  const found = new Map<string, Warning & { readonly kind: 'problem' }>();
  for (const role of roles)
    for (const { condition, fault, reason, remedy, since } of statusOf(role)?.problems ?? []) {
      if (lives.has(condition)) continue;
      const known = found.get(condition);
      found.set(condition, {
        kind: 'problem',
        isBad: fault === 'own' || (known?.isBad ?? false),
        fault: condition,
        ...{ reason, remedy },
        since: Math.min(since, known?.since ?? since),
        roles: [...(known?.roles ?? []), role.address],
      });
    }
  const silent = roles.flatMap((role): Warning[] =>
    'silent' in role
      ? [{ kind: 'silent', isBad: true, role: role.address, reason: role.silent }]
      : [],
  );
  const servers = roles.filter(({ role }) => role === 'server');
  const takesNobody = servers.every((server) => {
    const conditions = statusOf(server)?.problems.map(({ condition }) => condition);
    return !conditions || conditions.some((condition) => lives.has(condition));
  });
  const doors = new Set(roles.flatMap((role) => statusOf(role)?.warnings ?? []));
  const versions = [...new Set(roles.map(({ version }) => version))].sort();
  const all: Warning[] = [
    ...(takesNobody ? [{ kind: 'nobody-takes-logins', isBad: true } as const] : []),
    ...silent,
    ...found.values(),
    ...(versions.length > 1 ? [{ kind: 'versions', isBad: false, versions } as const] : []),
    ...[...doors].map((text): Warning => ({ kind: 'door', isBad: false, text })),
  ];
  return all.sort((one, other) => Number(other.isBad) - Number(one.isBad));
}

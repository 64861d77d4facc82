/** What a port tells of counters, where no process is measured. */
import type { Counters } from '../../src/base/process/counters.ts';
import type { Figures } from '../../src/http/metrics.ts';
import type { RoleAbout } from '../../src/http/status.ts';
import { ClusterRoles } from '../../src/route/cluster/cluster-roles.ts';

export function figuresOf(counters: Counters, about: Partial<RoleAbout> = {}): Figures {
  const role = { role: 'route', instance: '', address: '', version: '1.0.0' } as const;
  return {
    counters: [counters],
    source: async () => counters.families(),
    access: 'secret',
    status: {
      about: () => ({ ...role, talkers: [], warnings: [], ...about }),
      health: { problems: () => [] },
      vitals: {
        latest: () => ({}),
        lastHour: () => ({ stepMs: 5_000, endsAt: 0, series: {} }),
        refused: () => [],
      },
    },
  };
}

/** What a route tells of counters, and of a cluster where it is alone. */
export function routeFiguresOf(counters: Counters) {
  const figures = figuresOf(counters);
  return { figures, cluster: new ClusterRoles({ own: () => [figures.status] }) };
}

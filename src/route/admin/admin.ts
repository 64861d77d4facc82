/** What operators have of a route beside its operations: accounts, what they did, and what they see of people. */
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { ClusterKey } from '../../base/secrets/cluster-key.ts';
import type { NoteAudit } from '../../http/audit.ts';
import type { AuditLog } from '../../store/audit.ts';
import type { RouteCore } from '../core.ts';
import { auditNoter } from './audit.ts';
import { OperatorAccounts } from './operator-accounts.ts';
import { People } from './people.ts';

export interface RouteAdmin {
  readonly accounts: OperatorAccounts;
  readonly audit: AuditLog;
  readonly note: NoteAudit;
  readonly people: People;
}

export interface RouteAdminOptions {
  readonly core: Pick<RouteCore, 'context' | 'operations' | 'counters'>;
  readonly clusterKeys: () => readonly ClusterKey[];
  readonly clock: Clock;
  readonly log: Logger;
}

export function openAdmin({
  core: { context, operations, counters },
  clusterKeys,
  clock,
  log,
}: RouteAdminOptions): RouteAdmin {
  const { operators, audit } = context.store;
  const note = auditNoter(audit, clock, log);
  const refused = counters.add('operators.refused', 'operators who were not let in');
  const accounts = new OperatorAccounts({ operators, clusterKeys, note, refused, clock, log });
  return { accounts, audit, note, people: new People(context, operations) };
}

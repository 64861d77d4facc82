/** A route's HTTP port. main.ts listens on it, and lets servers' links in over its `server`. */
import type { Proofs } from '../auth/identity.ts';
import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/network/tls.ts';
import type { Health } from '../base/process/health.ts';
import { buildHttpApp, type HttpApp } from '../http/app.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { type Figures, figureEndpoints } from '../http/metrics.ts';
import type { WebFile } from '../http/web-files.ts';
import type { WebPageRules } from '../http/web-pages.ts';
import type { CallerLimits } from '../limits/caller-limits.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import type { AuthMode } from './accounts/authentication.ts';
import type { RouteAdmin } from './admin/admin.ts';
import type { ClusterRoles } from './cluster/cluster-roles.ts';
import { accountEndpoints } from './endpoints/accounts.ts';
import { apiKeyEndpoints } from './endpoints/api-keys.ts';
import { clusterEndpoints } from './endpoints/cluster.ts';
import { conversationListEndpoints } from './endpoints/conversation-list.ts';
import { conversationEndpoints } from './endpoints/conversations.ts';
import { dashboardEndpoints, forAccounts } from './endpoints/dashboard.ts';
import { delayEndpoints } from './endpoints/delay.ts';
import { deletionEndpoints } from './endpoints/deletions.ts';
import { deviceKeyEndpoints } from './endpoints/device-keys.ts';
import { fileEndpoints, fileStreams } from './endpoints/files.ts';
import { groupKeyEndpoints } from './endpoints/group-keys.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { historyEndpoint } from './endpoints/history.ts';
import { importEndpoints } from './endpoints/imports.ts';
import { keyEndpoints } from './endpoints/keys.ts';
import { markEndpoints } from './endpoints/marks.ts';
import { messageEndpoints } from './endpoints/messages.ts';
import { operatorAccountEndpoints, sessionEndpoints } from './endpoints/operator-accounts.ts';
import { operatorEndpoints } from './endpoints/operators.ts';
import { presenceEndpoints } from './endpoints/presence.ts';
import { topicEndpoints } from './endpoints/topics.ts';
import { traceEndpoints } from './endpoints/traces.ts';
import type { RouteOperations } from './operations.ts';

export interface RouteAppOptions {
  readonly mode: AuthMode;
  readonly proofs: Proofs;
  readonly warnings: readonly string[];
  /** What operators have beside the operations; none if absent. */
  readonly admin?: RouteAdmin;
  /** Lets operators with accounts in, below /admin. */
  readonly hasDashboard?: boolean;
  readonly tls?: TlsPort | undefined;
  readonly webPages?: WebPageRules;
  /** The web chat; none if absent. */
  readonly webFiles?: readonly WebFile[];
  readonly portLimits?: PortLimits;
  /** Of the process. */
  readonly budget?: ProcessBudget;
  readonly callerLimits?: CallerLimits;
  readonly figures: Figures;
  readonly cluster: ClusterRoles;
  readonly health?: Pick<Health, 'report'>;
  readonly isOpen?: () => boolean;
  readonly log: Logger;
  readonly version: string;
}

export function buildRouteApp(operations: RouteOperations, options: RouteAppOptions): HttpApp {
  const { admin, hasDashboard = false, mode, proofs } = options;
  const endpoints = [
    ...endpointsOf(operations, mode),
    ...clusterEndpoints(options.cluster),
    ...traceEndpoints(operations, options.cluster),
    ...(admin ? [...operatorAccountEndpoints(admin), ...dashboardEndpoints(admin)] : []),
  ];
  return buildHttpApp({
    ...options,
    title: 'cim route',
    open: mode === 'open',
    proofs: { ...proofs, ...(admin && { operators: admin.accounts }) },
    audit: admin?.note,
    endpoints: [
      ...endpoints,
      ...(admin && hasDashboard ? [...forAccounts(endpoints), ...sessionEndpoints(admin)] : []),
      ...figureEndpoints(options.figures),
    ],
    streams: fileStreams(operations),
  });
}

/** What a route answers from its operations. */
export function endpointsOf(operations: RouteOperations, mode: AuthMode): readonly Endpoint[] {
  return [
    ...accountEndpoints(operations, mode),
    ...messageEndpoints(operations),
    ...groupEndpoints(operations),
    ...groupKeyEndpoints(operations),
    ...conversationEndpoints(operations),
    ...presenceEndpoints(operations),
    ...conversationListEndpoints(operations),
    ...markEndpoints(operations),
    historyEndpoint(operations),
    ...delayEndpoints(operations),
    ...keyEndpoints(operations),
    ...deletionEndpoints(operations),
    ...fileEndpoints(operations),
    ...operatorEndpoints(operations),
    ...importEndpoints(operations),
    ...apiKeyEndpoints(operations),
    ...deviceKeyEndpoints(operations),
    ...topicEndpoints(operations),
  ];
}

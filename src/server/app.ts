/**
 * A server's HTTP port: what its listeners have there, counters and health. main.ts lets routes'
 * links in over its `server`.
 */

import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/network/tls.ts';
import type { Health } from '../base/process/health.ts';
import type { ClusterKey } from '../base/secrets/cluster-key.ts';
import { buildHttpApp, type HttpApp } from '../http/app.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { type Figures, figureEndpoints } from '../http/metrics.ts';
import type { WebPageRules } from '../http/web-pages.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';

export interface ServerAppOptions {
  /** Empty while none is known: operators are refused. */
  readonly clusterKeys: () => readonly ClusterKey[];
  readonly tls?: TlsPort | undefined;
  readonly webPages?: WebPageRules;
  readonly portLimits?: PortLimits;
  /** Of the process. */
  readonly budget?: ProcessBudget;
  readonly figures: Figures;
  readonly health?: Pick<Health, 'report'>;
  readonly isOpen?: () => boolean;
  readonly log: Logger;
  readonly version: string;
}

export function buildServerApp(endpoints: readonly Endpoint[], options: ServerAppOptions): HttpApp {
  return buildHttpApp({
    ...options,
    title: 'cim server',
    proofs: { clusterKeys: options.clusterKeys },
    endpoints: [...endpoints, ...figureEndpoints(options.figures)],
  });
}

/** A route's HTTP port. main.ts listens on it, and lets servers' links in over its `server`. */
import type { Proofs } from '../auth/identity.ts';
import type { Counters } from '../base/counters.ts';
import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/tls.ts';
import { buildHttpApp, type HttpApp } from '../http/app.ts';
import { countersEndpoint } from '../http/counters.ts';
import type { CallerLimits } from '../limits/caller-limits.ts';
import type { PortLimits } from '../limits/port-limits.ts';
import type { AuthMode } from './authentication.ts';
import { accountEndpoints } from './endpoints/accounts.ts';
import { apiKeyEndpoints } from './endpoints/api-keys.ts';
import { delayEndpoints } from './endpoints/delay.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { historyEndpoint } from './endpoints/history.ts';
import { keyEndpoints } from './endpoints/keys.ts';
import { messageEndpoints } from './endpoints/messages.ts';
import { operatorEndpoints } from './endpoints/operators.ts';
import type { RouteOperations } from './operations.ts';

export interface RouteAppOptions {
  readonly mode: AuthMode;
  readonly proofs: Proofs;
  readonly warnings: readonly string[];
  readonly tls?: TlsPort | undefined;
  readonly portLimits?: PortLimits;
  readonly callerLimits?: CallerLimits;
  readonly counters: Counters;
  readonly log: Logger;
  readonly version: string;
}

export function buildRouteApp(operations: RouteOperations, options: RouteAppOptions): HttpApp {
  return buildHttpApp({
    ...options,
    title: 'cim route',
    open: options.mode === 'open',
    endpoints: [
      ...accountEndpoints(operations, options.mode),
      ...messageEndpoints(operations),
      ...groupEndpoints(operations),
      historyEndpoint(operations),
      ...delayEndpoints(operations),
      ...keyEndpoints(operations),
      ...operatorEndpoints(operations),
      ...apiKeyEndpoints(operations),
      countersEndpoint(options.counters),
    ],
    problems: () => operations.problems(),
  });
}

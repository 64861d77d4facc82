/** A route's HTTP port. main.ts listens on it, and lets servers' links in over its `server`. */
import type { Counters } from '../base/counters.ts';
import type { Logger } from '../base/log.ts';
import type { TlsPort } from '../base/tls.ts';
import { buildHttpApp, type HttpApp } from '../http/app.ts';
import { countersEndpoint } from '../http/counters.ts';
import { accountEndpoints } from './endpoints/accounts.ts';
import { delayEndpoints } from './endpoints/delay.ts';
import { groupEndpoints } from './endpoints/groups.ts';
import { historyEndpoint } from './endpoints/history.ts';
import { messageEndpoints } from './endpoints/messages.ts';
import { operatorEndpoints } from './endpoints/operators.ts';
import type { RouteOperations } from './operations.ts';

export interface RouteAppOptions {
  /** Undefined while it is not known: operators are refused. */
  readonly clusterSecret: () => string | undefined;
  readonly openToOperators?: boolean;
  readonly tls?: TlsPort | undefined;
  readonly counters: Counters;
  readonly log: Logger;
  readonly version: string;
}

export function buildRouteApp(operations: RouteOperations, options: RouteAppOptions): HttpApp {
  return buildHttpApp({
    ...options,
    title: 'cim route',
    endpoints: [
      ...accountEndpoints(operations),
      ...messageEndpoints(operations),
      ...groupEndpoints(operations),
      historyEndpoint(operations),
      ...delayEndpoints(operations),
      ...operatorEndpoints(operations),
      countersEndpoint(options.counters),
    ],
    problems: () => operations.problems(),
  });
}

/**
 * A route without its surroundings: given a store, a registry and the servers, what it does for
 * servers (`api`) and for callers (`operations`).
 */
import type { RouteApi } from '../api/route-api.ts';
import type { Strategy } from '../balance/strategy.ts';
import type { Clock } from '../base/clock.ts';
import { Counters } from '../base/counters.ts';
import type { Service } from '../base/lifecycle.ts';
import type { Logger } from '../base/log.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store } from '../store/store.ts';
import { AccountDirectory } from './account-directory.ts';
import type { Authentication } from './authentication.ts';
import { Callers } from './callers.ts';
import { Delivery } from './delivery.ts';
import type { RouteOperations } from './operations.ts';
import { Pusher } from './pusher.ts';
import { createRouteCounters } from './route-counters.ts';
import { createRouteOperations } from './route-operations.ts';
import { createRouteService } from './route-service.ts';
import { Scheduler } from './scheduler.ts';
import type { ServerDirectory } from './server-directory.ts';
import { Transients } from './transients.ts';

/** Accounts take some hundred bytes each. */
const rememberedMax = 50_000;

export interface RouteCoreOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly servers: ServerDirectory;
  readonly strategy: Strategy;
  readonly authentication: Authentication;
  readonly clock: Clock;
  readonly log: Logger;
  /** Accounts that are remembered; room for all of them is made at once. */
  readonly accountsMax?: number;
}

export interface RouteCore extends Service {
  readonly api: RouteApi;
  readonly operations: RouteOperations;
  /** What the tokens and keys of callers over HTTP are worth. */
  readonly callers: Callers;
  readonly counters: Counters;
}

export function createRouteCore({
  store,
  registry,
  servers,
  strategy,
  authentication,
  clock,
  log,
  accountsMax = rememberedMax,
}: RouteCoreOptions): RouteCore {
  const { sessions, timelines, groups, schedules } = store;
  const accounts = new AccountDirectory(store.accounts, accountsMax);
  const callers = new Callers({ store, accounts, authentication, clock });
  const isLive = (instance: string) => registry.view.servers.has(instance);
  const counters = new Counters();
  const routeCounters = createRouteCounters(counters);
  const pusher = new Pusher({ servers, sessions, timelines, isLive, counters: routeCounters });
  const delivery = new Delivery({ timelines, groups, accounts, pusher });
  const transients = new Transients({
    timelines,
    groups,
    pusher,
    counters: routeCounters.transient,
  });
  const scheduler = new Scheduler({ schedules, accounts, delivery, clock, log });
  return {
    counters,
    callers,
    api: createRouteService({
      store,
      mode: authentication.mode,
      accounts,
      delivery,
      transients,
      servers,
      isLive,
      clock,
    }),
    operations: createRouteOperations({
      store,
      registry,
      accounts,
      authentication,
      callers,
      delivery,
      transients,
      servers,
      strategy,
      clock,
    }),
    stop: () => scheduler.stop(),
  };
}

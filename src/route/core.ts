/**
 * A route without its surroundings: given a store, a registry and the servers, what it does for
 * servers (`api`) and for callers (`operations`).
 */
import type { RouteApi } from '../api/route-api.ts';
import type { Strategy } from '../balance/strategy.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { Bugs } from '../base/process/bugs.ts';
import { ClockWatch } from '../base/process/clock-watch.ts';
import { Counters } from '../base/process/counters.ts';
import type { FailedPush } from '../base/process/failed-pushes.ts';
import { Health } from '../base/process/health.ts';
import type { Service } from '../base/process/lifecycle.ts';
import type { BlobStore } from '../files/blob-store.ts';
import type { GuessRate } from '../limits/guess-rate.ts';
import type { ProcessBudget } from '../limits/process-budget.ts';
import type { LiveServer, Registry } from '../registry/registry.ts';
import { watchRegistry } from '../registry/registry-health.ts';
import type { Store } from '../store/store.ts';
import { AccountDirectory } from './accounts/account-directory.ts';
import type { Authentication } from './accounts/authentication.ts';
import { Callers } from './accounts/callers.ts';
import { DeletionWatch } from './accounts/deletion-watch.ts';
import { PasswordProofs } from './accounts/password-proofs.ts';
import { fileBoundsOf } from './files/file-bounds.ts';
import { createFileCounters } from './files/file-counters.ts';
import { type FileBounds, FileService } from './files/file-service.ts';
import { FileSweep } from './files/file-sweep.ts';
import { fileRefusal } from './files/one-route.ts';
import { measuredStore } from './measured-store.ts';
import { Blocks } from './messages/blocks.ts';
import { Delivery } from './messages/delivery.ts';
import { Marks, type Receipts } from './messages/marks.ts';
import { PushRecord } from './messages/push-record.ts';
import { Pusher } from './messages/pusher.ts';
import { Scheduler } from './messages/scheduler.ts';
import { Transients } from './messages/transients.ts';
import type { OperationsContext } from './operations/context.ts';
import { eraseAccount, forgetAccount } from './operations/deletions.ts';
import type { RouteOperations } from './operations.ts';
import { GoneServers } from './presence/gone-servers.ts';
import { PresenceHints } from './presence/presence-hints.ts';
import { createRouteCounters } from './route-counters.ts';
import { createRouteOperations } from './route-operations.ts';
import { createRouteService } from './route-service.ts';
import type { ServerDirectory } from './servers/server-directory.ts';
import { StoreWatch } from './store-watch.ts';
import { TopicPublisher } from './topics/publisher.ts';

/** Where none are kept. */
const noFiles = fileBoundsOf({
  ...{ fileBytes: 0, userFileBytes: 0, allFileBytes: 0 },
  ...{ fileDays: 0, timelineDays: 0 },
});

/** Accounts take some hundred bytes each. */
const rememberedMax = 50_000;

export interface RouteCoreOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly servers: ServerDirectory;
  /** Whether a server may be called; any, if absent. */
  readonly isUsable?: (server: LiveServer) => boolean;
  readonly strategy: Strategy;
  readonly authentication: Authentication;
  /** How often secrets may be guessed. */
  readonly guesses: GuessRate;
  /** What senders are told of how far others have got; all, if absent. */
  readonly receipts?: Receipts;
  /** Where the bytes of files are, and how many there may be; none are kept if absent. */
  readonly files?: { readonly blobs: BlobStore; readonly bounds: FileBounds } | undefined;
  readonly clock: Clock;
  /** Of the process. */
  readonly budget: ProcessBudget;
  readonly log: Logger;
  /** New ones, if absent. */
  readonly counters?: Counters;
  readonly bugs?: Bugs;
  readonly health?: Health;
  /** Accounts that are remembered; room for all of them is made at once. */
  readonly accountsMax?: number;
}

export interface RouteCore extends Service {
  /**
   * Begins what it does by itself: sending what is due, looking after the store. To be called when it
   * may push, and the registry's picture can be relied on. Does not reject.
   */
  start(): Promise<void>;
  readonly api: RouteApi;
  readonly operations: RouteOperations;
  /** What the tokens and keys of callers over HTTP are worth. */
  readonly callers: Callers;
  readonly files: FileService;
  /** What its operations work with: for what operators see of people and groups. */
  readonly context: OperationsContext;
  readonly failedPushes: () => readonly FailedPush[];
  readonly counters: Counters;
  /** Of the store, and of the registry as far as a route needs it. */
  readonly health: Health;
}

export function createRouteCore({
  store: givenStore,
  registry,
  servers,
  isUsable = () => true,
  strategy,
  authentication,
  guesses,
  receipts = 'all',
  files,
  clock,
  budget,
  log,
  counters = new Counters(),
  bugs = new Bugs(counters, log),
  health = new Health({ counters, log }),
  accountsMax = rememberedMax,
}: RouteCoreOptions): RouteCore {
  const store = measuredStore(givenStore, counters);
  const { sessions, timelines, groups, schedules } = store;
  const accounts = new AccountDirectory(store.accounts, accountsMax, clock);
  const callers = new Callers({ store, accounts, authentication, clock });
  const blocks = new Blocks(store.conversations, clock);
  const storeWatch = new StoreWatch({
    store,
    health,
    clock,
    log,
    onChanged: () => {
      accounts.forgetAll();
      blocks.forgetAll();
      callers.forgetAll();
    },
  });
  const clockWatch = new ClockWatch({ storeNow: () => sessions.now(), clock, health, log });
  const isGone = (instance: string) => registry.isGone(instance);
  watchRegistry(health, registry);
  const routeCounters = createRouteCounters(counters);
  const pushes = new PushRecord(() => clock.now());
  const pusher = new Pusher({
    record: pushes,
    ...{ servers, sessions, timelines, isGone, clock },
    counters: routeCounters,
  });
  const delivery = new Delivery({
    ...{ timelines, groups, accounts, pusher, bugs },
    counters: routeCounters,
  });
  const transients = new Transients({
    timelines,
    groups,
    blocks,
    pusher,
    counters: routeCounters.transient,
    budget,
  });
  const publisher = new TopicPublisher({ retained: store.retained, registry, servers, bugs });
  const presenceHints = new PresenceHints({ presence: store.presence, servers });
  const goneServers = new GoneServers({ registry, servers });
  const marks = new Marks({
    marks: store.marks,
    blocks,
    pushMarks: (moved) => pusher.pushMarks(moved),
    receipts,
    counters: routeCounters.marks,
  });
  const blobs = files?.blobs;
  const refusal = () => fileRefusal(blobs, registry);
  const fileCounters = createFileCounters(counters);
  const fileService = new FileService({
    files: store.files,
    blobs,
    refusal,
    bounds: files?.bounds ?? noFiles,
    budget,
    clock,
    counters: fileCounters,
    log,
  });
  const fileSweep =
    blobs &&
    new FileSweep({
      ...{ files: store.files, blobs, refusal, clock, log },
      removed: fileCounters.removed,
    });
  if (blobs) health.watch('files', () => refusal() ?? blobs.problem);
  const context: OperationsContext = {
    store,
    registry,
    accounts,
    authentication,
    blocks,
    callers,
    delivery,
    pushes,
    marks,
    transients,
    publisher,
    files: fileService,
    presenceHints,
    servers,
    isUsable,
    strategy,
    clock,
  };
  const deletionWatch = new DeletionWatch({
    deletions: store.deletions,
    forget: (userId) => {
      if (userId !== undefined) forgetAccount(context, userId);
      else {
        accounts.forgetKnown();
        callers.forgetAll();
        blocks.forgetAll();
      }
    },
    erase: (userId) => eraseAccount(context, userId),
    clock,
    log,
  });
  const scheduler = new Scheduler({ schedules, accounts, delivery, clock, log });
  return {
    counters,
    health,
    callers,
    files: fileService,
    context,
    failedPushes: () => pushes.failed(),
    api: createRouteService({
      store,
      storeWatch,
      mode: authentication.mode,
      accounts,
      passwords: new PasswordProofs({ store, mode: authentication.mode, callers, guesses }),
      blocks,
      delivery,
      marks,
      transients,
      presenceHints,
      servers,
      publisher,
      isGone,
      clock,
      bugs,
    }),
    operations: createRouteOperations(context),
    async start() {
      await storeWatch.start();
      await clockWatch.start();
      scheduler.start();
      goneServers.start();
      deletionWatch.start();
      fileSweep?.start();
    },
    async stop() {
      storeWatch.stop();
      clockWatch.stop();
      goneServers.stop();
      await Promise.all([scheduler.stop(), deletionWatch.stop(), fileSweep?.stop()]);
    },
  };
}

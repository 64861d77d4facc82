/**
 * Where a run takes place: a cluster that is there, or one of its own, which it starts in a
 * temporary folder, and may harm.
 */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { CimError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Lifecycle } from '../base/process/lifecycle.ts';
import { ownProgram } from '../base/process/own-program.ts';
import type { VerifySettings } from '../config/settings.ts';
import { startCluster } from '../processes/cluster.ts';
import { TcpProxy } from '../processes/tcp-proxy.ts';
import { lookUpRoutes } from '../registry/visit-registry.ts';
import { FaultInjector } from './fault-injector.ts';

export interface Stage {
  readonly routes: readonly string[] | (() => Promise<readonly string[]>);
  /** There if it may be harmed. */
  readonly injector?: FaultInjector;
  /** Leaves there what tells how it came to this, and says where that is. */
  readonly keepEvidence?: (evidence: unknown) => string;
}

export interface StageOptions {
  readonly settings: VerifySettings;
  readonly log: Logger;
  readonly onProblem: (problem: string) => void;
  /** Gets a step for everything that is started. */
  readonly lifecycle: Lifecycle;
}

/** Short, so that an end of ZooKeeper's sessions is part of a run of minutes. */
const zookeeperSessionMs = 4_000;

/** Whether this run starts a cluster. */
export function hasOwnCluster({ route, zk }: VerifySettings): boolean {
  return route === undefined && zk === undefined;
}

/** Rejects with `usage` if it is asked to harm what is not its own, `unavailable` if a part is. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { settings, log } = options;
  const { route = [], zk, zkAuth } = settings;
  if (hasOwnCluster(settings)) return openOwnStage(options);
  if (settings.faults)
    throw new CimError(
      'usage',
      '--faults: only a cluster that it has started itself is harmed: leave --route and --zk out',
    );
  if (zk === undefined) return { routes: route };
  return { routes: () => lookUpRoutes({ zookeeper: zk, auth: zkAuth }, log) };
}

async function openOwnStage({ settings, onProblem, lifecycle }: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'cim-verify-'));
  let isKept = false;
  lifecycle.onStop('folder', () => {
    if (!isKept) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  const { servers, routes } = settings;
  const onStop = lifecycle.onStop.bind(lifecycle);
  const cluster = await startCluster({
    ...{ folder, servers, routes, onProblem, onStop },
    cim: ownProgram(),
    roleArgs: ['--zk-session-timeout-ms', `${zookeeperSessionMs}`],
    logLevel: 'info',
    appendfsync: 'always',
    front: async (port) => {
      const proxy = new TcpProxy(port);
      await proxy.listen();
      onStop('network', () => proxy.stop());
      return proxy;
    },
  });
  const faultsLog = join(folder, 'faults.log');
  const injector = new FaultInjector({
    cluster,
    clock: systemClock,
    onChange: (what) => appendFileSync(faultsLog, `${new Date().toISOString()} ${what}\n`),
    onProblem,
  });
  return {
    routes: cluster.routeUrls,
    injector,
    keepEvidence: (evidence) => {
      isKept = true;
      appendFileSync(join(folder, 'broken.json'), JSON.stringify(evidence, undefined, 2));
      return folder;
    },
  };
}

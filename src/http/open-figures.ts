/** What operators are told in numbers (metrics.ts), as a role's settings have it. */
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { HostPort } from '../base/network/host-port.ts';
import type { TlsPort } from '../base/network/tls.ts';
import type { Counters } from '../base/process/counters.ts';
import type { Lifecycle } from '../base/process/lifecycle.ts';
import { measureProcess } from '../base/process/process-metrics.ts';
import { version } from '../base/process/version.ts';
import { Vitals } from '../base/process/vitals.ts';
import { figuresOfAll, isWorker } from '../base/process/worker-channel.ts';
import { descriptorLimit } from '../limits/descriptors.ts';
import { buildHttpApp } from './app.ts';
import {
  type Figures,
  familiesOf,
  type MetricsAccess,
  type MetricsSource,
  metricsEndpoint,
} from './metrics.ts';
import type { RoleIdentity } from './status.ts';

export interface FiguresOptions<Role extends string> {
  /** Counters of each role that the process has. */
  readonly roles: Readonly<Record<Role, Counters>>;
  readonly clock: Clock;
  readonly settings: {
    readonly host: string;
    readonly metrics: MetricsAccess;
    readonly metricsPort?: number | undefined;
  };
  readonly tls: TlsPort | undefined;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

export interface OpenFigures<Role extends string> {
  /** What the port of a role tells, given who that is. */
  readonly of: (role: Role, identity: RoleIdentity) => Figures;
  /** Of /metrics alone, if there is to be one. */
  readonly port: HostPort | undefined;
}

/** Measures from now on. Rejects with `port-taken`. */
export async function openFigures<Role extends string>(
  options: FiguresOptions<Role>,
): Promise<OpenFigures<Role>> {
  const { roles, settings, clock, lifecycle } = options;
  const process = measureProcess();
  const descriptors = descriptorLimit();
  process.counters.gauge(
    'process_max_fds',
    'files, sockets and pipes that may be open',
    () => descriptors,
  );
  lifecycle.onStop('figures of the process', () => process.stop());
  const vitals = new Map(
    Object.entries<Counters>(roles).map(([role, counters]) => {
      const families = () => [...process.counters.families(), ...counters.families()];
      return [role, new Vitals({ families, counters: () => counters.list(), clock })];
    }),
  );
  lifecycle.onStop('figures of the last hour', async () => {
    for (const each of vitals.values()) each.stop();
  });
  const source = figuresOfAll(() => familiesOf(process, roles));
  return {
    of: (role, identity) => ({
      counters: [roles[role], process.counters],
      source,
      access: settings.metrics,
      status: { ...identity, vitals: vitals.get(role) as Vitals },
    }),
    port: await openPort(source, options),
  };
}

/** Workers share it: each tells the figures of all. */
async function openPort(
  source: MetricsSource,
  { settings: { host, metricsPort }, tls, log, lifecycle }: FiguresOptions<string>,
): Promise<HostPort | undefined> {
  if (metricsPort === undefined) return undefined;
  const app = buildHttpApp({
    title: 'cim metrics',
    version,
    log,
    tls,
    endpoints: [metricsEndpoint(source, 'open')],
    proofs: { clusterKeys: () => [] },
  });
  lifecycle.onStop('port for figures', () => app.close());
  const address = { host, port: metricsPort, option: '--metrics-port', isShared: isWorker() };
  return app.listen(address);
}

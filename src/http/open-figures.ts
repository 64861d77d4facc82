/** What operators are told in numbers (metrics.ts), as a role's settings have it. */
import type { Logger } from '../base/log.ts';
import type { HostPort } from '../base/network/host-port.ts';
import type { TlsPort } from '../base/network/tls.ts';
import type { Counters } from '../base/process/counters.ts';
import type { Lifecycle } from '../base/process/lifecycle.ts';
import { measureProcess } from '../base/process/process-metrics.ts';
import { version } from '../base/process/version.ts';
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

export interface FiguresOptions {
  /** Counters of each role that the process has. */
  readonly roles: Readonly<Record<string, Counters>>;
  readonly settings: {
    readonly host: string;
    readonly metrics: MetricsAccess;
    readonly metricsPort?: number | undefined;
  };
  readonly tls: TlsPort | undefined;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

export interface OpenFigures {
  /** What the port of a role tells. */
  readonly of: (counters: Counters) => Figures;
  /** Of /metrics alone, if there is to be one. */
  readonly port: HostPort | undefined;
}

/** Measures from now on. Rejects with `port-taken`. */
export async function openFigures(options: FiguresOptions): Promise<OpenFigures> {
  const { roles, settings, lifecycle } = options;
  const process = measureProcess();
  const descriptors = descriptorLimit();
  process.counters.gauge(
    'process_max_fds',
    'files, sockets and pipes that may be open',
    () => descriptors,
  );
  lifecycle.onStop('figures of the process', () => process.stop());
  const source = figuresOfAll(() => familiesOf(process, roles));
  return {
    of: (counters) => ({
      counters: [counters, process.counters],
      source,
      access: settings.metrics,
    }),
    port: await openPort(source, options),
  };
}

/** Workers share it: each tells the figures of all. */
async function openPort(
  source: MetricsSource,
  { settings: { host, metricsPort }, tls, log, lifecycle }: FiguresOptions,
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

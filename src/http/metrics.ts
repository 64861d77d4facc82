/**
 * GET /metrics: what a role counts and measures, as Prometheus reads it (its text format, version
 * 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
import {
  type Counters,
  labelled,
  type MetricFamily,
  mergeFamilies,
  type Sample,
} from '../base/process/counters.ts';
import type { ProcessMetrics } from '../base/process/process-metrics.ts';
import { anyone } from './access.ts';
import { countersEndpoint } from './counters.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { type RoleSource, statusEndpoints } from './status.ts';

/** Who is told: those who bear the cluster secret, or whoever reaches the port. */
export type MetricsAccess = 'secret' | 'open';

/** What /metrics tells, as it is now. */
export type MetricsSource = () => Promise<readonly MetricFamily[]>;

/** Of the process once, and of each role in it. */
export function familiesOf(
  process: ProcessMetrics,
  roles: Readonly<Record<string, Counters>>,
): MetricFamily[] {
  const ofRoles = Object.entries(roles).flatMap(([role, counters]) =>
    labelled(counters.families(), { role }),
  );
  return mergeFamilies([...process.counters.families(), ...ofRoles]);
}

/** What operators are told in numbers, by a port. */
export interface Figures {
  /** Of the port's role, and of the process. */
  readonly counters: readonly Counters[];
  readonly source: MetricsSource;
  readonly access: MetricsAccess;
  readonly status: RoleSource;
}

export function figureEndpoints({
  counters,
  source,
  access,
  status,
}: Figures): readonly Endpoint[] {
  return [countersEndpoint(counters), metricsEndpoint(source, access), ...statusEndpoints(status)];
}

export function metricsEndpoint(source: MetricsSource, access: MetricsAccess): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/metrics',
    summary: 'What it counts and measures, for Prometheus',
    access: access === 'open' ? anyone : { who: 'operators' },
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    answer: { type: 'string' },
    handle: async () => textOf(await source()),
  });
}

/** One family after the other: its help, its type, and a line for each sample. */
export function textOf(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) lines.push(lineOf(name, sample));
  }
  return `${lines.join('\n')}\n`;
}

function lineOf(name: string, { suffix, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  const braced = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `${name}${suffix ?? ''}${braced} ${value}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

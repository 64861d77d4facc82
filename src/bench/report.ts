/** What a bench has come to: figures, and their form for people. Pure. */
import { align } from '../base/text/align.ts';
import type { Pattern } from './order.ts';
import type { Tally } from './tally.ts';

export interface Subject {
  readonly pattern: Pattern;
  readonly clients: number;
  readonly devices: number;
  readonly inFlight: number;
  readonly bytes: number;
  readonly perSecond: number | undefined;
}

/** What was measured in some time. */
export interface Stretch {
  readonly seconds: number;
  readonly tally: Tally;
  readonly system: readonly ProcessUse[];
  /** Cores that each process of the load kept busy. */
  readonly load: readonly number[];
  readonly machineShare: number;
}

export interface ProcessUse {
  readonly name: string;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  /** Since before the first connection. */
  readonly grownBytes: number;
}

export interface Figures {
  readonly seconds: number;
  readonly sentPerSecond: number;
  readonly acknowledgedPerSecond: number;
  readonly shownPerSecond: number;
  readonly lost: number;
  readonly behind: number;
  readonly again: number;
  readonly problems: Readonly<Record<string, number>>;
  /** From when it was due until it was shown (of logins: until the server said welcome). */
  readonly latencyMs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number>>;
  readonly system: readonly {
    readonly name: string;
    readonly cores: number;
    /** Per message shown, or login. */
    readonly cpuUs: number;
    readonly rssMegabytes: number;
    readonly rssPerConnectionKilobytes: number;
  }[];
  readonly loadCores: readonly number[];
}

export interface SearchStep {
  readonly perSecond: number;
  readonly held: boolean;
  /** Why it has not held. */
  readonly breach: string | undefined;
  readonly figures: Figures;
}

export interface SearchOutcome {
  readonly maxPerSecond: number;
  readonly p99MsMax: number;
  /** What was saturated in the lowest step that broke; undefined: none had, when it was ended. */
  readonly saturated: string | undefined;
  readonly steps: readonly SearchStep[];
}

export interface BenchReport {
  readonly subject: Subject;
  readonly connections: number;
  readonly figures: Figures;
  readonly search?: SearchOutcome;
}

export function figuresOf({ seconds, tally, system, load }: Stretch, connections: number): Figures {
  const { begun, done, shown, lost, behind, again } = tally.counts;
  const perSecond = (count: number) => round(count / seconds);
  return {
    seconds: round(seconds),
    sentPerSecond: perSecond(begun),
    acknowledgedPerSecond: perSecond(done),
    shownPerSecond: perSecond(shown),
    lost,
    behind,
    again,
    problems: tally.problems,
    latencyMs: {
      p50: tally.latencies.percentile(50),
      p90: tally.latencies.percentile(90),
      p99: tally.latencies.percentile(99),
      p999: tally.latencies.percentile(99.9),
      max: tally.latencies.maxMs,
    },
    system: system.map(({ name, cpuSeconds, rssBytes, grownBytes }) => ({
      name,
      cores: round(cpuSeconds / seconds),
      cpuUs: shown === 0 ? 0 : round((cpuSeconds * 1e6) / shown),
      rssMegabytes: round(rssBytes / 1e6),
      rssPerConnectionKilobytes: round(grownBytes / 1e3 / Math.max(1, connections)),
    })),
    loadCores: load.map(round),
  };
}

/**
 * Why a step of a search has not held, for people; undefined: it has, in time, all of it, and nothing
 * was refused.
 */
export function breachOf(
  { latencyMs, sentPerSecond, problems, lost, behind, again }: Figures,
  asked: { readonly perSecond: number; readonly p99MsMax: number },
): string | undefined {
  const failed = Object.values(problems).reduce((sum, count) => sum + count, 0);
  if (failed > 0) return `${failed} failed`;
  if (lost > 0) return `${lost} lost`;
  if (behind > 0) return `fell behind ${behind} times`;
  if (again > 0) return `${again} to be sent again`;
  // What is due in the last moment is not begun yet.
  if (sentPerSecond < 0.97 * asked.perSecond) return `only ${sentPerSecond}/s could be begun`;
  return latencyMs.p99 > asked.p99MsMax ? 'too late' : undefined;
}

export function formatReport({ subject, connections, figures, search }: BenchReport): string {
  const lines = [describe(subject, connections), ...formatFigures(subject, figures)];
  if (search) {
    const { maxPerSecond, p99MsMax, saturated, steps } = search;
    lines.push(`most: ${maxPerSecond}/s with p99 within ${p99MsMax} ms`);
    for (const { perSecond, breach, figures: each } of steps) {
      const why = breach === undefined ? '' : `, too much: ${breach}`;
      lines.push(`  ${`${perSecond}/s`.padEnd(12)}p99 ${ms(each.latencyMs.p99)}${why}`);
    }
    lines.push(`what gave way first: ${saturated ?? 'nothing had, when it was ended'}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function describe({ pattern, inFlight, bytes, perSecond }: Subject, connections: number): string {
  const load = perSecond === undefined ? `${inFlight} in flight each` : `${perSecond}/s in all`;
  if (pattern === 'idle') return `idle: ${connections} connections`;
  if (pattern === 'login') return `login: ${connections} clients, ${load}`;
  return `${pattern}: ${connections} connections, ${load}, ${bytes} bytes`;
}

function formatFigures({ pattern }: Subject, figures: Figures): string[] {
  const { latencyMs, system, loadCores, problems } = figures;
  const rows: [string, string][] = [];
  if (pattern === 'login') rows.push(['logins', `${figures.shownPerSecond}/s`]);
  else if (pattern !== 'idle') {
    rows.push(['sent', `${figures.sentPerSecond}/s`]);
    if (pattern !== 'transient') rows.push(['stored', `${figures.acknowledgedPerSecond}/s`]);
    rows.push(['shown', `${figures.shownPerSecond}/s`]);
  }
  if (latencyMs.max > 0) {
    const { p50, p90, p99, p999, max } = latencyMs;
    const name = pattern === 'login' ? 'to welcome' : 'to shown';
    rows.push([
      name,
      `p50 ${ms(p50)}, p90 ${ms(p90)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(max)}`,
    ]);
  }
  if (figures.lost > 0) rows.push(['lost', `${figures.lost}, as transient messages may be`]);
  if (figures.behind > 0)
    rows.push(['fell behind', `${figures.behind} times: not all was pushed, and is not counted`]);
  if (figures.again > 0)
    rows.push(['to be sent again', `${figures.again}: a route was late with an earlier one`]);
  for (const [what, count] of Object.entries(problems)) rows.push(['failed', `${count}: ${what}`]);
  for (const { name, cores, cpuUs, rssMegabytes, rssPerConnectionKilobytes } of system) {
    if (rssMegabytes === 0) {
      rows.push([name, 'has ended']);
      continue;
    }
    const each = cpuUs > 0 ? `, ${cpuUs < 1_000 ? `${cpuUs} µs` : ms(cpuUs / 1_000)} each` : '';
    // With messages, most of what it has grown by is theirs.
    const grown = pattern === 'idle' ? `, ${rssPerConnectionKilobytes} KB per connection` : '';
    rows.push([name, `${percent(cores)} of a core${each}; ${rssMegabytes} MB${grown}`]);
  }
  const busy = loadCores.map(percent).join(', ');
  rows.push(['load', `${busy} of a core`]);
  return align(rows).map((line) => `  ${line}`);
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

function percent(cores: number): string {
  return `${Math.round(100 * cores)} %`;
}

/** To three digits, or whole. */
function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
